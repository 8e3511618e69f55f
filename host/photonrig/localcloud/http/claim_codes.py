"""``POST /v1/device_claims`` and its product form: codes for a device that is being set up."""

from __future__ import annotations

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.store.claim_codes import is_chosen
from photonrig.ownership.model import Owner

__all__ = ["ROUTES"]


async def for_user(call: Call) -> Answer:
    """A code that claims for the user who asks; for a cellular device its ``iccid`` or ``imei`` is the code."""
    call.require(Action.USER_CLAIM_CODE)
    return _issue(call, Owner("user", call.user_id))


async def for_customer(call: Call) -> Answer:
    """A code that claims for the customer who asks."""
    call.product(Action.CUSTOMER_CLAIM_CODE)
    # Where a user is not refused, the code claims for a customer with the user's id: nobody.
    return _issue(call, Owner("customer", call.principal.id))


def _issue(call: Call, owner: Owner) -> Answer:
    given = call.sent.text("iccid") or call.sent.text("imei")
    if given is not None and not is_chosen(given):
        raise refused(400, "iccid and imei are 14 … 22 digits")
    with call.cloud.store.write():
        code = call.cloud.store.claim_codes.issue(owner, given)
    if code is None:
        raise refused(*assumptions.CLAIM_CODE_TAKEN.chosen)
    return {"claim_code": code, "device_ids": [device.id for device in call.cloud.store.devices.of_owner(owner)]}


ROUTES = [
    route("POST", "/v1/device_claims", for_user),
    route("POST", "/v1/products/{product}/device_claims", for_customer),
    route("POST", "/v1/orgs/{organization}/products/{product}/device_claims", for_customer),
]
