"""Recent events: written in batches, read by owner, product or device."""

from __future__ import annotations

from collections.abc import Iterator

from photonrig.localcloud.events import Event
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.ownership.model import Owner


class EventTable(Rows[Event]):
    """Events in the order they happened; their text alone."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, "events", Event, computed={"raw": "NULL"})

    def forget(self, *, before: float, beyond: int) -> None:
        """Delete events before a time (Unix seconds), and all but the last ``beyond``."""
        self.database.change("DELETE FROM events WHERE published_at < ?", before)
        self.database.change("DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?", beyond)

    def latest(
        self, *, owner: Owner | None = None, product: int | None = None, device: str | None = None, prefix: str = ""
    ) -> Iterator[Event]:
        """Events of an owner, a product or a device by name prefix, newest first."""
        kind, owner_id = owner or (None, None)
        asked = {"owner_id": owner_id, "owner_kind": kind, "product": product, "device": device}
        wanted = {column: value for column, value in asked.items() if value is not None}
        where = " AND ".join(["substr(name, 1, ?) = ?", *(f"{column} = ?" for column in wanted)])
        return self.each(f"WHERE {where} ORDER BY number DESC", len(prefix), prefix, *wanted.values())
