"""Ledger of a fleet move: for each device from whom to whom, when, how it ended, and how long it was unowned.

It is made from the journal, while an operator is at work or after, and from the report of a verification.

left alone    the plan does nothing with it
not begun     nothing was done yet
on its way    an operator has begun it
moved         where the plan wants it
rolled back   with its former owner again
as found      the move was undone by itself
waiting       until device or cloud answers
stuck         needs a person
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import msgspec

from photonrig.errors import UsageError
from photonrig.files import Holder, file_error
from photonrig.fleet.journal import Times, read_journal
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.transfer import Transfer, Verified, decoded

State = Literal["left alone", "not begun", "on its way", "moved", "rolled back", "as found", "waiting", "stuck"]
STATES: Final[tuple[State, ...]] = (
    "stuck", "waiting", "on its way", "not begun", "as found", "rolled back", "moved", "left alone",
)  # fmt: skip
# A boss's exceptions: a person has to look at these.
EXCEPTIONS: Final[frozenset[State]] = frozenset(("stuck", "waiting", "as found", "left alone"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One device; ``span``: first and last record; ``unowned`` in seconds, over both ways."""

    transfer: Transfer
    state: State
    span: Times | None
    unowned: float
    unowned_since: float | None
    verified: Verified | None
    token: str

    @property
    def former(self) -> str:
        """Who had it when the plan was made."""
        found = self.transfer.found
        return "not found" if found is None else "nobody" if found.owner is None else found.owner.name

    @property
    def wanted(self) -> str:
        """Who is to have it."""
        owner = self.transfer.ends_with
        return (self.transfer.customer or "nobody") if owner is None else owner.name

    @property
    def reason(self) -> str:
        """Why it is not where the plan wants it."""
        return self.transfer.verdict if self.state == "left alone" else self.transfer.reason


@dataclass(frozen=True, slots=True)
class Ledger:
    """All devices of a plan, in the plan's order; ``holder``: the operator at work; ``handed``: delivered tokens."""

    plan: FleetPlan
    entries: Sequence[Entry]
    holder: Holder | None
    handed: dict[str, float]

    @classmethod
    def read(cls, journal: Path, report: Path | None = None) -> Ledger:
        """From a journal, and a verification's report if it exists.

        :raises UsageError: one of them is not what it should be
        """
        found = read_journal(journal)
        plan = decoded(FleetPlan, found.plan.encode(), str(journal))
        proved = {} if report is None or not report.exists() else _verified(report, plan)
        entries = []
        for planned in plan.devices:
            transfer = found.transfers.get(planned.device, planned)
            span, verified = found.times.get(planned.device), proved.get(planned.device)
            if verified is not None and span is not None and verified.at < span.ended:
                verified = None  # it has changed since
            entries.append(_entry(transfer, span, verified, found.handed))
        return cls(plan, entries, found.holder, found.handed)

    @property
    def counts(self) -> dict[State, int]:
        """Devices by state, those that need attention first."""
        counts = Counter(each.state for each in self.entries)
        return {state: counts[state] for state in STATES if counts[state]}

    @property
    def span(self) -> Times | None:
        """From the first to the last record."""
        spans = [each.span for each in self.entries if each.span is not None]
        return Times(min(each.began for each in spans), max(each.ended for each in spans)) if spans else None

    @property
    def windows(self) -> list[float]:
        """Unowned seconds of devices that were unowned, ascending."""
        return sorted(each.unowned for each in self.entries if each.unowned)


def _entry(transfer: Transfer, span: Times | None, verified: Verified | None, handed: dict[str, float]) -> Entry:
    progress = [each for each in (transfer.forward, transfer.back) if each is not None]
    since = None if transfer.progress is None else transfer.progress.unowned_since
    return Entry(
        transfer,
        _state(transfer),
        span,
        sum(each.unowned for each in progress),
        since,
        verified,
        _token(transfer, handed),
    )


def _state(transfer: Transfer) -> State:
    if transfer.way is None:
        return "not begun" if transfer.acts else "left alone"
    if transfer.outcome == "done":
        return "moved" if transfer.way == "forward" else "rolled back"
    if transfer.outcome == "undone":
        return "as found" if transfer.way == "forward" else "stuck"
    return transfer.outcome or "on its way"


def _token(transfer: Transfer, handed: dict[str, float]) -> str:
    """What became of the customer's token."""
    if transfer.to is None:
        return ""
    if f"{transfer.to} of product {transfer.to.product}" not in handed:
        return "not delivered"
    return "delivered; its device was taken back" if transfer.way == "back" else "delivered"


def _verified(report: Path, plan: FleetPlan) -> dict[str, Verified]:
    try:
        head, *lines = report.read_bytes().splitlines()
        if msgspec.json.decode(head)["plan"] != plan.digest:
            raise UsageError(f"{report} is the report of another plan; verify this one again")
        records = [decoded(Transfer, line, str(report)) for line in lines]
    except OSError as error:
        raise file_error(report, "read", error) from error
    except (ValueError, KeyError, TypeError, msgspec.DecodeError):
        raise UsageError(f"{report} is not a report of a verification; make it again") from None
    return {each.device: each.verified for each in records if each.verified is not None}
