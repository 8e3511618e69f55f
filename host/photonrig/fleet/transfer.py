"""The record of one device, from the row of the source to the report; each part of the tool fills in its own fields.

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

__all__ = ["ACTS", "Transfer", "Verdict", "Verified", "Way", "decoded", "where_wrong"]

Way = Literal["forward", "back"]
Verdict = Literal[
    "already right", "transfer", "import", "change product", "firmware", "offline",
    "other customer", "foreign", "elsewhere", "quarantined", "unknown",
]  # fmt: skip
# Verdicts of devices something is done with.
ACTS: Final[frozenset[Verdict]] = frozenset(("transfer", "import", "change product", "firmware", "offline"))

# Steps that every flow of a fleet begins with, and that change nothing.
_LOOKS: Final = ("", "look", "key")

T = TypeVar("T")


class Verified(Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen, and when, in seconds since 1970; ``held``: everything was as it should be.

    ``as_found``: the device is as it was when the plan was made.
    """

    at: float
    held: bool
    as_found: bool
    proofs: tuple[Proof, ...]


class Transfer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One device.

    ``row`` is where the source has it. ``customer`` None leaves the owner as it is; ``product`` is where the device is
    when its flow begins, ``into`` another product it moves to. ``found`` is None for a device that is seen nowhere.
    ``way`` is the one written last; a device never begun has none.
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
        """Whether something is done with it."""
        return self.verdict in ACTS

    @property
    def imports(self) -> bool:
        """Whether it is imported first."""
        return self.acts and (self.found is None or self.found.product is None or self.found.quarantined)

    @property
    def ends_in(self) -> int | None:
        """The product it ends in."""
        return self.into or self.product

    @property
    def to(self) -> Account | None:
        """The customer it goes to; None: it keeps its owner, or it is known of no product."""
        if self.customer is None or self.ends_in is None:
            return None
        return Account.customer(self.customer, self.ends_in)

    @property
    def ends_with(self) -> Account | None:
        """Whose it is in the end; a customer who keeps a device becomes the same customer of its new product."""
        former = None if self.found is None else self.found.owner
        if self.to is not None or former is None or former.kind == "user" or self.ends_in is None:
            return self.to or former
        return Account.customer(former.name, self.ends_in)

    # --- how far it is -----------------------------------------------------------------------------------------------

    def at(self, way: Way, progress: Progress) -> Transfer:
        """The same, come so far one way."""
        return replace(self, way=way, **{way: progress})

    @property
    def progress(self) -> Progress | None:
        """How far it has come the way that was written last."""
        return self.back if self.way == "back" else self.forward

    @property
    def outcome(self) -> Outcome | None:
        """How that ended, None if it has not."""
        return None if self.progress is None else self.progress.outcome

    @property
    def reason(self) -> str:
        """Why it ended so."""
        return "" if self.progress is None else self.progress.reason

    @property
    def unowned(self) -> float:
        """Seconds for which it was nobody's."""
        return 0.0 if self.progress is None else self.progress.unowned

    @property
    def half_way(self) -> Way | None:
        """The way on which its flow has changed something, and has not ended."""
        at = self.progress
        return None if at is None or at.outcome in ("done", "undone") or at.step in _LOOKS else self.way

    @property
    def arrived(self) -> bool:
        """Whether it was brought where the plan wants it, so that the journal knows who had it before."""
        return self.forward is not None and self.forward.outcome == "done"

    @property
    def patient(self) -> bool:
        """Whether waiting is expected of it: it has to come online first."""
        return self.verdict == "offline"

    @property
    def held(self) -> bool:
        """Whether it was verified, and everything was as it should be."""
        return self.verified is not None and self.verified.held


def decoded(kind: type[T], data: bytes, where: str) -> T:
    """Read one record from JSON.

    :raises ValueError: ``where`` it is, the key, and what is wrong with it
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        key, complaint = where_wrong(error)
        raise ValueError(f"{where}{key and ', '}{key}: {complaint}") from None


def where_wrong(error: Exception) -> tuple[str, str]:
    """The key that msgspec complains of ("devices[3].found.owner", "" for the whole), and the complaint."""
    complaint, _, path = str(error).partition(" - at `")
    key = path.rstrip("`").removeprefix("$").removeprefix(".")
    return key, complaint[:1].lower() + complaint[1:].replace("`", "")
