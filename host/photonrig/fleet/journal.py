"""Journal of a fleet move: what was begun and done, on disk before and after every step.

One SQLite file per plan, created whole and checked whenever it is opened. Writers block until their record is on the
disk; concurrent writers share one transaction. A kernel lock excludes a second operator and ends with its holder. It
contains no secrets and no tokens.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.files import Holder, Lock, file_error, replace
from photonrig.fleet.transfer import Transfer, decoded
from photonrig.invocation import command

_VERSION: Final = 3  # PRAGMA user_version; 0: unversioned
# The latest record of each device, and the log of all steps begun or done.
_SCHEMA: Final = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE fleet (digest TEXT NOT NULL, plan TEXT NOT NULL);
CREATE TABLE transfers (device TEXT PRIMARY KEY, transfer TEXT NOT NULL) WITHOUT ROWID;
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


# Statements of one unit, and a future that is done once they are on the disk.
_Write = tuple[tuple[tuple[str, tuple[Any, ...]], ...], Future[None]]


class Journal:
    """A journal; open and locked inside a ``with`` block."""

    def __init__(self, path: Path, *, digest: str, plan: str, clock: Clock = SYSTEM) -> None:
        """``digest`` and ``plan`` (text) of the plan it belongs to."""
        self.path = path
        # Links resolved: one journal, one lock.
        self._file = Path(os.path.realpath(path))
        self._lock = Lock(self._file.with_name(f"{self._file.name}.lock"))
        self._digest, self._plan = digest, plan
        self._clock = clock
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()

    def __enter__(self) -> Self:
        """Open it, or create it.

        :raises UsageError: another operator holds it, it belongs to another plan, or it is damaged
        :raises RigError: the disk failed
        """
        if not self._lock.take():
            holder = self._lock.holder() or "another process"
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

    def __exit__(self, *_: object) -> None:
        self._writes.put(None)
        self._thread.join(_WAIT)
        self._leave.close()

    def keep(self, transfer: Transfer) -> None:
        """Write a device's record; returns once it is on the disk.

        :raises RigError: the disk failed
        """
        at = transfer.progress
        assert at is not None
        try:
            record = msgspec.json.encode(transfer).decode()
        except UnicodeEncodeError as error:
            raise self._as_error(error) from None
        step = (self._clock.wall(), at.device, transfer.way, at.step, at.phase, at.heading, at.outcome, at.reason)
        self._put(
            ("INSERT OR REPLACE INTO transfers VALUES (?, ?)", (transfer.device, record)),
            ("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)", step),
        )

    def handed_over(self, customer: str) -> None:
        """Record that a customer's token was delivered."""
        self._put(("INSERT OR REPLACE INTO handed VALUES (?, ?)", (customer, self._clock.wall())))

    def hand_over_again(self, customers: Iterable[str]) -> None:
        """Forget deliveries, so that the customers' tokens are delivered again: a rollback took their devices."""
        self._put(*(("DELETE FROM handed WHERE customer = ?", (customer,)) for customer in customers))

    def transfers(self) -> dict[str, Transfer]:
        """The latest record of every device that was begun, by id.

        :raises UsageError: a record is invalid; names device and key
        """
        with self._reading() as database:
            rows = database.execute("SELECT device, transfer FROM transfers").fetchall()
        try:
            return {device: decoded(Transfer, record.encode(), f"device {device}") for device, record in rows}
        except ValueError as error:
            raise UsageError(f"{self.path} is damaged: {error}; {_RESTORE}") from None

    def handed(self) -> frozenset[str]:
        """Customers whose tokens were delivered."""
        with self._reading() as database:
            return frozenset(row[0] for row in database.execute("SELECT customer FROM handed"))

    # --- underneath --------------------------------------------------------------------------------------------------

    def _is_there(self) -> bool:
        """Whether the journal exists. It is created whole, so a partial one is damage."""
        try:
            status = self._file.stat()
        except FileNotFoundError:
            if self._log.exists():
                raise UsageError(f"{self.path} is gone, but not {self._log.name} beside it; {_RESTORE}") from None
            return False
        except OSError as error:
            raise file_error(self.path, "read", error) from error
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{self.path} is not a regular file; give another --journal")
        if status.st_nlink > 1:
            # Each name would have a lock and a write-ahead log of its own.
            raise UsageError(f"{self.path} is one file under {status.st_nlink} names; remove the other hard links")
        if status.st_size == 0:
            raise UsageError(f"{self.path} is empty, which no journal is; {_RESTORE}")
        return True

    @property
    def _log(self) -> Path:
        """SQLite's write-ahead log, part of the journal while it is open and after a crash."""
        return self._file.with_name(f"{self._file.name}-wal")

    def _make(self) -> None:
        with closing(sqlite3.connect(":memory:")) as database, database:
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO fleet VALUES (?, ?)", (self._digest, self._plan))
            database.commit()
            replace(self._file, database.serialize(), private=True)

    def _open(self) -> sqlite3.Connection:
        """The writer's connection to an intact journal."""
        size, closed = self._file.stat().st_size, not self._log.exists()
        with self._errors(), contextlib.ExitStack() as stack:
            database = stack.enter_context(closing(self._connect()))
            (wrong,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if wrong == "ok" and closed and self._size_of(database) != size:
                wrong = "its end is missing"
            if wrong != "ok":
                raise UsageError(f"{self.path} is damaged ({wrong}); {_RESTORE}")
            known = _known(database, self.path)
            other = known is None or known != self._digest
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
            raise self._as_error(error) from None

    def _as_error(self, error: Exception) -> PhotonrigError:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF
        if code in _DAMAGED:
            return UsageError(f"{self.path} is damaged, or no journal ({error}); {_RESTORE}")
        if code == sqlite3.SQLITE_ERROR:
            return UsageError(f"{self.path} is not a journal ({error}); give another --journal")
        advice = "; free some space, then start again" if extended in _NO_SPACE else ""
        return RigError(f"{self.path} cannot be written: {error}{advice}")

    def _put(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        written = Future[None]()
        self._writes.put((statements, written))
        try:
            written.result(_WAIT)
        except TimeoutError:
            raise RigError(f"{self.path} does not take what is written; is the disk gone?") from None
        except Exception as error:
            raise self._as_error(error) from None

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
                for statements, _ in batch:
                    for statement in statements:
                        database.execute(*statement)
        except Exception as error:  # any error must reach the waiting writers
            failed = error
        for _, written in batch:
            if failed is None:
                written.set_result(None)
            else:
                written.set_exception(failed)


def begun_plan(path: Path) -> str | None:
    """The digest of the plan that a journal belongs to, if anything was begun; None without a journal.

    :raises UsageError: not a journal
    """
    if not path.exists() or path.stat().st_size == 0:
        return None
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT)) as database:
            known = _known(database, path)
            return known if _is_begun(database) else None
    except sqlite3.DatabaseError as error:
        raise UsageError(f"{path} cannot be used as a journal: {error}") from None


