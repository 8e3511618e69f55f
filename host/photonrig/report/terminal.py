"""The table a person sees while steps run and when they are done."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from photonrig.ownership.steps import StepResult, Verdict
from photonrig.report.run import Run

__all__ = ["print_run"]

_STYLE: dict[Verdict, str] = {"held": "green", "failed": "bold red", "not run": "dim"}
_EVIDENCE_LINES = 3


def print_run(run: Run, console: Console) -> None:
    """Print the steps of ``run`` as a table with its facts and verdict; colour only if ``console`` is a terminal."""
    for label, text in run.facts:
        console.print(Text(f"{label:>18}  {text}"), soft_wrap=True)
    table = Table(show_lines=False, expand=True, pad_edge=False, title=run.title, title_justify="left")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("step", ratio=3)
    table.add_column("expected", ratio=3)
    table.add_column("observed", ratio=4)
    table.add_column("evidence", ratio=4, no_wrap=True, overflow="ellipsis")
    table.add_column("s", justify="right", no_wrap=True)
    chapter = None
    for number, step in enumerate(run.steps, 1):
        if step.chapter != chapter:
            chapter = step.chapter
            table.add_section()
            table.add_row("", Text(chapter, style="bold"))
        table.add_row(
            Text(str(number), style=_STYLE[step.verdict]),
            Text(step.title),
            Text(step.expected, style="dim"),
            Text(_observed(step), style=_STYLE[step.verdict]),
            Text(_first_lines(step), style="dim"),
            f"{step.seconds:.2f}",
        )
    console.print(table)
    counts = f"{run.count('held')} held, {run.count('failed')} failed, {run.count('not run')} not run"
    style = "bold green" if run.held else "bold red"
    console.print(Text(f"{counts} in {run.seconds:.1f} s", style=style))


def _observed(step: StepResult) -> str:
    if step.verdict == "not run":
        return "not run"
    return step.observed if step.cause is None else f"{step.observed} [cause: {step.cause}]"


def _first_lines(step: StepResult) -> str:
    # The page has all of it; here it is what a person needs to believe the line.
    lines = [f"{piece.kind}: {' '.join(piece.text.split())}" for piece in step.evidence]
    more = len(lines) - _EVIDENCE_LINES
    return "\n".join(lines if more <= 1 else [*lines[:_EVIDENCE_LINES], f"+ {more} more in the report"])
