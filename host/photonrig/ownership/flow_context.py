"""Context of a flow on one device: its plan, identities, and facts learned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import UsageError
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.identities import Account, Identities, Whereabouts
from photonrig.particle.cloud_errors import NotFound


class Plan(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A flow on one device: give it ``to`` an account, move it ``into`` another product.

    ``product``: its current one, None outside products; ``imports``: import a device first that is outside products, in
    quarantine or not found. ``name``: its new name, given only to a device that is ``known_as`` so, or to any if that
    is None. Contains no secrets.
    """

    flow: str
    device: str
    product: int | None = None
    to: Account | None = None
    into: int | None = None
    imports: bool = False
    name: str | None = None
    known_as: str | None = None


@dataclass(slots=True)
class FlowContext:
    """Shared by the steps of one flow.

    ``facts`` are journaled:

        former    owner when the flow began, None if unowned
        holder    owner as far as the flow knows
        product   product as far as the flow knows
        online    whether it was online when the flow began
        name      its name when the flow began
        outside   owner outside products, if it is imported first
        transfer  id of a request for transfer
        code      time of day when the device was given a claim code
        before …  owner before the change of owner of that name
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
        """The plan's new owner.

        :raises UsageError: it names none
        """
        if self.plan.to is None:
            raise UsageError(f"the plan of {self.plan.flow} names no new owner", device=self.device)
        return self.plan.to

    @property
    def into(self) -> int:
        """The plan's new product.

        :raises UsageError: it names none
        """
        if self.plan.into is None:
            raise UsageError(f"the plan of {self.plan.flow} names no product to move to", device=self.device)
        return self.plan.into

    @property
    def product(self) -> int:
        """The device's product.

        :raises UsageError: it is in none
        """
        product = self.facts.get("product")
        if product is None:
            raise UsageError("the device is in no product", device=self.device)
        return int(product)

    def account(self, fact: str) -> Account | None:
        """An account of the facts."""
        return Account.from_json(self.facts.get(fact))

    def look(self) -> Whereabouts:
        """Where the cloud has the device now.

        Outside products only the owner sees a device; to others it looks unowned.

        :raises NotFound: unknown to the plan's products, and to the new, the central and the former user
        """
        products = [each for each in (self.plan.product, self.plan.into) if each is not None]
        return self.keys.find(self.device, products, [self.plan.to, self.keys.central, self.account("former")])

    def look_for_product(self) -> int | None:
        """Which of the plan's products has the device now; None: neither, whoever owns it."""
        try:
            return self.look().product
        except NotFound:
            return None
