"""Change of owner or product: the verdict on each device, its flow there, and its flow back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from msgspec.structs import replace

from photonrig.fleet.snapshot import moved
from photonrig.fleet.transfer import Transfer, Verdict
from photonrig.fleet.witness import Witness
from photonrig.ownership.engine import Journal as FlowJournal
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities, Offers, Whereabouts
from photonrig.ownership.proof import Proof


@dataclass(frozen=True, slots=True)
class Permit:
    """What a plan may do beyond moving the central user's devices."""

    allow_customer: bool = False
    approve_quarantined: bool = False
    import_unknown: bool = False


@dataclass(frozen=True, slots=True)
class OwnerChange:
    """The change for the user ``central``, on a cloud with these ``offers``."""

    central: Account
    offers: Offers
    permit: Permit = Permit()

    def planned(self, transfer: Transfer, found: Whereabouts | None) -> Transfer:
        """The transfer with its product and verdict; a device already in ``into`` changes no product."""
        product = transfer.product or (None if found is None else found.product)
        into = None if transfer.into == product else transfer.into
        drafted = replace(transfer, product=product, into=into, found=found)
        return replace(drafted, verdict=self._verdict(drafted, found))

    def _verdict(self, transfer: Transfer, found: Whereabouts | None) -> Verdict:
        to, into, permit = transfer.to, transfer.into, self.permit
        if found is None:
            meant = transfer.product is not None and (to or into)
            return "import" if permit.import_unknown and meant else "unknown"
        if found.quarantined:
            return "import" if permit.approve_quarantined else "quarantined"
        if found.product not in (None, transfer.product):
            return "elsewhere"
        if transfer.product is None:
            return "unknown"
        owner = found.owner
        if into is None and (to is None or owner == to):
            return "already right"
        if owner is not None and owner.kind == "user" and owner != self.central:
            return "foreign"
        theirs = owner is not None and owner.kind == "customer" and owner.name != (to or owner).name
        if theirs and not permit.allow_customer:
            return "other customer"
        if found.product is None:
            return "import"
        if not found.online and not self.offers.claims_offline:
            return "offline"
        return "transfer" if into is None else "change product"

    def arrived(self, transfer: Transfer, now: Whereabouts) -> bool:
        """Whether it is in its product and belongs to its owner."""
        return not now.quarantined and (now.product, now.owner) == (transfer.ends_in, transfer.ends_with)

    def as_found(self, transfer: Transfer, now: Whereabouts | None) -> bool:
        """Whether it is as found, or already imported with its former owner."""
        if not moved(transfer.found, now):
            return True
        if not transfer.imports or now is None or now.quarantined or now.product != transfer.product:
            return False
        owners = {None, self.central} if transfer.found is None else {transfer.found.owner}
        if transfer.forward is not None and "former" in transfer.forward.facts:
            owners.add(Account.from_json(transfer.forward.facts["former"]))
        return now.owner in owners

    def prepare(self) -> None:
        """Nothing is needed."""

    def forward(
        self, transfer: Transfer, keys: Identities, progress: Progress | None, journal: FlowJournal
    ) -> Progress:
        """Flow there: import and name where needed, then to the customer or product."""
        plan = Plan(
            "to-customer" if transfer.into is None else "change-product",
            transfer.device,
            transfer.product,
            transfer.to,
            transfer.into,
            imports=transfer.imports,
            name=transfer.name,
        )
        return take(plan, keys, progress=progress, journal=journal)

    def back(self, transfer: Transfer, keys: Identities, progress: Progress | None, journal: FlowJournal) -> Progress:
        """Flow back to the former owner, with the former name unless someone renamed it since."""
        assert transfer.forward is not None
        facts = transfer.forward.facts
        former, outside = Account.from_json(facts.get("former")), Account.from_json(facts.get("outside"))
        at, into = transfer.product, None
        if transfer.into is not None:
            flow, at, into = "change-product", transfer.into, transfer.product
        elif outside is not None:
            flow = "to-developer"
        elif former is None:
            flow = "release"
        else:
            flow = "to-user" if former.kind == "user" else "to-customer"
        name = None if transfer.name is None else facts.get("name") or None
        plan = Plan(flow, transfer.device, at, former, into, name=name, known_as=transfer.name)
        return take(plan, keys, progress=progress, journal=journal)

    def proofs(self, transfer: Transfer, now: Whereabouts, witness: Witness) -> Iterable[Proof]:
        """Product and owner by the product's record, and the customer's own view."""
        owner = transfer.ends_with
        yield Proof("it is in its product", now.product == transfer.ends_in, f"product {now.product}")
        kept = owner is None or owner.kind == "user"
        name = "its owner has kept it" if kept else "it belongs to the customer"
        yield Proof(name, now.owner == owner, str(now.owner or "nobody"))
        if owner is not None and not kept:
            yield from witness.belongs(transfer.device, now, owner)
