"""A plan in progress: its devices as journaled, where each stands, and its flows there and back.

before          as the plan found it, or as a rollback left it
half way        the flow there has changed something and has no outcome yet
there           where the plan wants it
half way back   the flow back has changed something and has no outcome yet
elsewhere       none of these: moved by someone else
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
from photonrig.ownership.engine import Journal as FlowJournal
from photonrig.ownership.engine import Progress, called_back
from photonrig.ownership.identities import Identities, Whereabouts

Standing = Literal["before", "half way", "there", "half way back", "elsewhere"]


def standing(transfer: Transfer, now: Whereabouts | None, change: Change) -> Standing:
    """Where a device stands: by the journal while it is half way, else by ``now``, the cloud's view."""
    if transfer.half_way is not None:
        return "half way" if transfer.half_way == "forward" else "half way back"
    if now is not None and change.arrived(transfer, now):
        return "there"
    return "before" if change.as_found(transfer, now) else "elsewhere"


@dataclass(frozen=True)
class Move:
    """The acting devices of a plan: ``devices`` and ``stands`` by id; ``seen`` is the cloud's view."""

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
        """What someone else changed about a device."""
        return moved(transfer.found, self.seen.get(transfer.device))

    def forward(self, transfer: Transfer) -> Transfer:
        """Run the flow there: continued if the device is half way, else from the beginning."""
        at = transfer.forward if transfer.half_way == "forward" else None
        return self._run(transfer, "forward", self.change.forward, at)

    def back(self, transfer: Transfer) -> Transfer:
        """Run the flow back of a device that has arrived: continued if it is half way back, else from the beginning."""
        at = transfer.back if transfer.half_way == "back" else None
        return self._run(transfer, "back", self.change.back, at)

    def turned(self, transfer: Transfer) -> Transfer:
        """Turn a half-way device round; the wanted outcome is "undone"."""
        assert transfer.forward is not None
        return self._run(transfer, "forward", self.change.forward, called_back(transfer.forward, "it was called back"))

    def _run(
        self,
        transfer: Transfer,
        way: Way,
        flow: Callable[[Transfer, Identities, Progress | None, FlowJournal], Progress],
        at: Progress | None,
    ) -> Transfer:
        def keep(progress: Progress) -> None:
            self.journal.keep(transfer.at(way, progress))

        return transfer.at(way, flow(transfer, self.keys, at, keep))
