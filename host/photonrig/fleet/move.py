"""A plan under way: its devices as the journal knows them, where each stands, and its flows there and back.

before          as the plan found it, or as it was after it was given back
half way        its flow has changed something and has no outcome yet
there           where the plan wants it
half way back   the flow that gives it back has changed something and has no outcome yet
elsewhere       none of these: somebody else moved it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import Change, FleetPlan
from photonrig.fleet.snapshot import moved, snapshot
from photonrig.fleet.transfer import Transfer, Way
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress, called_back
from photonrig.ownership.identities import Identities, Whereabouts

__all__ = ["Move", "Standing", "standing"]

Standing = Literal["before", "half way", "there", "half way back", "elsewhere"]


def standing(transfer: Transfer, now: Whereabouts | None, change: Change) -> Standing:
    """Where one device stands that is found so ``now``: the journal says it while it is half way, else the cloud."""
    if transfer.half_way is not None:
        return "half way" if transfer.half_way == "forward" else "half way back"
    if now is not None and change.arrived(transfer, now):
        return "there"
    return "before" if change.as_found(transfer, now) else "elsewhere"


@dataclass(frozen=True)
class Move:
    """``devices`` and ``stands`` by id, of all the plan does something with; ``seen`` is what the cloud says."""

    change: Change
    keys: Identities
    journal: Journal
    devices: dict[str, Transfer]
    seen: dict[str, Whereabouts]
    stands: dict[str, Standing]

    @classmethod
    def of(cls, plan: FleetPlan, operator: Operator, journal: Journal) -> Move:
        """Read the journal, then the cloud.

        :raises UsageError: the plan is for another cloud or account, or the journal is damaged
        """
        change, known = plan.change(operator.config), journal.transfers()
        devices = {each.device: known.get(each.device, each) for each in plan.acting}
        seen = snapshot(operator.team, operator.config.account, plan.products).devices
        stands = {device: standing(each, seen.get(device), change) for device, each in devices.items()}
        return cls(change, operator.keys, journal, devices, seen, stands)

    def moved(self, transfer: Transfer) -> str:
        """What somebody else did with a device."""
        return moved(transfer.found, self.seen.get(transfer.device))

    def forward(self, transfer: Transfer) -> Transfer:
        """Take a device to where the plan wants it: from where it is half way, or from the beginning."""
        at = transfer.forward if transfer.half_way == "forward" else None
        return self._run(transfer, "forward", self.change.forward, at)

    def back(self, transfer: Transfer) -> Transfer:
        """Give a device back that has arrived: from where it is half way back, or from the beginning."""
        at = transfer.back if transfer.half_way == "back" else None
        return self._run(transfer, "back", self.change.back, at)

    def turned(self, transfer: Transfer) -> Transfer:
        """Turn a device round that is half way there; "undone" is the outcome that is wanted."""
        assert transfer.forward is not None
        return self._run(transfer, "forward", self.change.forward, called_back(transfer.forward, "it was called back"))

    def _run(
        self,
        transfer: Transfer,
        way: Way,
        flow: Callable[[Transfer, Identities, Progress | None, Keep], Progress],
        at: Progress | None,
    ) -> Transfer:
        def keep(progress: Progress) -> None:
            self.journal.keep(transfer.at(way, progress))

        return transfer.at(way, flow(transfer, self.keys, at, keep))
