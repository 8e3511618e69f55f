"""Permission matrix as terminal tables, HTML page and JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from photonrig.history import NOT_RUN
from photonrig.report.compared import Compared
from photonrig.report.page import render
from photonrig.scenarios.matrix import Observation
from photonrig.scenarios.matrix_cells import FAMILIES, SOURCES, TOKENS

# Outcomes that grant something; the others are refusals, or lists and streams without the device.
YES: Final = frozenset({"200", "201", "204", "listed", "hears"})

# As a terminal's table shows them: the longest family and eleven tokens fit into 80 columns.
_SHORT: Final = {"listed": "yes", "hears": "yes", "missing": "no", "silent": "no"}


@dataclass(frozen=True, slots=True)
class MatrixRun:
    """All observations of one target."""

    target: str
    started: datetime
    seconds: float
    observations: Sequence[Observation]

    @property
    def differing(self) -> list[Observation]:
        """Cells that differ from their expectation."""
        return [each for each in self.observations if each.differs]

    def summary(self) -> str:
        """Counts, in one line."""
        run = sum(each.outcome != NOT_RUN for each in self.observations)
        text = f"{run} cells asked, {len(self.differing)} not as expected"
        if run != len(self.observations):
            text += f", {len(self.observations) - run} not run"
        return text

    def blocks(self) -> list[tuple[str, str, list[str], list[tuple[str, dict[str, Observation]]]]]:
        """Per era and state: the tokens, and per family the outcome of each."""
        found = []
        for (era, state), group in groupby(self.observations, key=lambda each: (each.cell.era, each.cell.state)):
            rows: dict[str, dict[str, Observation]] = {}
            for each in group:
                rows.setdefault(each.cell.family, {})[each.cell.token] = each
            columns = [token for token in TOKENS if any(token in row for row in rows.values())]
            found.append((era, state, columns, sorted(rows.items(), key=lambda row: list(FAMILIES).index(row[0]))))
        return found


def print_matrix(run: MatrixRun, console: Console) -> None:
    """Print the legend and every block; colour only on a terminal."""
    console.print()
    for token, meaning in TOKENS.items():
        console.print(Text(f"{token:2}  {meaning}"))
    console.print("Lists and streams: whether they name the device. ! differs from its expectation, · not run.")
    for era, state, columns, rows in run.blocks():
        console.print()
        console.print(Text(f"{era}: {state}", style="bold"))
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
        table.add_column("", no_wrap=True)
        for column in columns:
            table.add_column(column)
        for family, row in rows:
            table.add_row(family, *(_cell(row.get(column)) for column in columns))
        console.print(table)


def _cell(each: Observation | None) -> Text:
    if each is None:
        return Text("")
    if each.outcome == NOT_RUN:
        return Text("·", style="dim")
    outcome = _SHORT.get(each.outcome, each.outcome)
    if each.differs:
        return Text(f"{outcome}!", style="bold red")
    return Text(outcome, style="green" if each.outcome in YES else "dim")


def write_matrix(run: MatrixRun, folder: Path, compared: Compared) -> tuple[Path, Path]:
    """Write ``matrix.html`` and ``matrix.json``; returns both."""
    folder.mkdir(parents=True, exist_ok=True)
    page, data = folder / "matrix.html", folder / "matrix.json"
    own = replace(compared, changes=[each for each in compared.changes if each.key.startswith("matrix / ")])
    page.write_text(
        render("matrix.html", run=run, families=FAMILIES, tokens=TOKENS, sources=SOURCES, compared=own, yes=YES),
        encoding="utf-8",
    )
    data.write_text(json.dumps(matrix_json(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return page, data


def matrix_json(run: MatrixRun) -> dict[str, Any]:
    """All observations as JSON: expected and observed per cell."""
    return {
        "target": run.target,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "summary": run.summary(),
        "cells": [
            {
                "era": each.cell.era,
                "state": each.cell.state,
                "family": each.cell.family,
                "request": str(FAMILIES[each.cell.family]),
                "token": each.cell.token,
                "expected": each.cell.expected.outcome,
                "source": SOURCES[each.cell.expected.source],
                "observed": each.outcome,
                "answer": each.text,
                "at": each.at,
            }
            for each in run.observations
        ],
    }
