"""Durable files: atomic replacement, append-only lines, and file locks.

    replace(path, content)     atomic: readers see the former content or the new one
    Lines(path, …).append      appends one whole line, or leaves the file as it was
    Lock(path).take()          one holder at a time; the kernel frees it when its process ends

:func:`replace` and :meth:`Lines.append` return once the data is on the disk. Failures are one of two errors, see
:func:`file_error`: UsageError if this user cannot read or write the path, RigError if the disk failed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import io
import itertools
import json
import os
import secrets
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

from photonrig.clock import SYSTEM, utc
from photonrig.errors import PhotonrigError, RigError, UsageError

# Errors of the path; every other error is the disk's.
_WRONG_PATH: Final = frozenset(
    (
        *(errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP),
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.ETXTBSY, errno.ENXIO, errno.ENODEV),
    )
)
_REASONS: Final = {errno.ELOOP: "a symbolic link is there or on the way"}  # replaces misleading system texts
_ADVICE: Final = {
    errno.ELOOP: "name the file it leads to",
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space, then start again"),
}
# Do not follow a link; do not block on a pipe or device in the file's place.
_SAFELY: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_BEGIN: Final = b'{"pid": '  # start of a lock's record
_RECORD: Final = 4096  # bytes of it that are read at most


def file_error(
    file: Path | str, done: Literal["read", "written"], error: OSError, *, missing: str = ""
) -> PhotonrigError:
    """The error for a failed read or write: UsageError or RigError, with the next step for the user.

    ``file`` is the user's name for it; ``missing`` says what to do when it does not exist.
    """
    kind = UsageError if error.errno in _WRONG_PATH else RigError
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    advice = missing if error.errno == errno.ENOENT and missing else _ADVICE.get(error.errno or 0)
    return kind(f"{file} cannot be {done}: {reason}{f'; {advice}' if advice else ''}")


def replace(path: Path, content: bytes | str, *, private: bool = False) -> None:
    """Replace a file's content atomically: readers see the former content or the new one, also after a crash.

    ``private`` files get mode 0600; others keep their permissions, or get those of the umask. A symbolic link is
    replaced, not followed.

    :raises UsageError: the path cannot be written by this user
    :raises RigError: the disk failed; the file is unchanged
    """
    draft = path.parent / f".{path.name[:40]}.{secrets.token_hex(8)}.new"
    with _write_errors(path):
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o600 if private else 0o666)
        try:
            try:
                if not private:
                    _keep_permissions(path, file)
                _write_all(file, content.encode() if isinstance(content, str) else content)
                os.fsync(file)
            finally:
                os.close(file)
            draft.rename(path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        _sync_folder(path.parent)


class Lines:
    """A private file with one record a line. Several processes may append to it."""

    def __init__(self, path: Path, *, begin: bytes, whole: Callable[[bytes], bool]) -> None:
        """``begin`` is the start of every line; ``whole`` tells whether a line, without its end, is a record."""
        self.path = path
        self._begin, self._whole = begin, whole
        self._end = -1

    def read(self) -> list[bytes]:
        """All complete lines, without their ends; a last line torn by a power cut is left out.

        :raises UsageError: this user cannot read the file, or it has other content
        :raises RigError: the disk failed
        """
        try:
            return self._split(self.path.read_bytes())[0]
        except OSError as error:
            raise file_error(self.path, "read", error) from error

    def make(self) -> None:
        """Create the file, or cut off a last line torn by a power cut.

        :raises UsageError: the path cannot be written, others can read the file, or it has other content
        :raises RigError: the disk failed
        """
        with _write_errors(self.path):
            with self._open(os.O_CREAT) as file:
                self._end = self._mended(file)
            _sync_folder(self.path.parent)

    def append(self, line: bytes) -> None:
        """Append a line, given without its end; returns once it is on the disk and was read back.

        :raises UsageError: the file is gone, or has other content
        :raises RigError: the disk failed; the file ends with the line before
        """
        data = line + b"\n"
        with _write_errors(self.path), self._open() as file:
            end = os.fstat(file).st_size
            if end != self._end:
                end = self._mended(file)
            try:
                _write_all(file, data)
                os.fsync(file)
                if os.pread(file, len(data) + 1, end) != data:
                    raise OSError(errno.EIO, "the line does not read back")
            except BaseException:
                with contextlib.suppress(OSError):
                    _cut(file, end)
                raise
            self._end = end + len(data)

    @contextmanager
    def _open(self, make: int = 0) -> Iterator[int]:
        """Open the file, locked against appends of other processes."""
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | _SAFELY | make, 0o600)
        try:
            kind = os.fstat(file).st_mode
            if not stat.S_ISREG(kind):
                raise UsageError(f"{self.path} is not a regular file; give another one")
            if stat.S_IMODE(kind) & 0o077:
                raise UsageError(f"{self.path} can be read by others; chmod 600 {self.path}")
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _mended(self, file: int) -> int:
        """Cut off a torn last line; returns the offset of the next line."""
        data = os.pread(file, os.fstat(file).st_size, 0)
        end = self._split(data)[1]
        if end < len(data):
            _cut(file, end)
        elif data and not data.endswith(b"\n"):
            _write_all(file, b"\n")
            os.fsync(file)
            end += 1
        return end

    def _split(self, data: bytes) -> tuple[list[bytes], int]:
        """The complete lines and their size in bytes; a tail other than a torn line is an error."""
        lines: list[bytes] = []
        end = 0
        for raw in io.BytesIO(data):
            line = raw.removesuffix(b"\n")
            if not self._whole(line):
                if end + len(raw) < len(data) or not self._is_torn(raw):
                    where = f"{self.path}, line {len(lines) + 1},"
                    raise UsageError(f"{where} is damaged or of another kind; take it out, or give another file")
                break
            lines.append(line)
            end += len(raw)
        return lines, end

    def _is_torn(self, line: bytes) -> bool:
        """Whether this tail is a line torn by a power cut: its first bytes, or blocks that were never written."""
        first = line[: len(self._begin)]
        return b"\0" in line or (not line.endswith(b"\n") and self._begin.startswith(first))


@dataclass(frozen=True, slots=True)
class Holder:
    """Holder of a lock: process id, user, command line, start (local time, ISO 8601)."""

    pid: int
    user: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} since {self.since} ({self.command})"

    @classmethod
    def here(cls) -> Holder:
        """This process. Its command line ends before the first option: options may hold secrets."""
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = str(os.getuid())
        command = shlex.join(itertools.takewhile(lambda word: not word.startswith("-"), sys.orig_argv))[:200]
        return cls(os.getpid(), user, command, utc(SYSTEM).astimezone().isoformat(timespec="seconds"))


class Lock:
    """A file that one process holds at a time, by ``flock``; its content names the holder.

    The file stays when the lock is free. A link or a file with other content is left as it is and cannot be locked.
    """

    _held: ClassVar[set[int]] = set()

    def __init__(self, path: Path, *, mode: int = 0o600) -> None:
        """``mode``: permissions of a new file, regardless of the umask."""
        self.path = path
        self._mode = mode
        self._file = -1

    def take(self, *, wait: bool = False) -> bool:
        """Take the lock; False if it is held, also by this process. With ``wait``, blocks without limit.

        :raises UsageError: the path cannot be a lock of this user's
        :raises RigError: the disk failed
        """
        with _write_errors(self.path):
            while True:
                file = self._open()
                try:
                    if not _locked(file, wait=wait):
                        return False
                    if not self._leads_to(file):
                        continue
                    self._must_be_lock(file)
                    self._file, file = file, -1
                finally:
                    if file != -1:
                        os.close(file)
                self._held.add(self._file)
                self._record(json.dumps(asdict(Holder.here())))
                return True

    def release(self) -> None:
        """Release the lock; no effect if this process does not hold it."""
        if self._file in self._held:
            self._record("")
            self._held.discard(self._file)
            os.close(self._file)
        self._file = -1

    def holder(self) -> Holder | None:
        """The current holder; None if the lock is free, or its record is not written yet."""
        try:
            file = os.open(self.path, os.O_RDONLY | _SAFELY)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            with contextlib.suppress(ValueError, TypeError):
                return Holder(**json.loads(os.pread(file, _RECORD, 0)))
        finally:
            os.close(file)
        return None

    def _open(self) -> int:
        flags = os.O_RDWR | _SAFELY
        while True:
            try:
                # Without O_CREAT first: Linux refuses that on another user's file in a folder like /tmp.
                return os.open(self.path, flags)
            except FileNotFoundError:
                try:
                    file = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, self._mode)
                except FileExistsError:
                    continue
                os.fchmod(file, self._mode)
                return file

    def _leads_to(self, file: int) -> bool:
        """Whether the path still names the locked file, which may have been removed meanwhile."""
        try:
            return os.path.samestat(self.path.lstat(), os.fstat(file))
        except FileNotFoundError:
            return False

    def _must_be_lock(self, file: int) -> None:
        status = os.fstat(file)
        single = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        # A record torn by a power cut is accepted: its first bytes, or bytes that were never written.
        found = os.pread(file, _RECORD, 0).rstrip(b"\0")[: len(_BEGIN)] if single else b""
        if not single or not _BEGIN.startswith(found):
            raise UsageError(f"{self.path} is a file of another kind, and no lock; move it away")

    def _record(self, text: str) -> None:
        """Write this process's record, best effort: the lock holds without it."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text.encode(), 0)


def _locked(file: int, *, wait: bool) -> bool:
    if wait:
        fcntl.flock(file, fcntl.LOCK_EX)
        return True
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        # A process that asks for the holder has a shared lock for a moment.
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(file, fcntl.LOCK_UN)


def _let_go_in_child() -> None:
    """Drop inherited locks in a child that was forked without exec."""
    for file in Lock._held:
        os.close(file)
    Lock._held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


@contextmanager
def _write_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise file_error(path, "written", error) from error


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _cut(file: int, size: int) -> None:
    os.ftruncate(file, size)
    os.fsync(file)


def _keep_permissions(path: Path, file: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            os.fchmod(file, status.st_mode & 0o777)


def _sync_folder(folder: Path) -> None:
    """Sync a folder: makes its directory entries durable."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems cannot sync folders
            raise
    finally:
        os.close(file)
