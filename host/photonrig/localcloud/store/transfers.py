"""Requests of users to be given a device that belongs to another user."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from photonrig.localcloud.store.database import Database

__all__ = ["Transfers"]


class Transfers:
    """Pending requests; they end when the device changes hands."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def request(self, device_id: str, from_user: str, to_user: str) -> str:
        """Ask for a device; asking again returns the id of the pending request."""
        row = self._database.one("SELECT id FROM transfers WHERE device_id = ? AND to_user = ?", device_id, to_user)
        if row is not None:
            return str(row["id"])
        transfer_id = str(uuid.uuid4())
        self._database.change(
            "INSERT INTO transfers (id, device_id, from_user, to_user, created_at) VALUES (?, ?, ?, ?, ?)",
            *(transfer_id, device_id, from_user, to_user, self._now()),
        )
        return transfer_id

    def pending(self, device_id: str) -> list[str]:
        """The ids of the requests for a device."""
        rows = self._database.all("SELECT id FROM transfers WHERE device_id = ? ORDER BY created_at", device_id)
        return [row["id"] for row in rows]

    def cancel_for(self, device_id: str) -> None:
        """The device changed hands: nobody's request stands any longer."""
        self._database.change("DELETE FROM transfers WHERE device_id = ?", device_id)
