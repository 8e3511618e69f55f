"""Row mapper between tables and dataclasses.

A field is a column of the same name. Booleans are stored as 0 or 1, roles by name, mappings, sets and tuples as JSON,
all else unchanged.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import typing
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from photonrig.localcloud.eras import Role
from photonrig.localcloud.store.database import Database

_Record = TypeVar("_Record")

_DECODED: dict[Any, Callable[[Any], Any]] = {
    bool: bool,
    dict: json.loads,
    Mapping: json.loads,
    frozenset: lambda kept: frozenset(json.loads(kept)),
    tuple: lambda kept: tuple(json.loads(kept)),
    Role: lambda kept: Role[kept],
}


class Rows(Generic[_Record]):
    """The rows of one table; ``computed`` maps further fields to SQL expressions."""

    def __init__(
        self, database: Database, table: str, record: type[_Record], computed: Mapping[str, str] | None = None
    ) -> None:
        self.database = database
        self._table = table
        self._record = record
        types = typing.get_type_hints(record)
        names = [each.name for each in dataclasses.fields(record) if each.init]  # type: ignore[arg-type]
        self._kept = [name for name in names if name not in (computed or {})]
        columns = [f"{(computed or {}).get(name, name)} AS {name}" if computed else name for name in names]
        self._select = f"SELECT {', '.join(columns)} FROM {table}"  # noqa: S608
        kinds = [typing.get_origin(types[name]) or types[name] for name in names]
        self._decoders = [(at, _DECODED[kind]) for at, kind in enumerate(kinds) if kind in _DECODED]

    def get(self, **where: object) -> _Record | None:
        """The first row with these column values."""
        return self.first(f"WHERE {_all_of(where)}", *where.values())

    def of(self, order: str, **where: object) -> list[_Record]:
        """All rows with these column values, sorted by the columns ``order``."""
        return self.all(f"WHERE {_all_of(where)} ORDER BY {order}", *where.values())

    def first(self, rest: str, *values: object) -> _Record | None:
        """The first row of a query with ``rest`` after its FROM."""
        row = self.database.one(f"{self._select} {rest}", *values)
        return None if row is None else self._made_of(row)

    def all(self, rest: str = "", *values: object) -> list[_Record]:
        """All rows of a query with ``rest`` after its FROM."""
        return [self._made_of(row) for row in self.database.all(f"{self._select} {rest}", *values)]

    def add(self, record: _Record, **more: object) -> bool:
        """Add a record, with further columns; False on a violated unique constraint."""
        return self.insert(**{name: getattr(record, name) for name in self._kept}, **more)

    def insert(self, **columns: object) -> bool:
        """Insert a row; False on a violated unique constraint."""
        places = ", ".join("?" * len(columns))
        return self._changed(f"INSERT INTO {self._table} ({', '.join(columns)}) VALUES ({places})", columns)  # noqa: S608

    def update(self, where: Mapping[str, object], **columns: object) -> bool:
        """Update the rows that match ``where``; False on a violated unique constraint."""
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE {self._table} SET {names} WHERE {_all_of(where)}"  # noqa: S608
        return self._changed(sql, columns, *where.values())

    def remove(self, **where: object) -> None:
        """Delete the rows with these column values."""
        self.database.change(f"DELETE FROM {self._table} WHERE {_all_of(where)}", *where.values())  # noqa: S608

    def _changed(self, sql: str, columns: Mapping[str, object], *more: object) -> bool:
        try:
            self.database.change(sql, *map(_encoded, columns.values()), *more)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
                raise
            return False
        return True

    def _made_of(self, row: sqlite3.Row) -> _Record:
        if not self._decoders:
            return self._record(*row)
        values = list(row)
        for at, decode in self._decoders:
            values[at] = decode(values[at])
        return self._record(*values)


def _all_of(where: Mapping[str, object]) -> str:
    """SQL condition for rows with all of these values; NULL equals NULL."""
    return " AND ".join(f"{name} IS ?" if value is None else f"{name} = ?" for name, value in where.items())


def _encoded(value: object) -> object:
    if isinstance(value, Role):
        return value.name
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, frozenset):
        return json.dumps(sorted(value))
    return json.dumps(value) if isinstance(value, tuple) else value
