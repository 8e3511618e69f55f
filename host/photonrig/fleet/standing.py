"""Where each device of a plan stands: the cloud says it, and the journal while the device is half way.

before          as the plan found it, or as it was after it was given back
imported        as the plan found it, but already brought into its product, from where it can go back
half way        its flow has changed something and has no outcome yet
there           where the plan wants it
half way back   the flow that gives it back has changed something and has no outcome yet
elsewhere       none of these: somebody else moved it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from photonrig.fleet.difference import moved
from photonrig.fleet.journal import Journal, Way
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.snapshot import Found, Snapshot
from photonrig.ownership.engine import Progress
from photonrig.ownership.identities import Account

__all__ = ["Past", "Standing", "pasts", "standing", "standings"]

Standing = Literal["before", "imported", "half way", "there", "half way back", "elsewhere"]

# Steps that every flow of a fleet begins with, and that change nothing.
_LOOKS: Final = ("", "look", "key")


@dataclass(frozen=True, slots=True)
class Past:
    """What the journal holds of a device: progress each way, and which of the two was written last."""

    forward: Progress | None = None
    back: Progress | None = None
    last: Way | None = None

    @property
    def arrived(self) -> bool:
        """Whether it was brought where the plan wants it, so that the journal knows who had it before."""
        return self.forward is not None and self.forward.outcome == "done"


def pasts(journal: Journal, items: Iterable[Item]) -> dict[str, Past]:
    """What the journal holds of each of the devices."""
    forward, back, last = journal.entries("forward"), journal.entries("back"), journal.last_ways()
    found = {}
    for item in items:
        there, here = forward.get(item.device), back.get(item.device)
        found[item.device] = Past(
            None if there is None else there.progress, None if here is None else here.progress, last.get(item.device)
        )
    return found


def standings(plan: FleetPlan, seen: Snapshot, past: dict[str, Past]) -> dict[str, Standing]:
    """Where each device stands that the plan does something with."""
    return {item.device: standing(plan, item, seen.devices.get(item.device), past[item.device]) for item in plan.acting}


def standing(plan: FleetPlan, item: Item, now: Found | None, past: Past) -> Standing:
    """Where one device stands that is found so ``now``."""
    if past.last == "forward" and _is_half_way(past.forward):
        return "half way"
    if past.last == "back" and _is_half_way(past.back):
        return "half way back"
    if _is_there(plan, item, now):
        return "there"
    if not moved(item.found, now):
        return "before"
    if _is_imported(plan, item, now, past):
        return "imported" if item.was_outside and past.forward is not None else "before"
    return "elsewhere"


def _is_half_way(progress: Progress | None) -> bool:
    return progress is not None and progress.outcome not in ("done", "undone") and progress.step not in _LOOKS


def _is_there(plan: FleetPlan, item: Item, now: Found | None) -> bool:
    if now is None or now.quarantined:
        return False
    if plan.image is not None:
        return (now.product, now.firmware) == (plan.image.product, plan.image.version)
    return (now.product, now.owner) == (item.ends_in, item.ends_with)


def _is_imported(plan: FleetPlan, item: Item, now: Found | None, past: Past) -> bool:
    if plan.image is not None or not item.imports or now is None or now.quarantined or now.product != item.product:
        return False
    facts = {} if past.forward is None else past.forward.facts
    if "former" in facts:
        return now.owner == Account.from_json(facts["former"])
    if item.found is None:
        return now.owner in (None, Account.user(plan.account))
    return now.owner == item.found.owner
