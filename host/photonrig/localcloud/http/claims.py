"""Claim codes, claims, and releases by the owner.

POST   /v1/device_claims and its product form     a claim code, for set-up of a device
POST   /v1/devices                                claim; no product form, the id in the body only
DELETE /v1/devices/:id                            release
"""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.views import owner_field
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.ownership.model import Owner


class CodeRequest(Fields):
    """For a cellular device, the number that becomes its code."""

    iccid: str | None = None
    imei: str | None = None


class CustomerCodeRequest(CodeRequest):
    """``activation_code`` is accepted from clients and ignored."""

    activation_code: str | None = None


class Asking(Fields):
    """``request_transfer`` in the address, as the refusal of another's device says."""

    request_transfer: bool = False


class Claim(Fields):
    """A device by id; ``request_transfer`` requests it from its owner."""

    id: str
    request_transfer: bool = False

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """Refusal of a claim without a device."""
        return ServiceRefusal(Situation.CLAIM_WITHOUT_ID)


async def code_for_user(call: Call[CodeRequest]) -> Answer:
    """Issue a claim code for the user; a cellular device's ``iccid`` or ``imei`` is its code."""
    call.require(Action.USER_CLAIM_CODE)
    return _code(call, Owner("user", call.user_id))


async def code_for_customer(call: Call[CodeRequest]) -> Answer:
    """Issue a claim code for the customer."""
    call.product(Action.CUSTOMER_CLAIM_CODE)
    # Where a user is allowed, the code claims for a customer with the user's id, which matches no account.
    return _code(call, Owner("customer", call.principal.id))


def _code(call: Call[CodeRequest], owner: Owner) -> Answer:
    code = call.cloud.ownership.issue_code(owner, call.body.iccid or call.body.imei)
    return {"claim_code": code, "device_ids": sorted(device.id for device in call.cloud.devices.of_owner(owner))}


async def claim(call: Call[Claim, Asking]) -> Answer:
    """Claim a device for the token's user or customer."""
    call.require(Action.CLAIM)
    device_id = call.body.id
    online = call.cloud.link.hub.online(device_id.lower())
    asks = call.body.request_transfer or call.query.request_transfer
    claimed = call.cloud.ownership.claim(device_id, call.principal, online=online, request_transfer=asks)
    if isinstance(claimed, str):
        return {"ok": True, "transfer_id": claimed}
    answer: dict[str, object] = {**owner_field(claimed.state.owner), "id": claimed.id, "connected": online, "ok": True}
    if claimed.state.product is not None:
        answer |= {"product_id": claimed.state.product, "updated_at": iso_time(claimed.updated_at)}
    return answer


async def release(call: Call) -> Answer:
    """Release a device; it stays in its product and keeps its firmware."""
    call.cloud.ownership.release(call.named(Action.DEVICE_RELEASE, Action.PRODUCT_RELEASE)())
    return {"ok": True}


_PRODUCTS = ("/v1/products/{product}", "/v1/orgs/{organization}/products/{product}")

ROUTES = [
    route("POST", "/v1/device_claims", code_for_user, body=CodeRequest),
    *(route("POST", f"{of}/device_claims", code_for_customer, body=CustomerCodeRequest) for of in _PRODUCTS),
    route("POST", "/v1/devices", claim, body=Claim, query=Asking),
    route("DELETE", "/v1/devices/{device}", release),
]
