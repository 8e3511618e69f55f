"""What has changed in the world since a plan was made."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.fleet.config import FleetConfig
from photonrig.fleet.plan import FleetPlan, Item, Permit, Verdict, judge
from photonrig.fleet.snapshot import Found, Snapshot
from photonrig.ownership.identities import Account

__all__ = ["Change", "differences", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """A device of the plan: how its situation differs, and what would be done with it now."""

    item: Item
    situation: str
    verdict: Verdict

    def __str__(self) -> str:
        step = self.item.verdict if self.verdict == self.item.verdict else f"{self.item.verdict} → {self.verdict}"
        return f"{self.item.device} (row {self.item.row}) {self.situation}: {step}"


def differences(plan: FleetPlan, seen: Snapshot, config: FleetConfig) -> list[Change]:
    """Every device that is elsewhere, someone else's, or for which another step would be planned now."""
    central = Account.user(config.account)
    changes = []
    for item in plan.items:
        now = seen.devices.get(item.device)
        # What the plan was allowed shows where its verdict is none that a plan without permits comes to.
        plain = judge(item, item.found, central, config, Permit(), plan.image) == item.verdict
        verdict = judge(item, now, central, config, Permit() if plain else Permit(True, True, True), plan.image)
        situation = moved(item.found, now)
        if situation or verdict != item.verdict:
            changes.append(Change(item, situation or f"was {_state(item.found)}, is {_state(now)}", verdict))
    return changes


def moved(then: Found | None, now: Found | None) -> str:
    """What of importance differs between two looks at a device, "" if nothing does; None is a device seen nowhere."""
    if now is None or then is None:
        return "" if now is then else "is not seen any more" if now is None else "is seen now"
    return now.moved_since(then) or ""


def _state(found: Found | None) -> str:
    if found is None:
        return "not seen"
    return f"{'online' if found.online else 'offline'} with firmware {found.firmware or 'unknown'}"
