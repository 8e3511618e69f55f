"""One device on its way through a flow: what is planned, who can act, what was learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import UsageError
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.identities import Account, Identities, Whereabouts
from photonrig.particle.cloud_errors import NotFound

__all__ = ["FlowContext", "Plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a flow is to do with one device: give it ``to`` an account, move it ``into`` another product.

    ``product`` is the one it is in, None for a device outside products. Nothing of a plan is secret.
    """

    flow: str
    device: str
    product: int | None = None
    to: Account | None = None
    into: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Fields for a journal."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Plan:
        """What :meth:`as_json` gave, through JSON and back."""
        return cls(**fields | {"to": Account.from_json(fields["to"])})


@dataclass(slots=True)
class FlowContext:
    """Shared by the steps of one flow.

    ``facts`` is what they learned, and is journaled:

    former    account that owned the device when the flow began, None if nobody did
    holder    account that owns it by the flow's own knowledge
    product   product it is in by the flow's own knowledge
    online    whether it was online when the flow began
    transfer  id of a request for transfer
    code      time of day when the device was given a claim code
    before …  account that owned it before the change of owner of that name
    """

    plan: Plan
    keys: Identities
    in_hand: DeviceInHand | None = None
    clock: Clock = SYSTEM
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def device(self) -> str:
        """The device's id."""
        return self.plan.device

    @property
    def to(self) -> Account:
        """Whom the plan gives the device to.

        :raises UsageError: it names nobody
        """
        if self.plan.to is None:
            raise UsageError(f"the plan of {self.plan.flow} names no new owner", device=self.device)
        return self.plan.to

    @property
    def into(self) -> int:
        """The product the plan moves the device to.

        :raises UsageError: it names none
        """
        if self.plan.into is None:
            raise UsageError(f"the plan of {self.plan.flow} names no product to move to", device=self.device)
        return self.plan.into

    @property
    def product(self) -> int:
        """The product the device is in.

        :raises UsageError: it is in none
        """
        product = self.facts.get("product")
        if product is None:
            raise UsageError("the device is in no product", device=self.device)
        return int(product)

    def account(self, fact: str) -> Account | None:
        """An account among the facts."""
        return Account.from_json(self.facts.get(fact))

    def look(self) -> Whereabouts:
        """Ask the cloud where the device is now.

        A device outside products shows itself to its owner alone: to everybody else it is nobody's.

        :raises NotFound: the plan's products do not know it, nor has the new, the central or the former user it
        """
        products = [each for each in (self.plan.product, self.plan.into) if each is not None]
        return self.keys.find(self.device, products, [self.plan.to, self.keys.central, self.account("former")])

    def look_for_product(self) -> int | None:
        """Ask the cloud which of the plan's products has the device now; None: neither, whoever owns it."""
        try:
            return self.look().product
        except NotFound:
            return None
