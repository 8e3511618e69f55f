"""Ledger of a fleet move: its state in the terminal, a page for people who decide, and a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from photonrig.clock import SYSTEM, Clock
from photonrig.files import replace
from photonrig.fleet.ledger import EXCEPTIONS, Entry, Ledger
from photonrig.fleet.waves import percentile
from photonrig.report.page import render
from photonrig.report.run import duration, rate

_SHOWN: Final = 10
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run
_HEAD: Final = (
    "device", "name", "from", "to", "product", "state", "began", "ended", "unowned ms", "proofs", "token", "reason",
)  # fmt: skip
_WIDTH, _HEIGHT = 720, 180  # of the plot, in pixels


def print_status(ledger: Ledger, console: Console, *, verbose: bool = False, clock: Clock = SYSTEM) -> None:
    """Print what needs a look, then how far the move is; ``verbose``: every device."""
    looked_at = [each for each in ledger.entries if verbose or (each.state in EXCEPTIONS and each.transfer.acts)]
    for each in looked_at[: None if verbose else _SHOWN]:
        line = f"{each.state}: {each.transfer.device}  {each.former} → {each.wanted}"
        console.print(Text(f"{line}{f': {each.reason}' if each.reason else ''}", style=_style(each)))
    if not verbose and len(looked_at) > _SHOWN:
        console.print(f"and {len(looked_at) - _SHOWN} more; --verbose names them all", highlight=False)
    open_now = [each.unowned_since for each in ledger.entries if each.unowned_since is not None]
    if open_now:
        longest = duration(clock.wall() - min(open_now))
        console.print(Text(f"unowned now: {len(open_now)}, the longest for {longest}", style="bold yellow"))
    if ledger.windows:
        console.print(f"unowned in between: {windows_text(ledger.windows)}", highlight=False)
    if ledger.holder is not None:
        console.print(Text(f"at work: {ledger.holder}"), soft_wrap=True)
    counts = ", ".join(f"{count} {state}" for state, count in ledger.counts.items())
    span = ledger.span
    took = ""
    if span is not None:
        seconds = (clock.wall() if ledger.holder else span.ended) - span.began
        speed = rate(ledger.counts.get("moved", 0), seconds)
        took = f", {speed}" if ledger.holder and speed else f", last change {_when(span.ended)}"
    console.print(Text(f"{counts}{took}", style="bold"))


def windows_text(windows: Sequence[float]) -> str:
    """Median, 99th percentile and maximum of ascending seconds."""
    shares = (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))
    return ", ".join(f"{name} {percentile(windows, share) * 1000:.1f} ms" for name, share in shares)


def write_ledger(ledger: Ledger, page: Path, table: Path) -> None:
    """Write the page and the CSV file (mode 0600: they name customers).

    :raises UsageError: a path cannot be written
    :raises RigError: the disk failed
    """
    exceptions = [each for each in ledger.entries if each.state in EXCEPTIONS or _unproved(each)]
    html = render(
        "fleet.html",
        ledger=ledger,
        exceptions=exceptions,
        back=[each for each in ledger.entries if each.state == "rolled back"],
        plot=_plot(ledger),
        proofs=_proofs,
        when=_when,
        windows=windows_text(ledger.windows) if ledger.windows else "",
        tokens=_tokens(ledger),
    )
    replace(page, html, private=True)
    out = io.StringIO()
    writer = csv.writer(out)
    head = (
        "device",
        "name",
        "from",
        "to",
        "product",
        "state",
        "began",
        "ended",
        "unowned ms",
        "proofs",
        "token",
        "reason",
    )
    writer.writerow(head)
    for each in ledger.entries:
        writer.writerow([_plain(value) for value in _row(each)])
    replace(table, out.getvalue(), private=True)


def _row(each: Entry) -> tuple[str, ...]:
    times = ("", "") if each.span is None else (_when(each.span.began), _when(each.span.ended))
    ms = f"{each.unowned * 1000:.1f}" if each.unowned else ""
    names = (each.transfer.device, each.transfer.name or "", each.former, each.wanted, str(each.transfer.ends_in or ""))
    return (*names, each.state, *times, ms, _proofs(each), each.token, each.reason)


def _plain(value: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _proofs(each: Entry) -> str:
    if each.verified is None:
        return "not verified" if each.state == "moved" else ""
    return f"{sum(proof.held for proof in each.verified.proofs)} of {len(each.verified.proofs)}"


def _unproved(each: Entry) -> bool:
    return each.state == "moved" and each.verified is not None and not each.verified.held


def _tokens(ledger: Ledger) -> dict[str, int]:
    """Customers by what became of their token."""
    found: dict[str, set[str]] = {}
    for each in ledger.entries:
        if each.token:
            found.setdefault(each.token, set()).add(each.wanted)
    return {token: len(customers) for token, customers in found.items()}


def _plot(ledger: Ledger) -> dict[str, Any] | None:
    """Dots of the unowned windows: when a device ended, and for how long it was unowned; None without one."""
    dots = [(each.span.ended, each) for each in ledger.entries if each.span is not None and each.unowned]
    if not dots or ledger.span is None:
        return None
    most, span = max(each.unowned for _, each in dots), max(ledger.span.ended - ledger.span.began, 1e-9)
    return {
        "width": _WIDTH,
        "height": _HEIGHT,
        "most": most,
        "seconds": span,
        "dots": [
            {
                "x": round((at - ledger.span.began) / span * _WIDTH, 1),
                "y": round(_HEIGHT - each.unowned / most * _HEIGHT, 1),
                "text": f"{each.transfer.device}: {each.unowned * 1000:.1f} ms",
                "back": each.state == "rolled back",
            }
            for at, each in dots
        ],
    }


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _style(each: Entry) -> str:
    return {"stuck": "bold red", "moved": "green", "rolled back": "yellow", "waiting": "yellow"}.get(each.state, "")
