"""``/v1/diagnostics/:id`` and its product form: a device's vitals."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.service.records import Vitals
from photonrig.localcloud.service.refusal import unknown


async def history(call: Call) -> Answer:
    """List the stored vitals of a device, newest first."""
    return {"diagnostics": [_shown(vitals) for vitals in _kept(call)]}


async def last(call: Call) -> Answer:
    """Show the last vitals of a device."""
    kept = _kept(call)
    if not kept:
        raise unknown("No vitals were ever reported; POST .../update asks the device")
    return {"diagnostics": _shown(kept[0])}


async def update(call: Call) -> Answer:
    """Request vitals from the device; a choice: the answer waits for the device and comes with an event."""
    await call.cloud.diagnostics.ask(call.named(Action.DEVICE_VITALS, Action.VITALS_UPDATE))
    return {"ok": True}


def _kept(call: Call) -> list[Vitals]:
    return call.cloud.diagnostics.of(call.named(Action.DEVICE_VITALS, Action.VITALS_GET)())


def _shown(vitals: Vitals) -> dict[str, Any]:
    return {"deviceID": vitals.device_id, "updated_at": iso_time(vitals.updated_at), "payload": vitals.payload}


_FORMS = ("/v1/diagnostics/{device}", "/v1/products/{product}/diagnostics/{device}")

ROUTES = [
    *(route("GET", form, history) for form in _FORMS),
    *(route("GET", f"{form}/last", last) for form in _FORMS),
    *(route("POST", f"{form}/update", update) for form in _FORMS),
]
