"""Libraries that users uploaded, every version with its archive."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_token
from photonrig.localcloud.store.database import Database

__all__ = ["Libraries", "Library"]

_COLUMNS = "name, version, user_id, public, properties, archive_id, created_at"


@dataclass(frozen=True, slots=True)
class Library:
    """One version; who knows ``archive_id`` may download it, which is how clients come for private ones."""

    name: str
    version: str
    user_id: str
    public: bool
    properties: Mapping[str, str]
    archive_id: str
    created_at: float

    @property
    def rank(self) -> tuple[tuple[int, ...], bool, str]:
        """By which versions are ordered: releases after their candidates."""
        numbers, _, candidate = self.version.partition("-")
        return tuple(int(number) for number in numbers.split(".")), not candidate, candidate


class Libraries:
    """Libraries by name, in any case of letters."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def add(self, user_id: str, name: str, version: str, properties: Mapping[str, str], archive: bytes) -> bool:
        """Keep a version, private at first, or as public as the library is; False if it exists."""
        public = any(each.public for each in self.versions(name))
        try:
            self._database.change(
                f"INSERT INTO libraries ({_COLUMNS}, archive) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                *(name, version, user_id, int(public), json.dumps(properties), new_token(), self._now(), archive),
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def versions(self, name: str) -> list[Library]:
        """All versions of a library, newest first."""
        rows = self._database.all(f"SELECT {_COLUMNS} FROM libraries WHERE name = ?", name)  # noqa: S608
        return sorted((_library(row) for row in rows), key=lambda library: library.rank, reverse=True)

    def newest(self) -> list[Library]:
        """The newest version of every library, by name."""
        rows = self._database.all(f"SELECT {_COLUMNS} FROM libraries ORDER BY name")  # noqa: S608
        found: dict[str, Library] = {}
        for library in map(_library, rows):
            known = found.get(library.name.lower())
            if known is None or library.rank > known.rank:
                found[library.name.lower()] = library
        return list(found.values())

    def archive(self, archive_id: str) -> bytes | None:
        """An archive by its id."""
        row = self._database.one("SELECT archive FROM libraries WHERE archive_id = ?", archive_id)
        return None if row is None else bytes(row["archive"])

    def publish(self, name: str) -> None:
        """Show a library to everybody."""
        self._database.change("UPDATE libraries SET public = 1 WHERE name = ?", name)

    def remove(self, name: str) -> None:
        """Delete a library with all its versions."""
        self._database.change("DELETE FROM libraries WHERE name = ?", name)


def _library(row: sqlite3.Row) -> Library:
    values = dict(row)
    return Library(**{**values, "public": bool(values["public"]), "properties": json.loads(values["properties"])})
