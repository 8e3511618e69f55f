"""``POST /v1/devices`` and ``DELETE /v1/devices/:id``: claim and release by the owner.

Claiming has no product form, and takes its data from the body alone.
"""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.views import owner_field
from photonrig.localcloud.service.events import iso_time
from photonrig.ownership.model import Refusal, Refused

__all__ = ["ROUTES"]

_REFUSED = {
    Refusal.OWNED_BY_ANOTHER: Situation.CLAIM_FOREIGN,
    Refusal.OTHER_PRODUCT: Situation.CLAIM_OTHER_PRODUCT,
    Refusal.NOT_A_MEMBER: Situation.CLAIM_NOT_A_MEMBER,
    Refusal.OFFLINE: Situation.CLAIM_OFFLINE,
}


async def claim(call: Call) -> Answer:
    """Claim for the holder of the token, user or customer."""
    call.require(Action.CLAIM)
    device_id = call.sent.text("id")
    if not device_id:
        raise call.refusal(Situation.CLAIM_WITHOUT_ID)
    device = call.cloud.store.devices.get(device_id.lower())
    if device is None:
        raise call.refusal(Situation.CLAIM_UNKNOWN)
    online = call.cloud.devices.online(device.id)
    claimed = call.cloud.ownership.claim(device, call.principal, online=online)
    if isinstance(claimed, Refused):
        if claimed.reason is Refusal.OWNED_BY_ANOTHER and call.sent.flag("request_transfer"):
            transfer_id = call.cloud.ownership.request_transfer(device, call.principal)
            if transfer_id is not None:
                return {"ok": True, "transfer_id": transfer_id}
        raise call.refusal(_REFUSED[claimed.reason])
    answer: dict[str, object] = {**owner_field(claimed.state.owner), "id": claimed.id, "connected": online, "ok": True}
    if claimed.state.product is not None:
        answer |= {"product_id": claimed.state.product, "updated_at": iso_time(claimed.updated_at)}
    return answer


async def release(call: Call) -> Answer:
    """Release a device of one's own; it stays in its product and keeps its firmware."""
    call.cloud.ownership.release(call.device(Action.DEVICE_RELEASE))
    return {"ok": True}


ROUTES = [
    route("POST", "/v1/devices", claim),
    route("DELETE", "/v1/devices/{device}", release),
]
