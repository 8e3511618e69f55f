"""What the benchmarks share: percentiles, and a table that is also written as JSON with ``--json FILE``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

Row = tuple[str, str, str]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 … 1) of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(rows: Sequence[Row]) -> None:
    """:func:`write`, for a benchmark that takes no other argument than ``--json``."""
    parser = argparse.ArgumentParser(description="a benchmark of photonrig")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    write(rows, parser.parse_args().json)


def write(rows: Sequence[Row], target: Path | None) -> None:
    """Print what, figure and bar; write the same as JSON where asked."""
    table = Table(box=None, pad_edge=False)
    for heading in ("what", "figure", "bar"):
        table.add_column(heading)
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    if target is not None:
        target.write_text(
            json.dumps([dict(zip(("what", "figure", "bar"), row, strict=True)) for row in rows], indent=2)
        )
