"""Gives devices back to whoever had them, by what the journal recorded, with the same guarantees as the way there."""

from __future__ import annotations

from collections.abc import Iterable

from photonrig.errors import UsageError
from photonrig.fleet.apply import Operator
from photonrig.fleet.difference import moved
from photonrig.fleet.journal import Journal
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.snapshot import Found, snapshot
from photonrig.fleet.standing import Past, Standing, pasts, standings
from photonrig.fleet.waves import Carried, Job, Rules, Watcher, carry
from photonrig.fleet.ways import Ways
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress

__all__ = ["rollback"]


def rollback(
    plan: FleetPlan,
    operator: Operator,
    journal: Journal,
    rules: Rules,
    watcher: Watcher,
    *,
    devices: Iterable[str] | None = None,
) -> Carried:
    """Take back what was done with ``devices``, or with all of the plan's; what was never begun is left alone.

    A device that is half way is turned round there. One that somebody else moved since is left, and "stuck": whoever
    has it now did not get it from this plan.

    :raises UsageError: a device that is not in the plan, or the plan is for another cloud or account
    """
    plan.must_be_for(operator.config)
    items = {item.device: item for item in plan.acting}
    wanted = list(items) if devices is None else list(dict.fromkeys(device.lower() for device in devices))
    foreign = [device for device in wanted if device not in items]
    if foreign:
        raise UsageError(f"the plan does nothing with {', '.join(foreign[:5])}")
    past = pasts(journal, plan.acting)
    seen = snapshot(operator.team, operator.config.account, plan.products)
    stands = standings(plan, seen, past)
    ways = Ways(plan, operator.keys)
    jobs, lost = [], {}
    for device in wanted:
        item, now = items[device], seen.devices.get(device)
        if stands[device] == "before":
            continue
        if stands[device] == "elsewhere" or (stands[device] == "there" and not past[device].arrived):
            lost[device] = Progress(item.flow.flow, device, outcome="stuck", reason=_why(item, now, stands[device]))
        else:
            jobs.append(_job(item, ways, journal, past[device], stands[device], now))
    carried = carry(jobs, journal, "back", rules, watcher)
    carried.progress |= lost
    carried.already = tuple(device for device in wanted if stands[device] == "before")
    return carried


def _why(item: Item, now: Found | None, stands: Standing) -> str:
    if stands == "there":
        return "it is where the plan wants it, but not by this journal, which does not know who had it before"
    return f"somebody else moved it: when the plan was made it {moved(item.found, now)}; see to it by hand"


def _job(item: Item, ways: Ways, journal: Journal, past: Past, stands: Standing, now: Found | None) -> Job:
    forward = past.forward
    assert forward is not None
    turning = stands == "half way"

    def go(progress: Progress | None, keep: Keep) -> Progress:
        nonlocal forward, turning
        assert forward is not None
        if turning:
            forward = ways.call_back(item, forward, journal.keeper("forward"))
            if forward.outcome != "undone":
                return forward
            turning, progress = False, None
            if not item.was_outside:
                return Progress(forward.flow, item.device, outcome="done", unowned=forward.unowned)
        return ways.back(item, forward, progress, keep, name=None if now is None else now.name)

    return Job(item.device, go, at=past.back if stands == "half way back" else None)
