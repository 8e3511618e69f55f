"""What was begun and done, on disk before and after every step: the memory of a move that may be killed at any instant.

One SQLite file a plan, which is made whole and checked whenever it is opened. Whoever writes waits until what it wrote
is on the disk; writers that wait at the same time share one transaction. A lock of the kernel keeps a second operator
out, and is free the moment its holder dies. Nothing in it is secret: tokens are not.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.files import Lock, file_error, replace
from photonrig.ownership.engine import Progress

__all__ = ["Entry", "Journal", "Way", "begun_plan"]

Way = Literal["forward", "back"]

_SCHEMA: Final = """
CREATE TABLE fleet (digest TEXT NOT NULL, plan TEXT NOT NULL);
CREATE TABLE devices (
  device TEXT NOT NULL, way TEXT NOT NULL, progress TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (device, way)
) WITHOUT ROWID;
CREATE TABLE steps (
  at REAL NOT NULL, device TEXT NOT NULL, way TEXT NOT NULL, step TEXT NOT NULL, phase TEXT NOT NULL,
  heading TEXT NOT NULL, outcome TEXT, reason TEXT NOT NULL
);
CREATE TABLE handed (customer TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""
_WAIT: Final = 60.0
_DAMAGED: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_NO_SPACE: Final = frozenset((sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE))
_RESTORE: Final = "restore it from a copy, or move it away to begin anew"


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

    def __init__(self, path: Path, *, digest: str, plan: str, clock: Clock = SYSTEM) -> None:
        """``digest`` and ``plan``, the text, of the plan it belongs to."""
        self.path = path
        # By whatever links it is reached, it is one journal.
        self._file = Path(os.path.realpath(path))
        self._lock = Lock(self._file.with_name(f"{self._file.name}.lock"))
        self._digest, self._plan = digest, plan
        self._clock = clock
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Open it, or make it.

        :raises UsageError: somebody is at work with it, it belongs to another plan, or it is damaged
        :raises RigError: the disk did not take it
        """
        if not self._lock.take():
            holder = self._lock.holder() or "somebody"
            raise UsageError(f"{holder} is at work with {self.path}; wait, or stop that first")
        with contextlib.ExitStack() as stack:
            stack.callback(self._lock.release)
            if not self._is_there():
                self._make()
            database = stack.enter_context(closing(self._open()))
            self._thread = threading.Thread(target=self._write_all, args=(database,), name="fleet journal", daemon=True)
            self._thread.start()
            self._leave = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._writes.put(None)
        self._thread.join(_WAIT)
        self._leave.close()

    def keep(self, progress: Progress, way: Way = "forward") -> None:
        """Write a device's progress; it is on the disk when this returns.

        :raises RigError: the disk did not take it
        """
        at = self._clock.wall()
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
        self._put(("INSERT OR REPLACE INTO handed VALUES (?, ?)", (customer, self._clock.wall())))

    def hand_over_again(self, customers: Iterable[str]) -> None:
        """Forget that the customers' tokens were handed over: their devices went back, and may come again."""
        self._put(*(("DELETE FROM handed WHERE customer = ?", (customer,)) for customer in customers))

    def entries(self, way: Way = "forward") -> dict[str, Entry]:
        """The last thing written of every device, by id."""
        with self._reading() as database:
            rows = database.execute("SELECT device, progress, at FROM devices WHERE way = ?", (way,)).fetchall()
        try:
            return {row[0]: Entry(row[0], way, Progress.from_json(json.loads(row[1])), row[2]) for row in rows}
        except ValueError:
            raise UsageError(f"{self.path} is damaged; {_RESTORE}") from None

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

    def _is_there(self) -> bool:
        """Whether there is a journal to be opened. It is made whole, so that a part of one is what was left of it."""
        try:
            status = self._file.stat()
        except FileNotFoundError:
            if self._log.exists():
                raise UsageError(f"{self.path} is gone, but not {self._log.name} beside it; {_RESTORE}") from None
            return False
        except OSError as error:
            raise file_error(self.path, "read", error) from error
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{self.path} is no regular file; give another --journal")
        if status.st_nlink > 1:
            # Each name would have a lock and a write-ahead log of its own.
            raise UsageError(f"{self.path} is one file under {status.st_nlink} names; remove the other hard links")
        if status.st_size == 0:
            raise UsageError(f"{self.path} is empty, which no journal is; {_RESTORE}")
        return True

    @property
    def _log(self) -> Path:
        """SQLite's write-ahead log, which belongs to the journal while it is open and after a crash."""
        return self._file.with_name(f"{self._file.name}-wal")

    def _make(self) -> None:
        with closing(sqlite3.connect(":memory:")) as database, database:
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO fleet VALUES (?, ?)", (self._digest, self._plan))
            database.commit()
            replace(self._file, database.serialize(), private=True)

    def _open(self) -> sqlite3.Connection:
        """The writer's connection to a journal that was found whole."""
        size, closed = self._file.stat().st_size, not self._log.exists()
        with self._errors(), contextlib.ExitStack() as stack:
            database = stack.enter_context(closing(self._connect()))
            (wrong,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if wrong == "ok" and closed and self._size_of(database) != size:
                wrong = "its end is missing"
            if wrong != "ok":
                raise UsageError(f"{self.path} is damaged ({wrong}); {_RESTORE}")
            known = database.execute("SELECT digest FROM fleet").fetchone()
            other = known is None or known[0] != self._digest
            if other and _is_begun(database):
                raise UsageError(
                    f"{self.path} belongs to another plan, which was begun; give that plan, or another --journal"
                )
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            if other:
                with database:
                    database.execute("DELETE FROM fleet")
                    database.execute("INSERT INTO fleet VALUES (?, ?)", (self._digest, self._plan))
            stack.pop_all()
        return database

    @staticmethod
    def _size_of(database: sqlite3.Connection) -> int:
        (pages,), (each,) = (database.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size"))
        return int(pages) * int(each)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=_WAIT, check_same_thread=False)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._errors(), closing(self._connect()) as database:
            yield database

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._told(error) from None

    def _told(self, error: Exception) -> PhotonrigError:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF
        if code in _DAMAGED:
            return UsageError(f"{self.path} is damaged, or no journal ({error}); {_RESTORE}")
        if code == sqlite3.SQLITE_ERROR:
            return UsageError(f"{self.path} is no journal ({error}); give another --journal")
        advice = "; free some space, then start again" if extended in _NO_SPACE else ""
        return RigError(f"{self.path} cannot be written: {error}{advice}")

    def _put(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        write = _Write(list(statements))
        self._writes.put(write)
        if not write.done.wait(_WAIT):
            raise RigError(f"{self.path} does not take what is written; is the disk gone?")
        if write.error is not None:
            raise self._told(write.error)

    def _write_all(self, database: sqlite3.Connection) -> None:
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
        failed: Exception | None = None
        try:
            with database:
                for write in batch:
                    for statement in write.statements:
                        database.execute(*statement)
        except Exception as error:  # whatever it is, whoever waits must hear of it
            failed = error
        for write in batch:
            write.error = failed
            write.done.set()


def begun_plan(path: Path) -> str | None:
    """The digest of the plan that a journal belongs to, if anything of it was begun; None without a journal.

    :raises UsageError: it is no journal
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT)) as database:
            known = database.execute("SELECT digest FROM fleet").fetchone()
            return None if known is None or not _is_begun(database) else str(known[0])
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{path} cannot be used as a journal: {error}") from None


def _is_begun(database: sqlite3.Connection) -> bool:
    return any(database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in ("devices", "handed"))  # noqa: S608
