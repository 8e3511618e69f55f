"""One self-contained HTML page for a run: no script, no file beside it, readable on a phone and in the dark."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from photonrig.report.run import Run, duration

__all__ = ["write_page"]


def write_page(run: Run, path: Path) -> None:
    """Write ``run`` to ``path`` as HTML."""
    environment = Environment(
        loader=PackageLoader("photonrig.report"),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    numbered = list(enumerate(run.steps, 1))
    chapters = [(name, list(steps)) for name, steps in groupby(numbered, key=lambda pair: pair[1].chapter)]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        environment.get_template("run.html").render(run=run, chapters=chapters, duration=duration), encoding="utf-8"
    )
