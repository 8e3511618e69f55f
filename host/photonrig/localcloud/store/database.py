"""SQLite connection: durability, transactions, migrations."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from photonrig.localcloud.store import state_file
from photonrig.localcloud.store.schema import MARKED_SINCE, MIGRATIONS

_Key = TypeVar("_Key", bound=Hashable)
_Found = TypeVar("_Found")


class Database:
    """One connection; outside :meth:`write`, statements read committed data only."""

    def __init__(self, path: Path, server_key: str | None = None) -> None:
        """Open or create the file of the cloud whose key has the fingerprint ``server_key``.

        :raises UsageError: the file is not what a cloud with this key left there, or cannot be used by this user
        :raises RigError: the disk cannot be read or written
        """
        if path.is_symlink() or path.exists() or state_file.log_of(path).exists():
            state_file.check(path, server_key)
        else:
            state_file.make(path, server_key)
        self._depth = 0
        self.changes = 0
        """Counter of possible changes: incremented by writing statements and by rollbacks."""
        with state_file.sqlite_errors(path):
            self._connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
        self._connection.row_factory = sqlite3.Row
        try:
            with state_file.sqlite_errors(path):
                self._begin(path, server_key)
        except BaseException:
            self._connection.close()
            raise

    def _begin(self, path: Path, server_key: str | None) -> None:
        # Committed changes must survive a crash of the machine: WAL with a sync at every commit.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        # The mark is written first: a log that begins with anything else belongs to another file.
        if version >= MARKED_SINCE:
            state_file.mark_open(self._connection, server_key)
        self._migrate(version)
        if version < MARKED_SINCE:
            state_file.mark_open(self._connection, server_key)
        state_file.bind_log(path, self._connection)

    def _migrate(self, version: int) -> None:
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            with self.write():
                for statement in statements:
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version={number}")

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """Transaction; nested uses join the outermost."""
        if self._depth == 0:
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._connection.execute("ROLLBACK")
                self.changes += 1
            raise
        self._depth -= 1
        if self._depth == 0:
            self._connection.execute("COMMIT")

    def one(self, sql: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def all(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """All rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str, *values: Any) -> Iterator[sqlite3.Row]:
        """The rows of a query, read as they are taken; no change may come in between."""
        return self._connection.execute(sql, values)

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement inside :meth:`write`; returns the number of changed rows."""
        self._must_be_writing()
        return self._connection.execute(sql, values).rowcount

    def change_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a statement for each row inside :meth:`write`."""
        self._must_be_writing()
        self._connection.executemany(sql, rows)

    def _must_be_writing(self) -> None:
        if self._depth == 0:
            raise AssertionError("a change outside of a transaction")
        self.changes += 1

    def close(self) -> None:
        """Close the connection, checkpointing the write-ahead log."""
        try:
            # On failure the file stays as after a crash: marked open, with its log.
            with contextlib.suppress(sqlite3.Error):
                state_file.mark_closed(self._connection)
        finally:
            self._connection.close()


class Remembered(Generic[_Key, _Found]):
    """Cache of a query by key, invalidated by any change."""

    _MOST = 10_000  # keys; then all are dropped

    def __init__(self, database: Database, find: Callable[[_Key], _Found]) -> None:
        self._database = database
        self._find = find
        self._found: dict[_Key, _Found] = {}
        self._as_of = database.changes

    def __call__(self, key: _Key) -> _Found:
        """The query's result."""
        if self._as_of != self._database.changes or len(self._found) >= self._MOST:
            self._found.clear()
            self._as_of = self._database.changes
        try:
            return self._found[key]
        except KeyError:
            found = self._found[key] = self._find(key)
            return found
