"""Doctor report: a line per part while it works, and a final table."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from photonrig.bench.doctor import Check, Verdict
from photonrig.report.run import duration

_STYLE: dict[Verdict, str] = {"proved": "green", "failed": "bold red", "not wired": "dim", "not tried": "yellow"}


def print_check(check: Check, console: Console) -> None:
    """Print one part in a line."""
    console.print(
        Text(f"{check.verdict:>9}  slot {check.slot}  {check.part}", style=_STYLE[check.verdict]), soft_wrap=True
    )


def print_checks(checks: Sequence[Check], console: Console) -> None:
    """Print all parts with what was seen."""
    table = Table(pad_edge=False, box=box.SIMPLE_HEAD)
    for heading in ("slot", "part", "verdict", "seen"):
        table.add_column(heading, overflow="fold")
    table.add_column("time", justify="right")
    for check in checks:
        table.add_row(
            check.slot,
            check.part,
            Text(check.verdict, style=_STYLE[check.verdict]),
            Text(check.seen),
            duration(check.seconds) if check.seconds else "",
        )
    console.print(table)
