"""Reports of ``photonrig claims``: everything that was done and seen, as pages, JUnit XML, JSON and terminal text.

index.html, junit.xml   everything that was done and seen
matrix.html, .json      permissions, cell by cell
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from photonrig.history import Record
from photonrig.report.compared import Compared, anchor
from photonrig.report.forum_2016 import print_forum
from photonrig.report.junit import add_changes, write_junit
from photonrig.report.matrix import MatrixRun, matrix_json, print_matrix, write_matrix
from photonrig.report.page import write_page
from photonrig.report.run import Run, run_json
from photonrig.report.terminal import Finding, print_run
from photonrig.scenarios.forum_2016 import RowResult
from photonrig.scenarios.matrix_cells import FAMILIES, SOURCES, TOKENS
from photonrig.scenarios.story import StepResult, Verdict
from photonrig.trace import Moment


@dataclass(frozen=True, slots=True)
class ClaimsRun:
    """One run: steps of story and flows, rows of the forum thread, and the matrix if it was asked."""

    run: Run
    rows: Sequence[RowResult]
    matrix: MatrixRun | None

    @property
    def everything(self) -> Run:
        """The run with rows and blocks of the matrix as steps."""
        rows = [
            StepResult(
                "Forum thread of 2016, row by row",
                f"Row {each.row.number}, {each.row.era}: {each.row.who}: {each.row.asked}",
                each.row.happened,
                f"{each.verdict}: {each.evidence}",
                (),
                each.seconds,
                "failed" if each.failed else "held",
                "test" if each.failed else None,
                f"thread / row {each.row.number}",
            )
            for each in self.rows
        ]
        return replace(self.run, steps=[*self.run.steps, *rows, *_blocks(self.matrix)])

    @property
    def cases(self) -> dict[str, str]:
        """Outcome by case, as records keep it."""
        cases = {step.key: str(step.verdict) for step in self.run.steps}
        cases |= {f"thread / row {each.row.number}": str(each.verdict) for each in self.rows}
        asked = [] if self.matrix is None else self.matrix.observations
        return cases | {f"matrix / {each.cell.key}": each.outcome for each in asked}

    @property
    def failed(self) -> int:
        """Number of cases that failed."""
        cells = 0 if self.matrix is None else len(self.matrix.differing)
        return self.run.count("failed") + sum(each.failed for each in self.rows) + cells

    def findings(self, folder: Path) -> list[Finding]:
        """What failed, for the terminal; ``folder`` holds the pages."""
        found = [
            Finding(
                step.title,
                {"cause": str(step.cause), "expected": step.expected, "seen": step.observed},
                f"{folder / 'index.html'}#{anchor(step.key)}",
            )
            for step in replace(self, matrix=None).everything.steps
            if step.verdict == "failed"
        ]
        return found + [
            Finding(
                each.cell.key,
                {
                    "asked": f"{FAMILIES[each.cell.family]} by {TOKENS[each.cell.token]}",
                    "expected": f"{each.cell.expected.outcome} ({SOURCES[each.cell.expected.source]})",
                    "seen": each.text if each.text.startswith(each.outcome) else f"{each.outcome}: {each.text}",
                },
                f"{folder / 'matrix.html'}#{anchor(f'matrix / {each.cell.key}')}",
            )
            for each in ([] if self.matrix is None else self.matrix.differing)
        ]


def _blocks(matrix: MatrixRun | None) -> Iterator[StepResult]:
    for era, state, columns, lines in () if matrix is None else matrix.blocks():
        asked = [each for _, row in lines for each in row.values()]
        wrong = [each for each in asked if each.differs]
        verdict: Verdict = "failed" if wrong else "held"
        summary = f"{len(asked)} cells, {len(wrong)} not as expected"
        evidence = tuple(
            Moment(0.0, "http", f"{each.cell.key}: {each.outcome}, expected {each.cell.expected.outcome}: {each.text}")
            for each in wrong
        )
        title = f"{era}: {state}, {len(lines)} requests by {len(columns)} tokens"
        yield StepResult(
            "Permission matrix", title, "every cell as the table says", summary, evidence, 0.0, verdict,
            "test" if wrong else None, f"block {era} {state}",
        )  # fmt: skip


def write_claims(done: ClaimsRun, folder: Path, compared: Compared) -> list[Path]:
    """Write the reports into ``folder``; returns them."""
    run, page, junit = done.everything, folder / "index.html", folder / "junit.xml"
    written = [] if done.matrix is None else [*write_matrix(done.matrix, folder, compared)]
    write_page(run, page, compared, matrix=done.matrix is not None)
    write_junit(run, junit)
    add_changes(compared, junit)
    return [page, junit, *written]


def print_claims(done: ClaimsRun, console: Console) -> None:
    """Print everything: steps, rows and tables."""
    if done.run.steps:
        print_run(done.run, console)
    if done.rows:
        print_forum(done.rows, console)
    if done.matrix is not None:
        print_matrix(done.matrix, console)


def claims_json(done: ClaimsRun, record: Record, compared: Compared, written: Sequence[Path]) -> dict[str, Any]:
    """The run as one JSON object."""
    return run_json(done.everything) | {
        "held": record.held,
        "since": compared.since or None,
        "changes": [{"case": each.key, "before": each.before, "now": each.now} for each in compared.changes],
        "matrix": None if done.matrix is None else matrix_json(done.matrix),
        "reports": [str(path) for path in written],
    }
