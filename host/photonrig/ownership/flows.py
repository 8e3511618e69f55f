"""How a device changes owner without being lost: look first, act, prove, and undo what cannot be finished."""

from __future__ import annotations

import time
from dataclasses import dataclass

from photonrig.errors import CloudError, ExpectationFailed, NetworkError, UsageError
from photonrig.particle.cloud import USER, Cloud, Owner, Scope

__all__ = ["DeviceUnowned", "Transfer", "transfer_to_customer"]


class DeviceUnowned(CloudError):
    """A transfer stopped half way and could not be undone: the device is nobody's, but still in its product.

    It stays online and claimable; claim it with the customer's token, or import it again with ``claim_user``.
    """


@dataclass(frozen=True, slots=True)
class Transfer:
    """A finished transfer; ``unowned_seconds`` is how long the device was nobody's."""

    device: str
    new_owner: Owner
    unowned_seconds: float


def transfer_to_customer(
    device: str,
    *,
    team: Cloud,
    product: Scope,
    customer: Cloud,
    former_owner: Cloud | None = None,
    release_as: Cloud | None = None,
) -> Transfer:
    """Give a product's device to a customer of that product, remotely.

    The device is released through the product (or by its owner's own token, ``release_as``) and claimed with the
    customer's token at once. If the claim fails, ``former_owner`` claims it back.

    :raises UsageError: the device is not in the product; nothing was changed
    :raises ApiError: the cloud refused, and the device is its former owner's again
    :raises DeviceUnowned: the cloud refused, and there was no former owner to give it back to
    :raises ExpectationFailed: the cloud said yes, and its device list says otherwise
    """
    before = team.device(device, product)
    if before.product_id is None:
        raise UsageError(f"the device waits in quarantine; import it into product {product.product}", device=device)
    if release_as is None:
        team.release(device, product)
    else:
        release_as.release(device, USER)
    released = time.monotonic()
    try:
        owner = _claim(device, customer)
    except (CloudError, NetworkError) as error:
        _give_back(device, former_owner, error)
        raise
    window = time.monotonic() - released
    if owner is None or owner.kind != "customer" or device not in {each.id for each in customer.devices()}:
        raise ExpectationFailed(f"claimed, but the cloud names {owner} as owner", device=device)
    return Transfer(device, owner, window)


def _claim(device: str, customer: Cloud) -> Owner | None:
    try:
        return customer.claim(device)
    except NetworkError:
        # The answer was lost, and nobody knows whether the request was: claiming what one owns succeeds again.
        return customer.claim(device)


def _give_back(device: str, former_owner: Cloud | None, why: Exception) -> None:
    if former_owner is None:
        raise DeviceUnowned(f"the claim failed after the release: {why}", device=device) from why
    try:
        former_owner.claim(device)
    except (CloudError, NetworkError) as again:
        raise DeviceUnowned(
            f"the claim failed after the release: {why}; nor could it be given back: {again}", device=device
        ) from why
