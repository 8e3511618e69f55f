"""Uploaded libraries, every version with its archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_token
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Library:
    """One version; ``archive_id`` is a secret that grants the download, used by clients for private ones."""

    name: str
    version: str
    user_id: str
    public: bool
    properties: Mapping[str, str]
    archive_id: str
    created_at: float

    @property
    def rank(self) -> tuple[tuple[int, ...], bool, str]:
        """Sort key of versions: releases after their candidates."""
        numbers, _, candidate = self.version.partition("-")
        return tuple(int(number) for number in numbers.split(".")), not candidate, candidate


class Libraries(Rows[Library]):
    """Libraries by name, case-insensitive."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "libraries", Library)
        self._now = now

    def create(self, user_id: str, name: str, version: str, properties: Mapping[str, str], archive: bytes) -> bool:
        """Add a version, with the library's visibility, private at first; False if it exists."""
        public = any(each.public for each in self.versions(name))
        made = Library(name, version, user_id, public, properties, new_token(), self._now())
        return self.add(made, archive=archive)

    def versions(self, name: str) -> list[Library]:
        """All versions of a library, newest first."""
        return sorted(self.all("WHERE name = ?", name), key=lambda library: library.rank, reverse=True)

    def newest(self) -> list[Library]:
        """The newest version of every library, by name."""
        found: dict[str, Library] = {}
        for library in self.all("ORDER BY name"):
            known = found.get(library.name.lower())
            if known is None or library.rank > known.rank:
                found[library.name.lower()] = library
        return list(found.values())

    def archive(self, archive_id: str) -> bytes | None:
        """An archive by its id."""
        row = self.database.one("SELECT archive FROM libraries WHERE archive_id = ?", archive_id)
        return None if row is None else bytes(row["archive"])
