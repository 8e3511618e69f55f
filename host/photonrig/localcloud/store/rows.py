"""Row mapper between tables and dataclasses.

A field is a column of the same name. Booleans are stored as 0 or 1, roles by name, mappings, sets and tuples as JSON,
all else unchanged. A field that is a record itself has a column for each of its fields, such as ``owner_kind`` and
``owner_id``; it is None where the first of them is NULL.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    """The rows of one table.

    ``columns`` names the columns of fields whose names differ: ``{"state.product": "product_id"}``. ``computed`` maps
    fields that are not stored to SQL expressions.
    """

    def __init__(
        self,
        database: Database,
        table: str,
        record: type[_Record],
        *,
        columns: Mapping[str, str] | None = None,
        computed: Mapping[str, str] | None = None,
    ) -> None:
        self.database = database
        self._table = table
        self._record = record
        self._paths: dict[str, Sequence[str]] = {}  # by column
        self._decoders: list[tuple[int, Callable[[Any], Any]]] = []
        # Place, number of fields, type and whether it may be None, of each record inside; outer ones first.
        self._inner: list[tuple[int, int, Callable[..., Any], bool]] = []
        self._lay_out(record, columns or {}, ())
        names = [f"{(computed or {}).get(name, name)} AS {name}" if computed else name for name in self._paths]
        self._select = f"SELECT {', '.join(names)} FROM {table}"  # noqa: S608
        self._kept = {name: path for name, path in self._paths.items() if name not in (computed or {})}

    def _lay_out(self, record: Any, columns: Mapping[str, str], above: Sequence[str]) -> None:
        types = typing.get_type_hints(record)
        for name in _fields(record):
            path = (*above, name)
            inner = next((each for each in (types[name], *typing.get_args(types[name])) if _fields(each)), None)
            if inner is not None:
                self._inner.append((len(self._paths), len(_fields(inner)), inner, inner is not types[name]))
                self._lay_out(inner, columns, path)
                continue
            kind = typing.get_origin(types[name]) or types[name]
            if kind in _DECODED:
                self._decoders.append((len(self._paths), _DECODED[kind]))
            self._paths[columns.get(".".join(path), "_".join(path))] = path

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
        return list(self.each(rest, *values))

    def each(self, rest: str = "", *values: object) -> Iterator[_Record]:
        """As :meth:`all`, reading as it goes."""
        return map(self._made_of, self.database.each(f"{self._select} {rest}", *values))

    def add(self, record: _Record, **more: object) -> bool:
        """Add a record, with further columns; False on a violated unique constraint."""
        return self.insert(**{name: _at(record, path) for name, path in self._kept.items()}, **more)

    def add_all(self, records: Iterable[_Record]) -> None:
        """Add records."""
        rows = [[_encoded(_at(record, path)) for path in self._kept.values()] for record in records]
        self.database.change_many(self._insertion(self._kept), rows)

    def insert(self, **columns: object) -> bool:
        """Insert a row; False on a violated unique constraint."""
        return self._changed(self._insertion(columns), columns)

    def update(self, where: Mapping[str, object], **columns: object) -> bool:
        """Update the rows that match ``where``; False on a violated unique constraint."""
        names = ", ".join(f"{name} = ?" for name in columns)
        sql = f"UPDATE {self._table} SET {names} WHERE {_all_of(where)}"  # noqa: S608
        return self._changed(sql, columns, *where.values())

    def remove(self, **where: object) -> None:
        """Delete the rows with these column values."""
        self.database.change(f"DELETE FROM {self._table} WHERE {_all_of(where)}", *where.values())  # noqa: S608

    def _insertion(self, columns: Iterable[str]) -> str:
        names = list(columns)
        return f"INSERT INTO {self._table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608

    def _changed(self, sql: str, columns: Mapping[str, object], *more: object) -> bool:
        try:
            self.database.change(sql, *map(_encoded, columns.values()), *more)
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY):
                raise
            return False
        return True

    def _made_of(self, row: sqlite3.Row) -> _Record:
        if not self._decoders and not self._inner:
            return self._record(*row)
        values = list(row)
        for at, decode in self._decoders:
            values[at] = decode(values[at])
        for at, count, record, optional in reversed(self._inner):
            absent = optional and values[at] is None
            values[at : at + count] = [None if absent else record(*values[at : at + count])]
        return self._record(*values)


def _fields(record: Any) -> Sequence[str]:
    """The names of a record type's fields; none for other types."""
    if dataclasses.is_dataclass(record):
        return [each.name for each in dataclasses.fields(record) if each.init]
    named = isinstance(record, type) and issubclass(record, tuple)
    return list(typing.get_type_hints(record)) if named else ()


def _at(record: object, path: Sequence[str]) -> object:
    """The value at a path; None below a None."""
    for name in path:
        record = None if record is None else getattr(record, name)
    return record


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
