"""Changes in the cloud since a plan was made."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.fleet.config import FleetConfig
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.snapshot import Snapshot, moved
from photonrig.fleet.transfer import Transfer
from photonrig.ownership.identities import Whereabouts


@dataclass(frozen=True, slots=True)
class Difference:
    """A device of the plan, as it was planned and as it would be planned now."""

    planned: Transfer
    now: Transfer

    @property
    def situation(self) -> str:
        """How its situation differs."""
        then, now = self.planned.found, self.now.found
        return moved(then, now) or f"was {_state(then)}, is {_state(now)}"

    def __str__(self) -> str:
        then, now = self.planned, self.now
        step = then.verdict if now.verdict == then.verdict else f"{then.verdict} → {now.verdict}"
        return f"{then.device} (row {then.row}) {self.situation}: {step}"


def differences(plan: FleetPlan, seen: Snapshot, config: FleetConfig) -> list[Difference]:
    """Every device with another product or owner, or for which another action would be planned now.

    :raises UsageError: the plan is for another cloud or account
    """
    plain, permitted = plan.change(config), plan.change(config, Permit(True, True, True))
    changes = []
    for each in plan.devices:
        # A verdict that plain planning does not produce shows that the plan had permits.
        change = plain if plain.planned(each, each.found).verdict == each.verdict else permitted
        now = change.planned(each, seen.devices.get(each.device))
        if moved(each.found, now.found) or now.verdict != each.verdict:
            changes.append(Difference(each, now))
    return changes


def _state(found: Whereabouts | None) -> str:
    if found is None:
        return "not seen"
    return f"{'online' if found.online else 'offline'} with firmware {found.firmware or 'unknown'}"
