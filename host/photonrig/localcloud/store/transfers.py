"""Transfer requests: users' requests for devices of other users."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Transfer:
    """A user's request for another user's device; ``created_at`` in Unix seconds."""

    id: str
    device_id: str
    from_user: str
    to_user: str
    created_at: float


class Transfers(Rows[Transfer]):
    """Pending requests; they end when the device changes owner."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "transfers", Transfer)
        self._now = now

    def request(self, device_id: str, from_user: str, to_user: str) -> str:
        """Create a request; repeated, returns the id of the pending one."""
        transfer = self.get(device_id=device_id, to_user=to_user)
        if transfer is None:
            transfer = Transfer(str(uuid.uuid4()), device_id, from_user, to_user, self._now())
            self.add(transfer)
        return transfer.id

    def cancel_of(self, user_id: str) -> None:
        """End the requests by and to a deleted user."""
        self.database.change("DELETE FROM transfers WHERE from_user = ?1 OR to_user = ?1", user_id)

    def cancel_for(self, device_id: str) -> None:
        """End the requests for a device that changed owner."""
        self.remove(device_id=device_id)
