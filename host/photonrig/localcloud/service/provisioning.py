"""Enrolment: a device's public key, new or replaced, and the serial number on its label."""

from __future__ import annotations

import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.localcloud.eras import Action, Era, Principal
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.access import Access, subject_of
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.refusal import ServiceRefusal, forbidden, invalid
from photonrig.localcloud.store import Store
from photonrig.ownership.model import key_may_be_replaced

PHOTON_PLATFORM = 6

_DEVICE_ID = re.compile(r"[0-9a-f]{24}")
_SERIAL_NUMBER = re.compile(r"[0-9A-Za-z]{4,32}")


class ProvisioningService:
    """Enrols devices."""

    def __init__(self, store: Store, era: Era, access: Access, link: DeviceLink) -> None:
        self._store = store
        self._era = era
        self._access = access
        self._link = link

    def enrol(self, by: Principal, device_id: str, key: bytes, serial_number: str | None) -> None:
        """Replace the key of a known device, or enrol an unknown one (a choice); ``key`` in DER.

        :raises ServiceRefusal: not allowed, owned by a customer, or the serial number is another device's
        """
        devices = self._store.devices
        device = devices.get(device_id)
        if device is None:
            self._access.require(by, Action.ENROL)
            with self._store.write():
                devices.add(device_id, key, PHOTON_PLATFORM)
                self._note_serial_number(device_id, serial_number)
            return
        if device.public_key == key and self._era.allows(by, Action.ENROL):
            return
        if not self._era.allows(by, Action.DEVICE_KEY, subject_of(device)):
            raise ServiceRefusal(Situation.DEVICE_DENIED)
        if not key_may_be_replaced(device.state):
            raise forbidden("A customer owns the device; release it, send the key, and claim it back")
        with self._store.write():
            devices.set_key(device_id, key)
            self._note_serial_number(device_id, serial_number)
        self._link.hub.disconnect(device_id)

    def _note_serial_number(self, device_id: str, serial_number: str | None) -> None:
        if not serial_number:
            return
        if not _SERIAL_NUMBER.fullmatch(serial_number):
            raise invalid("serial_number must be 4 … 32 letters and digits")
        if not self._store.serial_numbers.state(device_id, serial_number):
            raise invalid("Another device has that serial number")


def parse_device_id(text: str) -> str:
    """Normalize a device id.

    :raises ServiceRefusal: not a device id
    """
    if not _DEVICE_ID.fullmatch(text.lower()):
        raise invalid("The device id must be 24 hexadecimal digits")
    return text.lower()


def parse_public_key(pem: str) -> bytes:
    """Convert a Photon's public key from PEM to DER.

    :raises ServiceRefusal: not such a key
    """
    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise invalid("publicKey must be a public key in PEM") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != 1024:
        raise invalid("publicKey must be an RSA key of 1024 bits")
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
