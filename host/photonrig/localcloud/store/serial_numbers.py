"""Serial numbers of devices, as printed on their labels, where sent to the cloud."""

from __future__ import annotations

import sqlite3

from photonrig.localcloud.store.database import Database


class SerialNumbers:
    """Upper-case serial numbers by device, and devices by serial number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, device_id: str) -> str | None:
        """The serial number of a device."""
        row = self._database.one("SELECT serial_number FROM serial_numbers WHERE device_id = ?", device_id)
        return None if row is None else str(row["serial_number"])

    def device(self, serial_number: str) -> str | None:
        """The id of the device with a serial number, case-insensitive."""
        row = self._database.one(
            "SELECT device_id FROM serial_numbers WHERE serial_number = ?", serial_number.strip().upper()
        )
        return None if row is None else str(row["device_id"])

    def state(self, device_id: str, serial_number: str) -> bool:
        """Set a device's serial number; False if it is another device's."""
        try:
            self._database.change(
                "INSERT INTO serial_numbers (device_id, serial_number) VALUES (?, ?)"
                " ON CONFLICT (device_id) DO UPDATE SET serial_number = excluded.serial_number",
                *(device_id, serial_number.strip().upper()),
            )
        except sqlite3.IntegrityError:
            return False
        return True
