"""What the cloud says of a fleet, read once: devices of all products, customers, webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from photonrig.errors import NetworkError
from photonrig.ownership.identities import Account
from photonrig.particle.cloud import USER, Cloud, CloudDevice, product
from photonrig.particle.cloud_errors import ApiError, CloudFailed, RateLimited

__all__ = ["Found", "Snapshot", "patiently", "snapshot"]

T = TypeVar("T")


def patiently(read: Callable[[], T]) -> T:
    """Read something, and again when the cloud does not answer, is broken or asks for time; for what changes nothing.

    :raises PhotonrigError: it went wrong eight times
    """
    for attempt in Retrying(
        retry=retry_if_exception_type((NetworkError, CloudFailed, RateLimited)),
        stop=stop_after_attempt(8),
        wait=wait_random_exponential(0.1, max=20),
        reraise=True,
    ):
        with attempt:
            result = read()
    return result


@dataclass(frozen=True, slots=True)
class Found:
    """Where a device is now; ``firmware`` is its product version."""

    product: int | None
    owner: Account | None
    online: bool
    quarantined: bool = False
    firmware: int | None = None
    name: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Fields for a plan."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Found:
        """What :meth:`as_json` gave."""
        return cls(**fields | {"owner": Account.from_json(fields["owner"])})

    def moved_since(self, then: Found) -> str | None:
        """What of importance differs from an earlier look; None if nothing does."""
        if self.product != then.product or self.quarantined != then.quarantined:
            return f"was in {_place(then)}, is in {_place(self)}"
        if self.owner != then.owner:
            return f"belonged to {then.owner or 'nobody'}, belongs to {self.owner or 'nobody'}"
        return None


def _place(found: Found) -> str:
    if found.product is None:
        return "no product"
    return f"{'quarantine of ' if found.quarantined else ''}product {found.product}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a plan is made from; hooks are "EVENT → URL", the central user's own and the products'."""

    devices: dict[str, Found]
    customers: frozenset[Account]
    user_hooks: tuple[str, ...]
    product_hooks: dict[int, tuple[str, ...]]


def snapshot(team: Cloud, account: str, products: Iterable[int]) -> Snapshot:
    """Read the products, and the central user's own devices outside products.

    :raises NotFound: there is no such product, or the account is not on its team
    """
    devices: dict[str, Found] = {}
    customers: set[Account] = set()
    hooks: dict[int, tuple[str, ...]] = {}
    for each in sorted(set(products)):
        for device in patiently(partial(team.devices, product(each))):
            devices[device.id] = _found(device, each)
        customers |= {
            Account.customer(customer.username, each) for customer in patiently(partial(team.customers, each))
        }
        hooks[each] = _hooks(team, f"/v1/products/{each}/integrations")
    for device in patiently(partial(team.devices, USER)):
        if device.id not in devices and device.product_id is None:
            devices[device.id] = Found(None, Account.user(account), device.online, name=device.name)
    return Snapshot(devices, frozenset(customers), _hooks(team, "/v1/integrations"), hooks)


def _found(device: CloudDevice, product_id: int) -> Found:
    owner = None
    if device.owned:
        kind = "user" if device.owner is None else device.owner.kind
        name = device.owner_name or (device.owner.id if device.owner is not None else "")
        owner = Account(kind, name.lower(), product_id if kind == "customer" else None)
    waits = bool(device.raw.get("quarantined") or device.raw.get("denied"))
    return Found(product_id, owner, device.online, waits, device.firmware_version, device.name)


def _hooks(team: Cloud, path: str) -> tuple[str, ...]:
    try:
        listed = patiently(partial(team.request, "GET", path))
    except ApiError:
        return ()
    entries = listed if isinstance(listed, list) else listed.get("integrations", [])
    return tuple(sorted(f"{hook.get('event')} → {hook.get('url')}" for hook in entries))
