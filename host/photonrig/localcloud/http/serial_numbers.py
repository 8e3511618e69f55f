"""``GET /v1/serial_numbers/:sn``: which device a label belongs to."""

from __future__ import annotations

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.rate_limits import too_many
from photonrig.localcloud.service.cloud import PHOTON_PLATFORM
from photonrig.localcloud.service.rates import SERIAL_NUMBERS

__all__ = ["ROUTES"]


async def look_up(call: Call) -> Answer:
    """The device with a serial number; known are those that were stated when a key was sent."""
    call.require(Action.SERIAL_NUMBER)
    if call.cloud.rates is not None and (wait := call.cloud.rates.take(SERIAL_NUMBERS, call.principal.id)):
        return too_many(wait)
    device_id = call.cloud.store.serial_numbers.device(call.path("serial_number"))
    if device_id is None:
        raise refused(404, "Serial number not found")
    return {"ok": True, "deviceID": device_id, "platform_id": PHOTON_PLATFORM, "iccid": None}


ROUTES = [route("GET", "/v1/serial_numbers/{serial_number}", look_up)]
