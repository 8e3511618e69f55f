"""Terminal and JSON reports of fleet moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from photonrig.clock import SYSTEM, Clock
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import MoveResult
from photonrig.particle.throttle import Throttle
from photonrig.report.fleet_ledger import windows_text
from photonrig.report.run import duration, rate

_SHOWN = 10
_EVERY = 10.0  # seconds between two lines outside a terminal


def _devices(count: int) -> str:
    return f"{count} device{'' if count == 1 else 's'}"


class FleetProgress:
    """A progress bar with rate and time left on a terminal; elsewhere one line a wave, and one every ten seconds."""

    def __init__(self, console: Console, what: str, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._console = console
        self._begun = self._said = self._clock.now()
        self._what, self._of = what, 0
        self._seen: set[str] = set()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(what, total=None, rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begins(self, devices: int) -> None:
        """The number of devices to move or check."""
        self._begun, self._of = self._clock.now(), devices
        self._bar.update(self._task, total=devices)

    def wave(self, number: int, of: int, devices: int) -> None:
        """A wave begins."""
        if self._console.is_terminal:
            self._bar.update(self._task, description=f"wave {number} of {of}")
        else:
            self._console.print(f"wave {number} of {of}: {_devices(devices)}", highlight=False)

    def settled(self, transfer: Transfer) -> None:
        """A device has an outcome, or was verified."""
        if transfer.outcome != "waiting" and transfer.device not in self._seen:
            self._seen.add(transfer.device)
            speed = rate(len(self._seen), self._clock.now() - self._begun)
            self._bar.update(self._task, advance=1, rate=speed)
            if not self._console.is_terminal and self._clock.now() - self._said >= _EVERY:
                self._said = self._clock.now()
                line = f"{self._what}: {len(self._seen)} of {_devices(self._of)}{speed and ', '}{speed}"
                self._console.print(line, highlight=False)


def print_result(result: MoveResult, throttle: Throttle, console: Console, *, done: str, verbose: bool = False) -> None:
    """Print what needs a look, unowned times, and the counts as the last line; ``done``: where devices are now."""
    arrived, windows = result.with_outcome("done"), result.windows
    there = len(result.already) + len(arrived)
    if not result.transfers:
        console.print(f"no changes: {_devices(there)} {done} already" if there else "no changes: no device to move")
        return
    most = len(result.transfers) if verbose else _SHOWN
    for each in arrived if verbose else ():
        console.print(Text(f"  {each.device} {done}, unowned for {each.unowned * 1000:.1f} ms", style="green"))
    for outcome, style, words in (
        ("undone", "yellow", "as it was found"),
        ("waiting", "yellow", "waits"),
        ("stuck", "bold red", "needs a person"),
    ):
        found = result.with_outcome(outcome)
        for each in found[:most]:
            console.print(Text(f"  {each.device} {words}: {each.reason}", style=style))
        if len(found) > most:
            console.print(f"  and {len(found) - most} more {outcome}; --verbose names them all", highlight=False)
    if any(windows):
        console.print(f"unowned during transfer: {windows_text(windows)}", highlight=False)
    if verbose:
        console.print(f"{throttle.calls} calls, {throttle.tokens} token requests", highlight=False)
    if result.stopped:
        console.print(Text(f"stopped: {result.stopped}", style="bold red"))
    text = f"{_devices(there)} {done}"
    if arrived:
        text += f"; {len(arrived)} of them moved now," if result.already else ""
        text += f" in {duration(result.seconds)}"
        text += f", {speed}" if (speed := rate(len(arrived), result.seconds)) else ""
    counts = ((result.with_outcome(outcome), outcome) for outcome in ("undone", "waiting", "stuck"))
    others = [f"{len(found)} {outcome}" for found, outcome in counts if found]
    others += [f"{len(result.left)} not begun"] if result.left else []
    console.print(Text(", ".join([text, *others]), style="green" if result.complete else "bold yellow"))


def records_json(records: Sequence[Transfer]) -> dict[str, Any]:
    """The verification as JSON: counts, and each device with its proofs."""
    return {
        "devices": len(records),
        "held": sum(record.held for record in records),
        "records": [{"device": record.device} | msgspec.to_builtins(record.verified) for record in records],
    }


def print_records(records: Sequence[Transfer], console: Console, *, verbose: bool = False) -> None:
    """Print which devices are not where they should be, and how many are verified as the last line."""
    if not records:
        console.print("no device to look at: the plan does nothing")
        return
    seen = {each.device: each.verified for each in records if each.verified is not None}
    failed = {device: verified for device, verified in seen.items() if not verified.held}
    wrong = {device: verified.proofs for device, verified in failed.items() if not verified.as_found}
    most = len(seen) if verbose else _SHOWN
    for device, verified in seen.items() if verbose else ():
        if verified.held:
            console.print(Text(f"  {device}: {len(verified.proofs)} proofs", style="green"))
    for device, proofs in list(wrong.items())[:most]:
        text = "; ".join(f"{proof.name}: {proof.text}" for proof in proofs if not proof.held)
        console.print(Text(f"  {device}: {text}", style="red"), soft_wrap=True)
    if len(wrong) > most:
        console.print(f"  and {len(wrong) - most} more; --verbose names them all", highlight=False)
    if before := len(failed) - len(wrong):
        console.print(
            f"{before} of the others are as the plan found them: not moved yet, or rolled back", highlight=False
        )
    console.print(
        Text(
            f"{len(seen) - len(failed)} of {_devices(len(seen))} are where they should be, "
            f"by {sum(len(verified.proofs) for verified in seen.values())} proofs",
            style="bold red" if failed else "green",
        )
    )
