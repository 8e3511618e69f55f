"""HTML pages: self-contained, readable without script, responsive, with dark mode."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from photonrig.history import all_runs, trend
from photonrig.report.compared import Compared, anchor, figure, place, sparkline
from photonrig.report.run import Run, duration

_SHOWN_RUNS = 200


def render(template: str, **values: Any) -> str:
    """Render a page from a template; texts are escaped."""
    environment = Environment(
        loader=PackageLoader("photonrig.report"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "anchor": anchor, "duration": duration, "figure": figure, "place": place, "sparkline": sparkline
    }  # fmt: skip
    return environment.get_template(template).render(**values)


def write_page(run: Run, path: Path, compared: Compared = Compared(), matrix: bool = False) -> None:  # noqa: B008
    """Write ``run`` to ``path`` as HTML; ``matrix``: the page of the permission matrix lies beside it."""
    numbered = list(enumerate(run.steps, 1))
    chapters = [(name, list(steps)) for name, steps in groupby(numbered, key=lambda pair: pair[1].chapter)]
    failed = [step for step in run.steps if step.verdict == "failed"]
    path.parent.mkdir(parents=True, exist_ok=True)
    page = render("run.html", run=run, chapters=chapters, failed=failed, compared=compared, matrix=matrix)
    path.write_text(page, encoding="utf-8")


def write_index(reports: Path) -> Path:
    """Write the index of all runs below ``reports``: ``index.html``; returns it."""
    runs = all_runs(reports)[:_SHOWN_RUNS]
    kinds = {kind: [record for other, _, record in reversed(runs) if other == kind] for kind, _, _ in runs}
    trends = {kind: trend(records[:-1], records[-1]) for kind, records in kinds.items()}
    path = reports / "index.html"
    path.write_text(render("index.html", runs=runs, trends_of=trends), encoding="utf-8")
    return path
