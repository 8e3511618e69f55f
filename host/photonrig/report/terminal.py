"""A run in the terminal: what failed and changed, the verdict, and on request every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from photonrig.history import Record
from photonrig.report.compared import Compared, last_line
from photonrig.report.run import Run, duration
from photonrig.scenarios.story import StepResult, Verdict
from photonrig.trace import printable

STYLE: dict[Verdict, str] = {"held": "green", "failed": "bold red", "not run": "dim"}
_SHOWN = 20  # failures, changes, and slower cases
_EVIDENCE_LINES = 3
_EVIDENCE_WIDTH = 64  # what a terminal of 80 columns shows on one line


def print_run(run: Run, console: Console) -> None:
    """Print the steps of ``run`` with its facts; colour only if ``console`` is a terminal."""
    for label, text in run.facts:
        console.print(Text(f"{label:>18}  {text}"), soft_wrap=True)
    console.print()
    console.print(Text(run.title, style="bold"))
    for chapter, steps in groupby(enumerate(run.steps, 1), key=lambda numbered: numbered[1].chapter):
        console.print()
        console.print(Text(chapter, style="bold"))
        for number, step in steps:
            took = "" if step.verdict == "not run" else duration(step.seconds)
            entry(
                console,
                f"{number:>2}  {step.title}  {took}",
                STYLE[step.verdict],
                {"expected": step.expected, "observed": _observed(step), "evidence": _first_lines(step)},
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure as the terminal shows it: title, parts such as cause, expected and seen, and the evidence's address.

    ``logs``: the folder with what each interface saw, if there is one.
    """

    title: str
    parts: Mapping[str, str]
    evidence: str
    logs: str = ""


def print_findings(findings: Sequence[Finding], compared: Compared, console: Console) -> None:
    """Print what failed, then what changed, then what became slower; nothing else of what held."""
    for finding in findings[:_SHOWN]:
        entry(console, f"failed: {finding.title}", "bold red", finding.parts)
        for place in filter(None, (finding.evidence, finding.logs)):
            console.print(Text(f"    {place}", style="dim"), soft_wrap=True)  # unfolded, to be opened
    for change in compared.changes[:_SHOWN]:
        console.print(Text(f"changed: {printable(str(change))}", style="bold yellow"))
    for each in compared.slower[:_SHOWN]:
        took = f"{duration(each.before)} → {duration(each.now)}"
        console.print(Text(f"slower: {printable(each.key)}: {took}", style="yellow"))
    more = sum(max(len(each) - _SHOWN, 0) for each in (findings, compared.changes, compared.slower))
    if more:
        console.print(f"and {more} more in the report", highlight=False)


def print_verdict(record: Record, since: str, pages: Sequence[Path], console: Console) -> None:
    """Print where the reports are, and the verdict as the last line."""
    console.print(Text(f"report: {', '.join(map(str, pages))}"), soft_wrap=True)
    console.print(Text(last_line(record, since), style="bold green" if record.held else "bold red"), soft_wrap=True)


def entry(console: Console, title: str, style: str, parts: Mapping[str, str]) -> None:
    """Print a title and below it the parts that are not empty, each wrapped beside its name."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(width=9, style="dim")
    grid.add_column(overflow="fold")
    for name, text in parts.items():
        if text:
            grid.add_row(name, Text(text))
    console.print(Text(title.rstrip(), style=style))
    console.print(Padding(grid, (0, 0, 0, 4)))


def _observed(step: StepResult) -> str:
    if step.verdict == "not run":
        return "not run"
    return step.observed if step.cause is None else f"{step.observed} [cause: {step.cause}]"


def _first_lines(step: StepResult) -> str:
    # Evidence in short form; the page has all of it.
    texts = [f"{piece.lane}: {' '.join(piece.text.split())}" for piece in step.evidence]
    lines = [text if len(text) <= _EVIDENCE_WIDTH else f"{text[: _EVIDENCE_WIDTH - 1]}…" for text in texts]
    more = len(lines) - _EVIDENCE_LINES
    return "\n".join(lines if more <= 1 else [*lines[:_EVIDENCE_LINES], f"+ {more} more in the report"])
