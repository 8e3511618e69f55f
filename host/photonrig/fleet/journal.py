"""What was begun and done, on disk before and after every step: the memory of a move that may be killed at any instant.

One SQLite file a plan. Whoever writes waits until what it wrote is on the disk; writers that wait at the same time
share one transaction. A lock of the kernel keeps a second operator out, and is free the moment its holder dies.
Nothing in it is secret: tokens are not.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from photonrig.errors import RigError, UsageError
from photonrig.ownership.engine import Progress

__all__ = ["Entry", "Journal", "Way", "begun_plan"]

Way = Literal["forward", "back"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS fleet (digest TEXT NOT NULL, plan TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS devices (
  device TEXT NOT NULL, way TEXT NOT NULL, progress TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (device, way)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (
  at REAL NOT NULL, device TEXT NOT NULL, way TEXT NOT NULL, step TEXT NOT NULL, phase TEXT NOT NULL,
  heading TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS handed (customer TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_WAIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """The last thing written of a device, and when, in seconds since 1970."""

    device: str
    way: Way
    progress: Progress
    at: float


class _Write:
    """Statements that belong together, and whether they are on the disk."""

    def __init__(self, statements: list[tuple[str, tuple[Any, ...]]]) -> None:
        self.statements = statements
        self.done = threading.Event()
        self.error: Exception | None = None


class Journal:
    """A journal, open and locked inside a ``with`` block."""

    def __init__(self, path: Path, *, digest: str, plan: str) -> None:
        """``digest`` and ``plan``, the text, of the plan it belongs to."""
        self.path = path
        self._digest, self._plan = digest, plan
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="fleet journal", daemon=True)
        self._lock = -1

    def __enter__(self) -> Self:
        self._take_lock()
        try:
            self._open()
        except BaseException:
            os.close(self._lock)
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writes.put(None)
        self._thread.join(_WAIT)
        os.close(self._lock)

    def keep(self, progress: Progress, way: Way = "forward") -> None:
        """Write a device's progress; it is on the disk when this returns.

        :raises RigError: the disk did not take it
        """
        at = time.time()
        fields = json.dumps(progress.as_json(), ensure_ascii=False)
        step = (
            at,
            progress.device,
            way,
            progress.step,
            progress.phase,
            progress.heading,
            progress.outcome,
            progress.reason,
        )
        self._put(
            ("INSERT OR REPLACE INTO devices VALUES (?, ?, ?, ?)", (progress.device, way, fields, at)),
            ("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", step),
        )

    def keeper(self, way: Way) -> Callable[[Progress], None]:
        """:meth:`keep`, for one way."""
        return lambda progress: self.keep(progress, way)

    def handed_over(self, customer: str) -> None:
        """Note that a customer's token was handed over."""
        self._put(("INSERT OR REPLACE INTO handed VALUES (?, ?)", (customer, time.time())))

    def hand_over_again(self, customers: Iterable[str]) -> None:
        """Forget that the customers' tokens were handed over: their devices went back, and may come again."""
        self._put(*(("DELETE FROM handed WHERE customer = ?", (customer,)) for customer in customers))

    def entries(self, way: Way = "forward") -> dict[str, Entry]:
        """The last thing written of every device, by id."""
        with self._reading() as database:
            rows = database.execute("SELECT device, progress, at FROM devices WHERE way = ?", (way,)).fetchall()
        return {row[0]: Entry(row[0], way, Progress.from_json(json.loads(row[1])), row[2]) for row in rows}

    def last_ways(self) -> dict[str, Way]:
        """Which way each device went last; by the order of writing, because clocks are set back."""
        with self._reading() as database:
            rows = database.execute("SELECT device, way, max(rowid) FROM steps GROUP BY device").fetchall()
        return {device: way for device, way, _ in rows}

    def handed(self) -> frozenset[str]:
        """Customers whose tokens were handed over."""
        with self._reading() as database:
            return frozenset(row[0] for row in database.execute("SELECT customer FROM handed"))

    # --- underneath --------------------------------------------------------------------------------------------------

    def _take_lock(self) -> None:
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageError(f"{lock} cannot be made: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 200, 0).decode(errors="replace").strip() or "somebody"
            os.close(self._lock)
            raise UsageError(f"{holder} is at work with {self.path}; wait, or stop that first") from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"process {os.getpid()}, since {time.strftime('%F %T')},".encode(), 0)

    def _open(self) -> None:
        try:
            self.path.touch(mode=0o600)
            with self._reading() as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.executescript(_SCHEMA)
                known = database.execute("SELECT digest FROM fleet").fetchone()
                if known is None or (known[0] != self._digest and not _is_begun(database)):
                    database.execute("DELETE FROM fleet")
                    database.execute("INSERT INTO fleet VALUES (?, ?)", (self._digest, self._plan))
                    database.commit()
                    known = (self._digest,)
        except (OSError, sqlite3.DatabaseError) as error:
            raise UsageError(f"{self.path} cannot be used as a journal: {error}") from None
        if known[0] != self._digest:
            raise UsageError(
                f"{self.path} belongs to another plan, which was begun; give that plan, or another --journal"
            )

    def _reading(self) -> _Connection:
        return _Connection(self.path)

    def _put(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        write = _Write(list(statements))
        self._writes.put(write)
        if not write.done.wait(_WAIT):
            raise RigError(f"{self.path} does not take what is written; is the disk gone?")
        if write.error is not None:
            raise RigError(f"{self.path} cannot be written: {write.error}") from None

    def _write_all(self) -> None:
        with self._reading() as database:
            database.execute("PRAGMA synchronous = FULL")
            leaving = False
            while not leaving:
                batch: list[_Write] = []
                write = self._writes.get()
                while write is not None:
                    batch.append(write)
                    try:
                        write = self._writes.get_nowait()
                    except queue.Empty:
                        break
                else:
                    leaving = True
                self._write(database, batch)

    @staticmethod
    def _write(database: sqlite3.Connection, batch: list[_Write]) -> None:
        error: Exception | None = None
        try:
            with database:
                for write in batch:
                    for statement in write.statements:
                        database.execute(*statement)
        except sqlite3.Error as failure:
            error = failure
        for write in batch:
            write.error = error
            write.done.set()


def begun_plan(path: Path) -> str | None:
    """The digest of the plan that a journal belongs to, if anything of it was begun; None without a journal.

    :raises UsageError: it is no journal
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with _Connection(path) as database:
            known = database.execute("SELECT digest FROM fleet").fetchone()
            return None if known is None or not _is_begun(database) else str(known[0])
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{path} cannot be used as a journal: {error}") from None


def _is_begun(database: sqlite3.Connection) -> bool:
    return any(database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in ("devices", "handed"))  # noqa: S608


class _Connection:
    """A connection that is closed at the end of a ``with`` block, which sqlite3's own is not."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._database = sqlite3.connect(self._path, timeout=_WAIT)
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()
