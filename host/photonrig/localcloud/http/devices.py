"""``GET /v1/devices`` and ``GET /v1/devices/:id``: one's own devices."""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.views import device_view

__all__ = ["ROUTES"]


async def list_devices(call: Call) -> Answer:
    """The devices claimed to the caller, last seen first."""
    call.require(Action.LIST_OWN_DEVICES)
    owner = call.principal.owner
    assert owner is not None
    devices = call.cloud.store.devices.of_owner(owner)
    devices.sort(key=lambda device: call.cloud.presence.of(device.id).last_handshake_at or 0.0, reverse=True)
    return [device_view(call.cloud, device) for device in devices]


async def show(call: Call) -> Answer:
    """One device."""
    device = call.device(Action.DEVICE_GET)
    if call.cloud.reachable(device):
        await call.cloud.presence.description(device.id)
    return device_view(call.cloud, call.device(Action.DEVICE_GET))


ROUTES = [
    route("GET", "/v1/devices", list_devices),
    route("GET", "/v1/devices/{device}", show),
]
