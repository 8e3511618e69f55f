"""``POST /v1/devices`` and ``DELETE /v1/devices/:id``: claim and release by the owner.

Claiming has no product form, and takes its data from the body alone.
"""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import ApiError, errors_list
from photonrig.localcloud.http.views import owner_field
from photonrig.ownership.model import Refusal, Refused

__all__ = ["ROUTES"]

_STATUS = {
    Refusal.OWNED_BY_ANOTHER: 403,
    Refusal.OTHER_PRODUCT: 403,
    Refusal.NOT_A_MEMBER: 403,
}


async def claim(call: Call) -> Answer:
    """Claim for the holder of the token, user or customer."""
    call.require(Action.CLAIM)
    device_id = call.body.text("id")
    if not device_id:
        raise errors_list(400, "data.deviceID is empty")
    device = call.cloud.store.devices.get(device_id.lower())
    if device is None:
        raise ApiError(404, {"ok": False, "error": "device not found", "errors": ["device does not exist"]})
    online = call.cloud.devices.online(device.id)
    claimed = call.cloud.custody.claim(device, call.principal, online=online)
    if isinstance(claimed, Refused):
        if claimed.reason is Refusal.OWNED_BY_ANOTHER and call.body.flag("request_transfer"):
            transfer_id = call.cloud.custody.request_transfer(device, call.principal)
            if transfer_id is not None:
                return {"ok": True, "transfer_id": transfer_id}
        if claimed.reason is Refusal.OFFLINE:
            raise ApiError(404, {"ok": False, "error": "Core isn't online", "errors": [["Core isn't online", 404]]})
        raise errors_list(_STATUS[claimed.reason], claimed.reason.value)
    answer: dict[str, object] = {**owner_field(claimed.state.owner), "id": claimed.id, "connected": online, "ok": True}
    if claimed.state.product is not None:
        answer |= {"product_id": claimed.state.product, "updated_at": iso_time(claimed.updated_at)}
    return answer


async def release(call: Call) -> Answer:
    """Release a device of one's own; it stays in its product and keeps its firmware."""
    call.cloud.custody.release(call.device(Action.DEVICE_RELEASE))
    return {"ok": True}


ROUTES = [
    route("POST", "/v1/devices", claim),
    route("DELETE", "/v1/devices/{device}", release),
]
