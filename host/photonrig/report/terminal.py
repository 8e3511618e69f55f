"""Terminal table of steps, while they run and at the end."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from photonrig.report.run import Run, duration
from photonrig.scenarios.story import StepResult, Verdict

STYLE: dict[Verdict, str] = {"held": "green", "failed": "bold red", "not run": "dim"}
_EVIDENCE_LINES = 3


def print_run(run: Run, console: Console) -> None:
    """Print the steps of ``run`` as a table with its facts and verdict; colour only if ``console`` is a terminal."""
    for label, text in run.facts:
        console.print(Text(f"{label:>18}  {text}"), soft_wrap=True)
    console.print()
    console.print(Text(run.title, style="bold"))
    for chapter, steps in groupby(enumerate(run.steps, 1), key=lambda numbered: numbered[1].chapter):
        console.print()
        console.print(Text(chapter, style="bold"))
        console.print(_table(steps))
    counts = f"{run.count('held')} held, {run.count('failed')} failed, {run.count('not run')} not run"
    style = "bold green" if run.held else "bold red"
    console.print(Text(f"{counts} in {duration(run.seconds)}", style=style))


def _table(steps: Iterable[tuple[int, StepResult]]) -> Table:
    table = Table(expand=True, pad_edge=False, box=box.SIMPLE_HEAD)
    table.add_column("#", justify="right", width=2)
    table.add_column("step", ratio=3)
    table.add_column("expected", ratio=3)
    table.add_column("observed", ratio=4)
    table.add_column("evidence", ratio=4, no_wrap=True, overflow="ellipsis")
    table.add_column("time", justify="right", width=7)
    for number, step in steps:
        table.add_row(
            Text(str(number), style=STYLE[step.verdict]),
            Text(step.title),
            Text(step.expected, style="dim"),
            Text(_observed(step), style=STYLE[step.verdict]),
            Text(_first_lines(step), style="dim"),
            "" if step.verdict == "not run" else duration(step.seconds),
        )
    return table


def _observed(step: StepResult) -> str:
    if step.verdict == "not run":
        return "not run"
    return step.observed if step.cause is None else f"{step.observed} [cause: {step.cause}]"


def _first_lines(step: StepResult) -> str:
    # Evidence in short form; the page has all of it.
    lines = [f"{piece.lane}: {' '.join(piece.text.split())}" for piece in step.evidence]
    more = len(lines) - _EVIDENCE_LINES
    return "\n".join(lines if more <= 1 else [*lines[:_EVIDENCE_LINES], f"+ {more} more in the report"])
