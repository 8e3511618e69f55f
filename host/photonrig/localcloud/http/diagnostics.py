"""``/v1/diagnostics/:id`` and its product form: a device's vitals."""

from __future__ import annotations

import json
from typing import Any

from photonrig.errors import ProtocolError
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.control import Target
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.service.system_events import VITALS
from photonrig.localcloud.service.vitals import payload_of
from photonrig.localcloud.store.vitals import Vitals

__all__ = ["ROUTES"]


async def history(call: Call) -> Answer:
    """The vitals kept of a device, last first."""
    device = Target(call, Action.DEVICE_VITALS, Action.VITALS_GET).now()
    return {"diagnostics": [_shown(vitals) for vitals in call.cloud.store.vitals.of(device.id)]}


async def last(call: Call) -> Answer:
    """The last vitals of a device."""
    device = Target(call, Action.DEVICE_VITALS, Action.VITALS_GET).now()
    reports = call.cloud.store.vitals.of(device.id)
    if not reports:
        raise refused(404, "No vitals were ever reported; POST .../update asks the device")
    return {"diagnostics": _shown(reports[0])}


async def update(call: Call) -> Answer:
    """Ask the device now; a choice: the answer comes once the device has told, and an event with it."""
    target = Target(call, Action.DEVICE_VITALS, Action.VITALS_UPDATE)
    device = target.now()
    permit = target.permit(device)
    try:
        permit()
        metrics = await call.cloud.devices.metrics(device.id, permit)
        permit()
    except (DeviceOffline, DeviceTimeout):
        raise refused(408, "Timed out.") from None
    except ProtocolError as error:
        raise refused(502, f"The device reports no vitals: {error}") from None
    payload = payload_of(metrics)
    with call.cloud.store.write():
        call.cloud.store.vitals.add(device.id, payload)
    call.cloud.say(device.id, VITALS.name, json.dumps(payload))
    return {"ok": True}


def _shown(vitals: Vitals) -> dict[str, Any]:
    return {"deviceID": vitals.device_id, "updated_at": iso_time(vitals.updated_at), "payload": vitals.payload}


_FORMS = ("/v1/diagnostics/{device}", "/v1/products/{product}/diagnostics/{device}")

ROUTES = [
    *(route("GET", form, history) for form in _FORMS),
    *(route("GET", f"{form}/last", last) for form in _FORMS),
    *(route("POST", f"{form}/update", update) for form in _FORMS),
]
