"""Record of one device, from the row of the source to the report; each part of the tool fills in its own fields.

assignments   row, device, customer, product, into, name    one row of the source
plan          found, verdict; product and into as they are then
journal       way, forward, back                            written before and after every step
verify        verified
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from photonrig.ownership.engine import Outcome, Progress
from photonrig.ownership.identities import Account, Whereabouts
from photonrig.ownership.proof import Proof

Way = Literal["forward", "back"]
Verdict = Literal[
    "already right", "transfer", "import", "change product", "firmware", "offline",
    "other customer", "foreign", "elsewhere", "quarantined", "unknown",
]  # fmt: skip
# Verdicts with an action.
ACTS: Final[frozenset[Verdict]] = frozenset(("transfer", "import", "change product", "firmware", "offline"))

# First steps of every fleet flow; they change nothing.
_LOOKS: Final = ("", "look", "key")

T = TypeVar("T")


class Verified(Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen, and when (seconds since 1970); ``held``: everything was as expected.

    ``as_found``: the device is as it was when the plan was made.
    """

    at: float
    held: bool
    as_found: bool
    proofs: tuple[Proof, ...]


class Transfer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One device of a fleet.

    ``row``: its place in the source. ``customer`` None keeps the owner; ``product``: where it is when its flow begins;
    ``into``: another product to move to. ``found`` is None for a device that was not found. ``way`` is the latest one;
    None for a device never begun.
    """

    row: Annotated[int, Meta(ge=0)]
    device: Annotated[str, Meta(pattern="^[0-9a-f]{24}$")]
    customer: str | None = None
    product: Annotated[int, Meta(ge=1)] | None = None
    into: Annotated[int, Meta(ge=1)] | None = None
    name: str | None = None
    found: Whereabouts | None = None
    verdict: Verdict = "unknown"
    way: Way | None = None
    forward: Progress | None = None
    back: Progress | None = None
    verified: Verified | None = None

    # --- what is planned ---------------------------------------------------------------------------------------------

    @property
    def acts(self) -> bool:
        """Whether it has an action."""
        return self.verdict in ACTS

    @property
    def imports(self) -> bool:
        """Whether it is imported first."""
        return self.acts and (self.found is None or self.found.product is None or self.found.quarantined)

    @property
    def ends_in(self) -> int | None:
        """Its final product."""
        return self.into or self.product

    @property
    def to(self) -> Account | None:
        """Its new customer; None: it keeps its owner, or no product knows it."""
        if self.customer is None or self.ends_in is None:
            return None
        return Account.customer(self.customer, self.ends_in)

    @property
    def ends_with(self) -> Account | None:
        """Its final owner; a customer who keeps a device becomes a customer of the new product."""
        former = None if self.found is None else self.found.owner
        if self.to is not None or former is None or former.kind == "user" or self.ends_in is None:
            return self.to or former
        return Account.customer(former.name, self.ends_in)

    # --- how far it is -----------------------------------------------------------------------------------------------

    def at(self, way: Way, progress: Progress) -> Transfer:
        """A copy with this progress on one way."""
        return replace(self, way=way, **{way: progress})

    @property
    def progress(self) -> Progress | None:
        """Progress on the latest way."""
        return self.back if self.way == "back" else self.forward

    @property
    def outcome(self) -> Outcome | None:
        """Outcome of the latest way, None without one."""
        return None if self.progress is None else self.progress.outcome

    @property
    def reason(self) -> str:
        """Reason of that outcome."""
        return "" if self.progress is None else self.progress.reason

    @property
    def unowned(self) -> float:
        """Seconds for which it was unowned."""
        return 0.0 if self.progress is None else self.progress.unowned

    @property
    def half_way(self) -> Way | None:
        """The way whose flow has changed something and has not ended."""
        at = self.progress
        return None if at is None or at.outcome in ("done", "undone") or at.step in _LOOKS else self.way

    @property
    def arrived(self) -> bool:
        """Whether it reached the plan's end state, so that the journal knows its former owner."""
        return self.forward is not None and self.forward.outcome == "done"

    @property
    def patient(self) -> bool:
        """Whether it must come online first, so that waiting is expected."""
        return self.verdict == "offline"

    @property
    def held(self) -> bool:
        """Whether it was verified and everything was as expected."""
        return self.verified is not None and self.verified.held


def decoded(kind: type[T], data: bytes, where: str) -> T:
    """Decode one record from JSON.

    :raises ValueError: invalid; the message names ``where``, the key and the error
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        key, complaint = where_wrong(error)
        raise ValueError(f"{where}{key and ', '}{key}: {complaint}") from None


def where_wrong(error: Exception) -> tuple[str, str]:
    """The key of a msgspec error ("devices[3].found.owner", "" for the whole), and its text."""
    complaint, _, path = str(error).partition(" - at `")
    key = path.rstrip("`").removeprefix("$").removeprefix(".")
    if not complaint.startswith("JSON"):
        complaint = complaint[:1].lower() + complaint[1:]
    return key, complaint.replace("`", "")
