"""Serial numbers of devices, as printed on their labels, where sent to the cloud."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class _Label:
    serial_number: str
    device_id: str


class SerialNumbers:
    """Upper-case serial numbers by device, and devices by serial number."""

    def __init__(self, database: Database) -> None:
        self._rows = Rows(database, "serial_numbers", _Label)

    def of(self, device_id: str) -> str | None:
        """The serial number of a device."""
        label = self._rows.get(device_id=device_id)
        return None if label is None else label.serial_number

    def device(self, serial_number: str) -> str | None:
        """The id of the device with a serial number, case-insensitive."""
        label = self._rows.get(serial_number=serial_number.strip().upper())
        return None if label is None else label.device_id

    def state(self, device_id: str, serial_number: str) -> bool:
        """Set a device's serial number; False if it is another device's."""
        number = serial_number.strip().upper()
        if self.of(device_id) is None:
            return self._rows.add(_Label(number, device_id))
        return self._rows.update({"device_id": device_id}, serial_number=number)
