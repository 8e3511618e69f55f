"""Snapshot of the cloud: devices of all products, customers, webhooks; read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from photonrig.errors import NetworkError
from photonrig.ownership.identities import Account, Whereabouts
from photonrig.particle.cloud import USER, Cloud, product
from photonrig.particle.cloud_errors import ApiError, CloudFailed, RateLimited

T = TypeVar("T")


def patiently(read: Callable[[], T]) -> T:
    """Retry a read when the cloud does not answer, fails or is rate limiting; for requests that change nothing.

    :raises PhotonrigError: it failed eight times
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
class Snapshot:
    """The input of a plan; hooks are "EVENT → URL", the central user's own and the products'."""

    devices: dict[str, Whereabouts]
    customers: frozenset[Account]
    user_hooks: tuple[str, ...]
    product_hooks: dict[int, tuple[str, ...]]


def snapshot(team: Cloud, account: str, products: Iterable[int]) -> Snapshot:
    """Read the products, and the central user's own devices outside products.

    :raises NotFound: there is no such product, or the account is not on its team
    """
    devices: dict[str, Whereabouts] = {}
    customers: set[Account] = set()
    hooks: dict[int, tuple[str, ...]] = {}
    for each in sorted(set(products)):
        for device in patiently(partial(team.devices, product(each))):
            devices[device.id] = Whereabouts.of(device, each)
        customers |= {
            Account.customer(customer.username, each) for customer in patiently(partial(team.customers, each))
        }
        hooks[each] = _hooks(team, f"/v1/products/{each}/integrations")
    for device in patiently(partial(team.devices, USER)):
        if device.id not in devices and device.product_id is None:
            devices[device.id] = Whereabouts(Account.user(account), None, device.online, name=device.name)
    return Snapshot(devices, frozenset(customers), _hooks(team, "/v1/integrations"), hooks)


def _hooks(team: Cloud, path: str) -> tuple[str, ...]:
    try:
        listed = patiently(partial(team.request, "GET", path))
    except ApiError:
        return ()
    entries = listed if isinstance(listed, list) else listed.get("integrations", [])
    return tuple(sorted(f"{hook.get('event')} → {hook.get('url')}" for hook in entries))


def moved(then: Whereabouts | None, now: Whereabouts | None) -> str:
    """The relevant differences between two views of a device, "" if none; None is a device that was not found."""
    if now is None or then is None:
        return "" if now is then else "is not seen any more" if now is None else "is seen now"
    if (now.product, now.quarantined) != (then.product, then.quarantined):
        return f"was in {_place(then)}, is in {_place(now)}"
    if now.owner != then.owner:
        return f"belonged to {then.owner or 'nobody'}, belongs to {now.owner or 'nobody'}"
    return ""


def _place(found: Whereabouts) -> str:
    if found.product is None:
        return "no product"
    return f"{'quarantine of ' if found.quarantined else ''}product {found.product}"
