"""Compiled firmware available for download."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database

BINARY_SECONDS = 24 * 3600


class Binaries:
    """Binaries by id, kept for a day."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def keep(self, user_id: str, image: bytes) -> tuple[str, float]:
        """Keep a binary for its user; returns id and expiry. Deletes expired ones."""
        now = self._now()
        binary_id = new_id()
        self._database.change("DELETE FROM binaries WHERE expires_at < ?", now)
        self._database.change(
            "INSERT INTO binaries (id, user_id, image, expires_at) VALUES (?, ?, ?, ?)",
            *(binary_id, user_id, image, now + BINARY_SECONDS),
        )
        return binary_id, now + BINARY_SECONDS

    def get(self, binary_id: str, user_id: str) -> bytes | None:
        """A user's binary, if not expired."""
        row = self._database.one(
            "SELECT image FROM binaries WHERE id = ? AND user_id = ? AND expires_at > ?",
            *(binary_id, user_id, self._now()),
        )
        return None if row is None else bytes(row["image"])
