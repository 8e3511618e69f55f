"""State file ``cloud.sqlite``: creation, integrity check before use, and the mark while it is open.

The mark is a row with the file's server key, its number of openings, whether it is open, and its write-ahead log. A
file is refused, before any change, if it is damaged or truncated, belongs to another program or key, or comes without
the log of its last changes or with another's.
"""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from photonrig.errors import PhotonrigError, RigError, UsageError
from photonrig.files import replace
from photonrig.localcloud.store.schema import APPLICATION_ID, MARKED_SINCE, MIGRATIONS

_RESTORE: Final = "restore it from a copy, or move the whole folder away to begin a new cloud"
_BUSY: Final = frozenset((sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED))
_DAMAGED: Final = frozenset((sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB))
_FORBIDDEN: Final = frozenset((sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM))
# SQLite's file formats, https://www.sqlite.org/fileformat2.html
_HEADER: Final = struct.Struct(">16s H B B")  # magic, page size, write version, read version
_MAGIC: Final = b"SQLite format 3\0"
_WITH_LOG: Final = 2  # format versions of a file in WAL mode
_LOG_HEADER: Final = struct.Struct(">8I")  # magic, format, page size, sequence, salt 1, salt 2, checksum
_LOG_MAGIC: Final = 0x377F0682  # little-endian checksums; plus one: big-endian
_RESTARTS: Final = 1 << 22  # of one log while open, each after 1,000 pages or more; each adds 1 to its salt


@dataclass(frozen=True, slots=True)
class _Mark:
    """State of the file at its last opening: ``salt`` is the first salt of its log, ``schema`` SQLite's schema cookie.

    The cookie differs in a copy made by SQLite, which needs no log.
    """

    server_key: str | None
    opened: int
    open: bool
    salt: int
    schema: int


def make(path: Path, server_key: str | None) -> None:
    """Write an empty state file atomically.

    :raises UsageError: the path cannot be written by this user
    :raises RigError: the disk could not be written
    """
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        for statements in MIGRATIONS:
            for statement in statements:
                database.execute(statement)
        database.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
        database.execute("UPDATE state_file SET server_key = ?", (server_key,))
        replace(path, database.serialize(), private=True)


def log_of(path: Path) -> Path:
    """Path of SQLite's write-ahead log, part of the file's state while it is open and after a crash."""
    return path.with_name(f"{path.name}-wal")


def check(path: Path, server_key: str | None) -> None:
    """Check a file without changing it; ``server_key`` is the fingerprint of the cloud's key, None for any.

    :raises UsageError: the file is not what a cloud with this key left there
    :raises RigError: the disk cannot be read
    """
    size, with_log = _looked_at(path)
    alone = _mark_without_log(path)
    log_size, salt = _log(path)
    # Before SQLite sees both: it would merge any log into the file.
    if alone is not None and alone.open and with_log and not log_size:
        raise UsageError(
            f"{path} lacks {log_of(path).name}, which holds its last changes; put that beside it, or restore both from"
            f" a copy; if another program has folded it in: sqlite3 {path} 'PRAGMA journal_mode=DELETE'"
        )
    ours = alone is None or (salt is not None and (salt - alone.salt) % (1 << 32) < _RESTARTS)
    if alone is not None and not ours and log_size and (alone.open or not _begins_with_mark(path, alone, salt)):
        raise _foreign_log(path)
    with sqlite_errors(path), contextlib.closing(_read_only(path, "mode=ro")) as database:
        (wrong,) = database.execute("PRAGMA quick_check(1)").fetchone()
        (pages,), (each,) = (database.execute(f"PRAGMA page_{what}").fetchone() for what in ("count", "size"))
        if wrong == "ok" and not log_size and pages * each != size:
            wrong = "its end is missing" if size < pages * each else "data follows its end"
        if wrong != "ok":
            raise _damaged(path, str(wrong).splitlines()[-1])
        _check_kind(path, database)
        mark = _mark(database)
    if mark is not None and server_key is not None and mark.server_key not in (None, server_key):
        raise UsageError(
            f"{path} belongs to another server_key.pem than the one beside it; put the two that belong together into"
            " one folder"
        )


def was_opened(path: Path) -> bool:
    """Whether a cloud has ever used a file that passed :func:`check`."""
    with sqlite_errors(path), contextlib.closing(_read_only(path, "mode=ro")) as database:
        mark = _mark(database)
    return mark is None or mark.opened > 0


def mark_open(database: sqlite3.Connection, server_key: str | None) -> None:
    """Mark a file as open, and bind one without server key to this key."""
    database.execute(
        "UPDATE state_file SET opened = opened + 1, open = 1, server_key = coalesce(server_key, ?)", (server_key,)
    )


def bind_log(path: Path, database: sqlite3.Connection) -> None:
    """Write the log's salt into the file itself, before the log holds anything else."""
    _, salt = _log(path)
    (schema,) = database.execute("PRAGMA schema_version").fetchone()
    database.execute("UPDATE state_file SET salt = ?, schema = ?", (salt or 0, schema))
    database.execute("PRAGMA wal_checkpoint(FULL)").fetchone()


def mark_closed(database: sqlite3.Connection) -> None:
    """Mark a file as closed: its log has been merged, and it needs none."""
    database.execute("UPDATE state_file SET open = 0")


