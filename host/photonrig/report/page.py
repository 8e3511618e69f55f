"""HTML page of a run: self-contained, no script, responsive, with dark mode."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from photonrig.report.run import Run, duration


def render(template: str, **values: Any) -> str:
    """Render a page from a template; texts are escaped."""
    environment = Environment(
        loader=PackageLoader("photonrig.report"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**values)


def write_page(run: Run, path: Path) -> None:
    """Write ``run`` to ``path`` as HTML."""
    numbered = list(enumerate(run.steps, 1))
    chapters = [(name, list(steps)) for name, steps in groupby(numbered, key=lambda pair: pair[1].chapter)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render("run.html", run=run, chapters=chapters, duration=duration), encoding="utf-8")
