"""Recent events: written in batches, read by owner, product or device."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from photonrig.localcloud.events import Event
from photonrig.localcloud.store.database import Database
from photonrig.ownership.model import Owner

_COLUMNS = "id, name, data, coreid, published_at, device, owner_kind, owner_id, product, ttl, private, of_hook"
_PAGE = 500


class EventTable:
    """Events in the order they happened."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, events: Iterable[Event]) -> None:
        """Add events."""
        self._database.change_many(
            f"INSERT INTO events ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            [_values(event) for event in events],
        )

    def forget(self, *, before: float, beyond: int) -> None:
        """Delete events before a time (Unix seconds), and all but the last ``beyond``."""
        self._database.change("DELETE FROM events WHERE published_at < ?", before)
        self._database.change(
            "DELETE FROM events WHERE number <= (SELECT max(number) FROM events) - ?",
            beyond,
        )

    def latest(
        self, *, owner: Owner | None = None, product: int | None = None, device: str | None = None, prefix: str = ""
    ) -> Iterator[Event]:
        """Events of an owner, a product or a device by name prefix, newest first."""
        where, values = ["substr(name, 1, ?) = ?"], [len(prefix), prefix]
        for column, value in (
            ("owner_id", owner and owner.id),
            ("owner_kind", owner and owner.kind),
            ("product", product),
            ("device", device),
        ):
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        below = 1 << 62
        while True:
            rows = self._database.all(
                f"SELECT number, {_COLUMNS} FROM events WHERE {' AND '.join(where)} AND number < ?"  # noqa: S608
                " ORDER BY number DESC LIMIT ?",
                *(*values, below, _PAGE),
            )
            yield from (_event(row) for row in rows)
            if len(rows) < _PAGE:
                return
            below = rows[-1]["number"]


def _values(event: Event) -> tuple[object, ...]:
    owner = event.owner
    return (
        *(event.id, event.name, event.data, event.coreid, event.published_at, event.device),
        *(None if owner is None else owner.kind, None if owner is None else owner.id, event.product),
        *(event.ttl, int(event.private), int(event.of_hook)),
    )


def _event(row: sqlite3.Row) -> Event:
    return Event(
        row["name"],
        row["data"],
        coreid=row["coreid"],
        published_at=row["published_at"],
        device=row["device"],
        owner=None if row["owner_kind"] is None else Owner(row["owner_kind"], row["owner_id"]),
        product=row["product"],
        ttl=row["ttl"],
        private=bool(row["private"]),
        of_hook=bool(row["of_hook"]),
        id=row["id"],
    )
