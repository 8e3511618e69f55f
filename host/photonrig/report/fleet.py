"""Terminal and JSON reports of fleet moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import msgspec
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from photonrig.clock import SYSTEM, Clock
from photonrig.fleet.difference import Difference
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.transfer import ACTS, Transfer
from photonrig.fleet.waves import MoveResult, percentile
from photonrig.particle.throttle import Throttle
from photonrig.report.run import duration, rate

_SHOWN = 10


def _devices(count: int) -> str:
    return f"{count} device{'' if count == 1 else 's'}"


class FleetProgress:
    """A progress bar with rate and time left on a terminal; elsewhere one line a wave."""

    def __init__(self, console: Console, what: str, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._console = console
        self._begun = self._clock.now()
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
        self._begun = self._clock.now()
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
            self._bar.update(self._task, advance=1, rate=rate(len(self._seen), self._clock.now() - self._begun))


def print_plan(plan: FleetPlan, console: Console) -> None:
    """Print the plan in numbers, and each device without an action."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("verdict")
    table.add_column("devices", justify="right")
    table.add_column("then")
    for verdict, count in plan.totals.items():
        acts = verdict in ACTS
        style = "green" if acts or verdict == "already right" else "yellow"
        table.add_row(
            Text(verdict, style=style), str(count), "" if verdict == "already right" else "done" if acts else "left"
        )
    console.print(table)
    left = [item for item in plan.devices if not item.acts and item.verdict != "already right"]
    for item in left[:_SHOWN]:
        where = (
            "seen nowhere" if item.found is None else f"product {item.found.product}, {item.found.owner or 'nobody'}'s"
        )
        console.print(Text(f"  left alone: {item.device} (row {item.row}), {item.verdict}: {where}"))
    if len(left) > _SHOWN:
        console.print(f"  and {len(left) - _SHOWN} more; the plan names them all", highlight=False)
    if plan.new_customers:
        count = len(plan.new_customers)
        console.print(
            Text(f"  {count} new customer{'' if count == 1 else 's'}, made by this plan (look for typing errors):")
        )
        for customer in plan.new_customers[:_SHOWN]:
            console.print(Text(f"    {customer.name} of product {customer.product}"))
        if count > _SHOWN:
            console.print(f"    and {count - _SHOWN} more; the plan names them all", highlight=False)
    for hook in plan.silent_hooks:
        console.print(Text(f"  webhook {hook} of {plan.account} will not see these devices any more", style="yellow"))
        if not any(plan.product_hooks.values()):
            console.print(Text("    no product webhook takes its place; make one before you apply", style="yellow"))
    for product, hooks in plan.product_hooks.items():
        for hook in hooks:
            console.print(Text(f"  webhook {hook} of product {product} goes on seeing them"))
    if not plan.acting:
        console.print("no changes: the plan does nothing with any device")
        return
    console.print(
        f"about {plan.calls} calls and {plan.tokens} token requests"
        + (f"; {duration(plan.seconds)} at least within the limits" if plan.seconds else ""),
        highlight=False,
    )


def print_differences(changes: Sequence[Difference], of: int, console: Console) -> None:
    """Print the changes since a plan was made, one line a device, ``of`` so many."""
    for change in changes:
        console.print(Text(str(change), style="yellow"), soft_wrap=True)
    console.print(
        Text(f"{len(changes)} of {of} devices differ from the plan" if changes else f"{of} devices, as in the plan"),
        style="yellow" if changes else "green",
    )


def differences_json(changes: Sequence[Difference], of: int) -> dict[str, Any]:
    """The changes as JSON: ``devices`` of the plan, and per changed device its planned and current action."""
    return {
        "devices": of,
        "changes": [
            {
                "device": change.planned.device,
                "row": change.planned.row,
                "situation": change.situation,
                "planned": change.planned.verdict,
                "now": change.now.verdict,
            }
            for change in changes
        ],
    }


def print_result(result: MoveResult, throttle: Throttle, console: Console, *, done: str) -> None:
    """Print the result of a move: counts, unowned times, and what needs a person; ``done``: where devices are now."""
    arrived, windows = result.with_outcome("done"), result.windows
    there = len(result.already) + len(arrived)
    if not result.transfers:
        console.print(f"no changes: {_devices(there)} {done} already" if there else "no changes: no device to move")
        return
    text = f"{_devices(there)} {done}"
    if arrived:
        text += f"; {len(arrived)} of them moved now," if result.already else ""
        text += f" in {duration(result.seconds)}"
        text += f", {speed}" if (speed := rate(len(arrived), result.seconds)) else ""
    console.print(Text(text, style="green" if result.complete else "yellow"))
    calls = f"{throttle.calls} calls, {throttle.tokens} token requests"
    if any(windows):
        shares = ((f"p{share * 100:.0f}" if share < 1 else "longest", share) for share in (0.5, 0.99, 1))
        text = ", ".join(f"{name} {percentile(windows, share) * 1000:.1f} ms" for name, share in shares)
        calls = f"unowned during transfer: {text}; {calls}"
    console.print(calls, highlight=False, soft_wrap=True)
    for outcome, style, words in (
        ("undone", "yellow", "as it was found"),
        ("waiting", "yellow", "waits"),
        ("stuck", "bold red", "needs a person"),
    ):
        found = result.with_outcome(outcome)
        for each in found[:_SHOWN]:
            console.print(Text(f"  {each.device} {words}: {each.reason}", style=style))
        if len(found) > _SHOWN:
            console.print(f"  and {len(found) - _SHOWN} more", highlight=False)
    if result.stopped:
        console.print(Text(f"stopped: {result.stopped}", style="bold red"))


def records_json(records: Sequence[Transfer]) -> dict[str, Any]:
    """The verification as JSON: counts, and each device with its proofs."""
    return {
        "devices": len(records),
        "held": sum(record.held for record in records),
        "records": [{"device": record.device} | msgspec.to_builtins(record.verified) for record in records],
    }


def print_records(records: Sequence[Transfer], console: Console) -> None:
    """Print how many devices are verified, and which are not."""
    if not records:
        console.print("no device to look at: the plan does nothing")
        return
    seen = {each.device: each.verified for each in records if each.verified is not None}
    failed = {device: verified for device, verified in seen.items() if not verified.held}
    console.print(
        Text(
            f"{len(seen) - len(failed)} of {_devices(len(seen))} are where they should be, "
            f"by {sum(len(verified.proofs) for verified in seen.values())} proofs",
            style="bold red" if failed else "green",
        )
    )
    wrong = {device: verified.proofs for device, verified in failed.items() if not verified.as_found}
    if before := len(failed) - len(wrong):
        console.print(
            f"{before} of the others are as the plan found them: not moved yet, or rolled back", highlight=False
        )
    for device, proofs in list(wrong.items())[:_SHOWN]:
        text = "; ".join(f"{proof.name}: {proof.text}" for proof in proofs if not proof.held)
        console.print(Text(f"  {device}: {text}", style="red"), soft_wrap=True)
    if len(wrong) > _SHOWN:
        console.print(f"  and {len(wrong) - _SHOWN} more", highlight=False)
