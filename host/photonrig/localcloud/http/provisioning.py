"""``POST /v1/provisioning/:id``: a device's public key, new or replaced."""

from __future__ import annotations

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.access import subject_of
from photonrig.localcloud.service.cloud import PHOTON_PLATFORM
from photonrig.ownership.model import key_may_be_replaced

__all__ = ["ROUTES"]

_DEVICE_ID = re.compile(r"[0-9a-f]{24}")
_SERIAL_NUMBER = re.compile(r"[0-9A-Za-z]{4,32}")


async def send_key(call: Call) -> Answer:
    """Replace the key of a known device, or, a choice, enrol an unknown one."""
    device_id = call.path("device").lower()
    if not _DEVICE_ID.fullmatch(device_id):
        raise refused(400, "The device id must be 24 hexadecimal digits")
    key = _public_key(call)
    devices = call.cloud.store.devices
    device = devices.get(device_id)
    if device is None:
        call.require(Action.ENROL)
        with call.cloud.store.write():
            devices.add(device_id, key, PHOTON_PLATFORM)
            _note_serial_number(call, device_id)
        return Json("Success!")
    if device.public_key == key and call.allows(Action.ENROL):
        return Json("Success!")
    if not call.allows(Action.DEVICE_KEY, subject_of(device)):
        raise call.refusal(Situation.DEVICE_DENIED)
    if not key_may_be_replaced(device.state):
        raise refused(403, "A customer owns the device; release it, send the key, and claim it back")
    with call.cloud.store.write():
        devices.set_key(device_id, key)
        _note_serial_number(call, device_id)
    call.cloud.devices.disconnect(device_id)
    return Json("Success!")


def _note_serial_number(call: Call, device_id: str) -> None:
    """A field of this cloud alone: the number on the device's label, by which it may then be imported or looked up."""
    serial_number = call.sent.text("serial_number")
    if not serial_number:
        return
    if not _SERIAL_NUMBER.fullmatch(serial_number):
        raise refused(400, "serial_number must be 4 … 32 letters and digits")
    if not call.cloud.store.serial_numbers.state(device_id, serial_number):
        raise refused(400, "Another device has that serial number")


def _public_key(call: Call) -> bytes:
    if (call.sent.text("algorithm") or "rsa") != "rsa":
        raise refused(400, "A Photon's key is of the algorithm rsa")
    try:
        key = serialization.load_pem_public_key((call.sent.text("publicKey") or "").encode())
    except (ValueError, UnsupportedAlgorithm):
        raise refused(400, "publicKey must be a public key in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != 1024:
        raise refused(400, "publicKey must be an RSA key of 1024 bits")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


ROUTES = [route("POST", "/v1/provisioning/{device}", send_key)]
