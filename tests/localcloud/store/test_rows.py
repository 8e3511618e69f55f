"""The one mapper between tables and records: what is kept comes back as it was, and only twins are told as such."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from photonrig.localcloud.eras import Role
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.ownership.model import Owner


@dataclass(frozen=True, slots=True)
class Thing:
    id: str
    truth: bool
    role: Role
    members: dict[str, Any]
    mapping: Mapping[str, str]
    names: frozenset[str]
    parts: tuple[str, ...]
    raw: bytes
    note: str | None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    hall: int
    lit: bool


@dataclass(frozen=True, slots=True)
class Whereabouts:
    owner: Owner | None
    place: Place | None
    shelf: int


@dataclass(frozen=True, slots=True)
class Kept:
    id: str
    at: Whereabouts
    note: str


ONE = Thing("1", True, Role.SUPPORT, {"a": [1, None]}, {"k": "v"}, frozenset({"b", "a"}), ("y", "x"), b"\0abc", None, 4)
TWO = Thing("2", False, Role.DEVELOPER, {}, {}, frozenset(), (), b"", "n")


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows[Thing]]:
    with contextlib.closing(Database(tmp_path / "cloud.sqlite")) as database, database.write():
        database.change(
            "CREATE TABLE things (id TEXT PRIMARY KEY, truth INTEGER, role TEXT, members TEXT, mapping TEXT,"
            " names TEXT, parts TEXT, raw BLOB, note TEXT UNIQUE, more TEXT NOT NULL) STRICT"
        )
        made = Rows(database, "things", Thing, computed={"size": "length(raw)"})
        assert made.add(ONE, more="1")
        assert made.add(TWO, more="2")
        yield made


def test_a_record_comes_back_as_it_was_kept(rows: Rows[Thing]) -> None:
    assert rows.get(id="1") == ONE
    assert rows.get(id="2") == TWO
    assert rows.get(id="3") is None
    assert rows.all("ORDER BY id DESC") == [TWO, ONE]
    assert rows.of("id", truth=1, more="1") == [ONE]
    assert rows.first("WHERE more > ?", "1") == TWO


def test_null_is_found_by_null(rows: Rows[Thing]) -> None:
    assert rows.of("id", note=None) == [ONE]
    assert rows.get(note="n", id="2") == TWO


def test_a_twin_is_told_and_any_other_fault_is_raised(rows: Rows[Thing]) -> None:
    assert not rows.add(ONE, more="1")
    assert not rows.update({"id": "1"}, note="n")
    assert rows.get(id="1") == ONE
    with pytest.raises(sqlite3.IntegrityError, match="NOT NULL"):
        rows.update({"id": "1"}, more=None)


def test_columns_are_written_and_rows_removed_where_they_are_meant(rows: Rows[Thing]) -> None:
    assert rows.update({"id": "1"}, truth=False, role=Role.ADMINISTRATOR, names=frozenset({"z"}), parts=("p",))
    changed = rows.get(id="1")
    assert changed is not None
    assert (changed.truth, changed.role, changed.names, changed.parts) == (
        *(False, Role.ADMINISTRATOR, frozenset({"z"})),
        ("p",),
    )
    assert rows.get(id="2") == TWO
    rows.remove(id="1", note=None)
    assert rows.all() == [TWO]


def test_a_record_inside_a_record_lies_in_columns_of_its_own(tmp_path: Path) -> None:
    columns = {"at.owner.kind": "owner_kind", "at.place.hall": "hall"}
    full = Kept("1", Whereabouts(Owner("user", "u"), Place(7, True), 3), "n")
    bare = Kept("2", Whereabouts(None, None, 4), "m")
    with contextlib.closing(Database(tmp_path / "cloud.sqlite")) as database, database.write():
        database.change(
            "CREATE TABLE kept (note TEXT, id TEXT PRIMARY KEY, owner_kind TEXT, at_owner_id TEXT, hall INTEGER,"
            " at_place_lit INTEGER, at_shelf INTEGER) STRICT"
        )
        rows = Rows(database, "kept", Kept, columns=columns)
        rows.add_all([full, bare])
        assert list(rows.each("ORDER BY id")) == [full, bare]
        lying = database.one("SELECT owner_kind, at_owner_id, hall, at_place_lit, at_shelf FROM kept WHERE id = '1'")
        assert lying is not None
        assert tuple(lying) == ("user", "u", 7, 1, 3)
