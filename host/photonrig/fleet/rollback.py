"""Returns devices to their former owners, as journaled, with the same guarantees as the way there."""

from __future__ import annotations

from collections.abc import Iterable

from photonrig.errors import UsageError
from photonrig.fleet.journal import Journal
from photonrig.fleet.move import Move
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import MoveResult, Rules, Watcher, run_waves
from photonrig.ownership.engine import Progress


def rollback(
    plan: FleetPlan,
    operator: Operator,
    journal: Journal,
    rules: Rules,
    watcher: Watcher,
    *,
    devices: Iterable[str] | None = None,
) -> MoveResult:
    """Roll back ``devices``, or all of the plan's; devices never begun are left alone.

    A half-way device is turned round. One that someone else moved since is left and "stuck": its current owner did not
    get it from this plan.

    :raises UsageError: a device that is not in the plan, or the plan is for another cloud or account
    """
    move = Move.of(plan, operator, journal)
    wanted = list(move.devices) if devices is None else list(dict.fromkeys(device.lower() for device in devices))
    if foreign := [device for device in wanted if device not in move.devices]:
        raise UsageError(f"the plan does nothing with {', '.join(foreign[:5])}")
    ours, lost = [], {}
    for transfer in (move.devices[device] for device in wanted if move.stands[device] != "before"):
        if why := _why_not(transfer, move):
            lost[transfer.device] = transfer.at("back", Progress("", transfer.device, outcome="stuck", reason=why))
        else:
            ours.append(transfer)

    def go(transfer: Transfer) -> Transfer:
        if transfer.half_way != "forward":
            return move.back(transfer)
        transfer = move.turned(transfer)
        if transfer.forward is None or transfer.outcome != "undone":
            return transfer
        there = Progress(transfer.forward.flow, transfer.device, outcome="done", unowned=transfer.forward.unowned)
        return transfer.at("back", there)

    result = run_waves(ours, go, rules, watcher)
    result.transfers |= lost
    result.already = tuple(device for device in wanted if move.stands[device] == "before")
    return result


def _why_not(transfer: Transfer, move: Move) -> str:
    """Why this journal cannot return a device, "" if it can."""
    stands = move.stands[transfer.device]
    if stands == "there" and not transfer.arrived:
        return "it is where the plan wants it, but not by this journal, which does not know who had it before"
    if stands == "elsewhere":
        return f"it was moved by someone else: when the plan was made it {move.moved(transfer)}; see to it by hand"
    return ""
