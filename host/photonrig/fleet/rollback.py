"""Gives devices back to whoever had them, by what the journal recorded, with the same guarantees as the way there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from photonrig.bench.clock import SystemClock
from photonrig.errors import UsageError
from photonrig.fleet.apply import Operator
from photonrig.fleet.carry import Carried, Job, Rules, Watcher, carry
from photonrig.fleet.experimental import RETURN, Trial
from photonrig.fleet.journal import Journal
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress, run
from photonrig.ownership.flows import take
from photonrig.ownership.keyring import Account
from photonrig.ownership.passage import Plan

__all__ = ["rollback", "way_back"]


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

    A device that is half way is finished first, which may mean that it is undone.

    :raises UsageError: a device that is not in the plan
    """
    items = {item.device: item for item in plan.acting}
    wanted = list(items) if devices is None else list(dict.fromkeys(device.lower() for device in devices))
    foreign = [device for device in wanted if device not in items]
    if foreign:
        raise UsageError(f"the plan does nothing with {', '.join(foreign[:5])}")
    begun = journal.entries("forward")
    jobs = []
    for device in wanted:
        entry = begun.get(device)
        if entry is None or entry.progress.outcome == "undone":
            continue
        jobs.append(_job(items[device], plan, operator, journal, entry.progress))
    return carry(jobs, journal, "back", rules, watcher)


def way_back(item: Item, facts: dict[str, Any]) -> Plan:
    """The flow that undoes a finished one, from the facts it recorded."""
    former = Account.from_json(facts.get("former"))
    if item.into is not None:
        return Plan("change-product", item.device, item.into, former, item.product)
    if item.found is not None and item.found.product is None and former is not None:
        return Plan("to-developer", item.device, item.product, former)
    if former is None:
        return Plan("release", item.device, item.product)
    return Plan("to-user" if former.kind == "user" else "to-customer", item.device, item.product, former)


def _job(item: Item, plan: FleetPlan, operator: Operator, journal: Journal, forward: Progress) -> Job:
    def go(progress: Progress | None, keep: Keep) -> Progress:
        there = forward
        if plan.image is not None:
            trial = Trial(item.device, operator.team, plan.image, b"", SystemClock(), dict(there.facts))
            return run(RETURN, trial, item.device, facts=trial.facts, progress=progress, journal=keep)
        if there.outcome != "done":
            there = take(item.flow, operator.keys, progress=there, journal=journal.keeper("forward"))
        back = way_back(item, dict(there.facts))
        if there.outcome != "done":
            return Progress(back.flow, item.device, outcome="waiting" if there.outcome == "waiting" else "done")
        return take(back, operator.keys, progress=progress, journal=keep)

    return Job(item.device, go)