def _known(database: sqlite3.Connection, path: Path) -> str | None:
    """The digest of the plan a journal belongs to; None before it has one."""
    row = database.execute("SELECT digest FROM fleet").fetchone()
    if (version := database.execute("PRAGMA user_version").fetchone()[0]) != _VERSION:
        raise UsageError(
            f"{path} is a journal of another version ({version}, not {_VERSION}); finish or roll back what it holds "
            "with the version that began it, then move it away"
        )
    return None if row is None else str(row[0])


def _is_begun(database: sqlite3.Connection) -> bool:
    return any(database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in ("transfers", "handed"))  # noqa: S608


class Times(NamedTuple):
    """First and last record of a device, in seconds since 1970."""

    began: float
    ended: float


class Journaled(NamedTuple):
    """What a journal holds: its plan, records and times by device, deliveries, and the operator at work, if any."""

    plan: str
    transfers: dict[str, Transfer]
    times: dict[str, Times]
    handed: dict[str, float]
    holder: Holder | None


def read_journal(path: Path) -> Journaled:
    """Read a journal, also while an operator is at work with it; changes nothing.

    :raises UsageError: not a journal of this version, or it is damaged
    """
    if not path.is_file():
        raise UsageError(f"{path} cannot be read: no such file; {command('fleet apply')} makes it")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_WAIT)) as database:
            _known(database, path)
            (plan,) = database.execute("SELECT plan FROM fleet").fetchone()
            rows = database.execute("SELECT device, transfer FROM transfers").fetchall()
            spans = database.execute("SELECT device, min(at), max(at) FROM steps GROUP BY device").fetchall()
            handed = dict(database.execute("SELECT customer, at FROM handed"))
        transfers = {device: decoded(Transfer, record.encode(), f"device {device}") for device, record in rows}
    except sqlite3.Error as error:
        raise UsageError(f"{path} cannot be used as a journal: {error}") from None
    except ValueError as error:
        raise UsageError(f"{path} is damaged: {error}; {_RESTORE}") from None
    times = {device: Times(began, ended) for device, began, ended in spans}
    holder = Lock(path.resolve().with_name(f"{path.resolve().name}.lock")).holder()
    return Journaled(plan, transfers, times, handed, holder)
