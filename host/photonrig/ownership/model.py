"""Ownership of a device: states and transitions, as a pure state machine.

    owner      : none | (user, id) | (customer, id)     a customer owns only devices of the customer's own product
    product    : none | p
    quarantine : none | waiting in p | denied in p      only while the device is in no product

    claim          unowned or the same owner; a sandbox device must be online, a product's device accepts members and
                   customers of that product alone (how strictly, :class:`Terms` says)
    claim by code  as above, but possession of the device overrides another owner
    release        owner := none
    hand over      the owner approved another's request: owner := the other
    change owner   the team names another member or customer: owner := the other, never none in between
    import into q  refused while the device is in another product, or its owner is no member of q
    remove         product := none; a customer's claim ends with it, a user's claim persists
    quarantine     the firmware names a product in which the device was not imported

Every transition returns the new state, or a :class:`Refused` with the reason; the device is then unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from photonrig.particle.cloud_types import Owner

__all__ = [
    "Claimant",
    "DeviceState",
    "Owner",
    "Quarantine",
    "Refusal",
    "Refused",
    "Terms",
    "change_owner",
    "claim",
    "claim_by_code",
    "hand_over",
    "import_into",
    "key_may_be_replaced",
    "quarantine",
    "release",
    "remove",
    "violations",
]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """A device outside the product its firmware names: waiting for approval there, or denied."""

    product: int
    denied: bool = False


@dataclass(frozen=True, slots=True)
class DeviceState:
    """The state that ownership depends on; ``product`` is None for a sandbox device."""

    owner: Owner | None = None
    product: int | None = None
    quarantine: Quarantine | None = None
    platform: int = 6


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims: a customer with the customer's product, or a user with the products whose teams the user is on."""

    owner: Owner
    product: int | None = None
    member_of: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Terms:
    """Conditions of a claim, which differ by era.

    ``product_devices_offline``: a product's device can be claimed while offline; ``members_only``: a user can claim a
    product's device only as a member of its team. ``code_overrides_owner``: a claim code presented by the device
    replaces another owner, because it proves possession.
    """

    product_devices_offline: bool = True
    members_only: bool = True
    code_overrides_owner: bool = True


class Refusal(Enum):
    """Why a transition was refused."""

    OWNED_BY_ANOTHER = "That belongs to someone else."
    OTHER_PRODUCT = "The device is not in the customer's product; import it there first."
    NOT_A_MEMBER = "The device is in a product of which the user is not a team member."
    OFFLINE = "The device is not online; connect it and claim again."
    IN_ANOTHER_PRODUCT = "The device is in another product; remove it from there first."
    WRONG_PLATFORM = "The device is of another platform than the product."
    OWNER_NOT_A_MEMBER = "The device is claimed by a user who is not on the product's team."
    NOT_IN_PRODUCT = "Device not found for this product"
    NAME_TAKEN = "The new owner has a device of the same name; rename one of them first."


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused transition; the device is unchanged."""

    reason: Refusal


def claim(device: DeviceState, by: Claimant, *, online: bool, terms: Terms = Terms()) -> DeviceState | Refused:
    """Claim remotely; claiming one's own device succeeds and changes nothing."""
    if device.owner == by.owner:
        return device
    if device.owner is not None:
        return Refused(Refusal.OWNED_BY_ANOTHER)
    if by.owner.kind == "customer" or terms.members_only:
        refused = _product_refusal(device, by)
        if refused is not None:
            return refused
    if not online and (device.product is None or not terms.product_devices_offline):
        return Refused(Refusal.OFFLINE)
    return replace(device, owner=by.owner)


def claim_by_code(device: DeviceState, by: Claimant, *, terms: Terms = Terms()) -> DeviceState | Refused:
    """Claim by a code that the device itself presented, which proves possession.

    Our choice: any user can take over a sandbox device; a product's device only its customers and team members.
    """
    if device.owner == by.owner:
        return device
    if device.owner is not None and not terms.code_overrides_owner:
        return Refused(Refusal.OWNED_BY_ANOTHER)
    return _product_refusal(device, by) or replace(device, owner=by.owner)


def _product_refusal(device: DeviceState, by: Claimant) -> Refused | None:
    if by.owner.kind == "customer":
        return None if device.product is not None and device.product == by.product else Refused(Refusal.OTHER_PRODUCT)
    if device.product is not None and device.product not in by.member_of:
        return Refused(Refusal.NOT_A_MEMBER)
    return None


def release(device: DeviceState) -> DeviceState:
    """End the claim, whoever holds it; product membership stays. Releasing an unowned device changes nothing."""
    return replace(device, owner=None)


def hand_over(device: DeviceState, to: Claimant) -> DeviceState | Refused:
    """Give a device to the account that requested it from its owner, if it may own it."""
    return _product_refusal(device, to) or replace(device, owner=to.owner)


def change_owner(device: DeviceState, product: int, to: Claimant) -> DeviceState | Refused:
    """Give a product's device to another customer or team member in one transition, without an unowned state."""
    return hand_over(device, to) if device.product == product else Refused(Refusal.NOT_IN_PRODUCT)


def import_into(
    device: DeviceState, product: int, *, platform: int, owner_is_member: bool, claim_for: Owner | None = None
) -> DeviceState | Refused:
    """Import a device, out of quarantine if it waits there; importing it again changes nothing.

    ``claim_for``: the team member who becomes the owner of an unowned device.
    """
    if device.platform != platform:
        return Refused(Refusal.WRONG_PLATFORM)
    if device.product is not None and device.product != product:
        return Refused(Refusal.IN_ANOTHER_PRODUCT)
    if device.product is None and device.owner is not None and not owner_is_member:
        return Refused(Refusal.OWNER_NOT_A_MEMBER)
    return replace(device, product=product, quarantine=None, owner=device.owner or claim_for)


def remove(device: DeviceState, product: int, *, deny: bool = False) -> DeviceState | Refused:
    """Take a device out of a product, or out of its quarantine; ``deny`` refuses a quarantined one for good."""
    if device.quarantine is not None and device.quarantine.product == product:
        return replace(device, quarantine=Quarantine(product, denied=True) if deny else None)
    if device.product != product:
        return Refused(Refusal.NOT_IN_PRODUCT)
    owner = None if device.owner is not None and device.owner.kind == "customer" else device.owner
    return replace(device, product=None, owner=owner)


def quarantine(device: DeviceState, product: int) -> DeviceState:
    """The firmware names ``product``: a device in no product waits there for approval, unless denied before."""
    if device.product is not None or (device.quarantine is not None and device.quarantine.product == product):
        return device
    return replace(device, quarantine=Quarantine(product))


def violations(device: DeviceState, *, product_of_customer: int | None) -> tuple[str, ...]:
    """Invariants a state violates; empty for every reachable state.

    ``product_of_customer`` is the product of the owning customer, None if the owner is no customer.
    """
    found = []
    if device.owner is not None and device.owner.kind == "customer":
        if device.product is None:
            found.append("a customer owns a device that is in no product")
        elif device.product != product_of_customer:
            found.append("a customer owns a device of another product")
    if device.quarantine is not None and device.product is not None:
        found.append("a device is quarantined although it is in a product")
    return tuple(found)


def key_may_be_replaced(device: DeviceState) -> bool:
    """Whether the device's public key may be replaced: not while a customer owns it; release it first."""
    return device.owner is None or device.owner.kind != "customer"
