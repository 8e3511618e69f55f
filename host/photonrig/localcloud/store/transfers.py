"""Requests of users to be given a device that belongs to another user."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.store.database import Database

__all__ = ["Transfer", "Transfers"]


@dataclass(frozen=True, slots=True)
class Transfer:
    """A user's request for another user's device; ``created_at`` in seconds since 1970."""

    id: str
    device_id: str
    from_user: str
    to_user: str
    created_at: float


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

    def get(self, transfer_id: str) -> Transfer | None:
        """The pending request with this id."""
        row = self._database.one("SELECT * FROM transfers WHERE id = ?", transfer_id)
        return None if row is None else Transfer(*row)

    def all(self) -> list[Transfer]:
        """All pending requests, oldest first."""
        return [Transfer(*row) for row in self._database.all("SELECT * FROM transfers ORDER BY created_at")]

    def deny(self, transfer_id: str) -> None:
        """The owner refused."""
        self._database.change("DELETE FROM transfers WHERE id = ?", transfer_id)

    def cancel_of(self, user_id: str) -> None:
        """The user is gone: what was asked of and by the user no longer is."""
        self._database.change("DELETE FROM transfers WHERE from_user = ?1 OR to_user = ?1", user_id)

    def cancel_for(self, device_id: str) -> None:
        """The device changed hands: nobody's request stands any longer."""
        self._database.change("DELETE FROM transfers WHERE device_id = ?", device_id)