@contextlib.contextmanager
def sqlite_errors(path: Path) -> Iterator[None]:
    """Convert SQLite's exceptions to errors that name the file and the remedy.

    :raises UsageError: the file is damaged, in use, or cannot be written by this user
    :raises RigError: the disk cannot be read or written
    """
    try:
        yield
    except sqlite3.Error as error:
        raise _converted(path, error) from error


def _converted(path: Path, error: sqlite3.Error) -> PhotonrigError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return UsageError(f"{path} is in use by another program; end that, then start again")
    if code in _DAMAGED:
        return _damaged(path, str(error))
    if code in _FORBIDDEN:
        return UsageError(f"{path} cannot be written: {error}; make it and its folder writable for this user")
    advice = "; free some space, then start again" if code == sqlite3.SQLITE_FULL else ""
    return RigError(f"{path} cannot be used: {error}{advice}")


def _damaged(path: Path, how: str) -> UsageError:
    return UsageError(f"{path} is damaged ({how}); {_RESTORE}")


def _foreign_log(path: Path) -> UsageError:
    return UsageError(
        f"{log_of(path)} is damaged, or the log of another file; put the one that belongs to {path.name} there, or"
        " restore both from a copy"
    )


def _looked_at(path: Path) -> tuple[int, bool]:
    """The file's size, and whether it is in WAL mode."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is no regular file; put the file itself there")
        if status.st_nlink > 1:
            # SQLite would use a separate log for each name.
            raise UsageError(f"{path} is one file under {status.st_nlink} names; remove the other hard links")
        with path.open("rb") as file:
            head = file.read(_HEADER.size)
    except FileNotFoundError:
        raise UsageError(f"{path} is gone; {_RESTORE}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    if not status.st_size:
        raise UsageError(f"{path} is empty, so it is not a cloud's file; {_RESTORE}")
    magic, _, version, _ = _HEADER.unpack(head.ljust(_HEADER.size, b"\0"))
    if magic != _MAGIC:
        raise UsageError(f"{path} is damaged, or no cloud's file; {_RESTORE}")
    undo = path.with_name(f"{path.name}-journal")
    if version == _WITH_LOG and undo.exists() and undo.stat().st_size:
        # A file in WAL mode has none of these; SQLite would apply it to the file.
        raise UsageError(f"{undo} is not of {path.name}; move it away")
    return status.st_size, version == _WITH_LOG


def _log(path: Path) -> tuple[int, int | None]:
    """Size and first salt of the file's log: 0 without a log, None without a complete header."""
    try:
        with log_of(path).open("rb") as file:
            head = file.read(_LOG_HEADER.size)
            size = file.seek(0, 2)
    except FileNotFoundError:
        return 0, None
    except OSError as error:
        raise UsageError(f"{log_of(path)} cannot be read: {error.strerror}") from None
    if len(head) < _LOG_HEADER.size:
        return size, None
    magic, *_, salt, _, first, second = _LOG_HEADER.unpack(head)
    if magic not in (_LOG_MAGIC, _LOG_MAGIC + 1):
        return size, None
    words = struct.unpack(">6I" if magic & 1 else "<6I", head[:24])
    sums = [0, 0]
    for one, two in zip(words[::2], words[1::2], strict=True):
        sums[0] = (sums[0] + one + sums[1]) % (1 << 32)
        sums[1] = (sums[1] + two + sums[0]) % (1 << 32)
    return size, salt if sums == [first, second] else None


def _read_only(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, isolation_level=None)


def _mark_without_log(path: Path) -> _Mark | None:
    """The mark in the file without its log; None if it binds no log.

    Also None when the file is incomplete without its log.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_read_only(path, "immutable=1")) as database:
        mark = _mark(database)
        (schema,) = database.execute("PRAGMA schema_version").fetchone()
        return None if mark is None or (mark.open and mark.schema != schema) else mark
    return None


def _begins_with_mark(path: Path, closed: _Mark, salt: int | None) -> bool:
    """Whether a log beside a closed file stems from an interrupted opening: its first change marks the file open.

    SQLite ignores a log without a complete header, which an interrupted opening may leave.
    """
    if salt is None:
        return True
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_read_only(path, "mode=ro")) as database:
        mark = _mark(database)
        return mark is not None and (mark.server_key, mark.opened) == (closed.server_key, closed.opened + 1)
    return False


def _mark(database: sqlite3.Connection) -> _Mark | None:
    (known,) = database.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'state_file'").fetchone()
    if not known:
        return None
    row = database.execute("SELECT server_key, opened, open, salt, schema FROM state_file").fetchone()
    return None if row is None else _Mark(row[0], row[1], bool(row[2]), row[3], row[4])


def _check_kind(path: Path, database: sqlite3.Connection) -> None:
    """Check that the file is a cloud's, of this version or an older one."""
    (version,), (application,) = (
        database.execute(f"PRAGMA {what}").fetchone() for what in ("user_version", "application_id")
    )
    known = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if application in (0, APPLICATION_ID) and version > len(MIGRATIONS):
        raise UsageError(f"{path} was written by a newer photonrig (schema {version}); use that one, or another folder")
    expected = {"users", "devices", "tokens", *(["state_file"] if version >= MARKED_SINCE else [])}
    if application != (APPLICATION_ID if version >= MARKED_SINCE else 0) or version < 1 or not expected <= known:
        raise UsageError(f"{path} is a database of another program; move it away, or give another --state")
    if version >= MARKED_SINCE and _mark(database) is None:
        raise _damaged(path, "its mark is missing")
