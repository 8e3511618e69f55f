"""``POST /v1/device_claims`` and its product form: codes for a device that is being set up."""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route

__all__ = ["ROUTES"]


async def for_user(call: Call) -> Answer:
    """A code that claims for the user who asks."""
    call.require(Action.USER_CLAIM_CODE)
    return _issue(call)


async def for_customer(call: Call) -> Answer:
    """A code that claims for the customer who asks."""
    call.product(Action.CUSTOMER_CLAIM_CODE)
    return _issue(call)


def _issue(call: Call) -> Answer:
    owner = call.principal.owner
    assert owner is not None
    with call.cloud.store.write():
        code = call.cloud.store.claim_codes.issue(owner)
    return {"claim_code": code, "device_ids": [device.id for device in call.cloud.store.devices.of_owner(owner)]}


ROUTES = [
    route("POST", "/v1/device_claims", for_user),
    route("POST", "/v1/products/{product}/device_claims", for_customer),
]
