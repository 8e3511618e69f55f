"""``POST /v1/provisioning/:id``: a device's public key; ``GET /v1/serial_numbers/:sn``: device by serial number."""

from __future__ import annotations

from msgspec import field

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.rate_limits import too_many
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM, parse_device_id, parse_public_key
from photonrig.localcloud.service.rates import SERIAL_NUMBERS
from photonrig.localcloud.service.refusal import invalid


class Key(Fields):
    """A key in PEM; other fields are ignored.

    ``serial_number`` is this cloud's own: the number on the label, by which the device can be imported and looked up.
    """

    MISSING = "publicKey must be a public key in PEM"
    KINDS = ("form", "json")

    public_key: str = field(name="publicKey")
    algorithm: str = "rsa"
    serial_number: str | None = None
    device_id: str | None = field(name="deviceID", default=None)
    filename: str | None = None
    order: str | None = None
    product_id: str | None = None


async def send_key(call: Call[Key]) -> Answer:
    """Replace the key of a known device, or enrol an unknown one (a choice)."""
    device_id, sent = parse_device_id(call.path("device")), call.body
    if (sent.algorithm or "rsa") != "rsa":
        raise invalid("A Photon's key is of the algorithm rsa")
    call.cloud.provisioning.enrol(call.principal, device_id, parse_public_key(sent.public_key), sent.serial_number)
    return Json("Success!")


async def look_up(call: Call) -> Answer:
    """Show the device with a serial number, if it was sent with its key."""
    call.require(Action.SERIAL_NUMBER)
    if call.cloud.rates is not None and (wait := call.cloud.rates.take(SERIAL_NUMBERS, call.principal.id)):
        return too_many(wait)
    device_id = call.cloud.devices.with_serial_number(call.path("serial_number"))
    return {"ok": True, "deviceID": device_id, "platform_id": PHOTON_PLATFORM, "iccid": None}


ROUTES = [
    route("POST", "/v1/provisioning/{device}", send_key, body=Key),
    route("GET", "/v1/serial_numbers/{serial_number}", look_up),
]
