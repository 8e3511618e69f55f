"""One run at a time per physical path: locks that the kernel keeps, so that they end with their process.

A lock is a file that is locked with ``flock``; what is written in it only tells others who holds it, and counts for
nothing once the lock is gone. Several runs share one rig by locking the slots they use and no others.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import itertools
import json
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from photonrig.bench.clock import Clock, NotSeen, SystemClock
from photonrig.errors import RigError

__all__ = ["Busy", "Holder", "hold", "holder_of", "lock_folder"]

_FOLDER_VARIABLE: Final = "PHOTONRIG_LOCKS"

_held: set[int] = set()


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: process id, user, command line, and since when (local time, ISO 8601)."""

    pid: int
    user: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} since {self.since} ({self.command})"


class Busy(RigError):
    """Another run holds the path; ``holder`` says who, if it could be read. Wait for it, or end it."""

    def __init__(self, path: str, holder: Holder | None, waited: float) -> None:
        after = f" after {waited:g} s" if waited else ""
        super().__init__(f"{path} is still held{after} by {holder or 'a process that has not said who it is'}")
        self.holder = holder


def lock_folder() -> Path:
    """Where all runs on this machine keep their locks; PHOTONRIG_LOCKS names another place."""
    named = os.environ.get(_FOLDER_VARIABLE)
    folder = Path(named) if named else Path(tempfile.gettempdir()) / "photonrig-locks"
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        # Like /tmp itself: everyone may lock, nobody may remove another's file.
        with contextlib.suppress(PermissionError):
            folder.chmod(0o1777)
    return folder


@contextmanager
def hold(path: str, *, wait: float = 0.0, clock: Clock | None = None) -> Iterator[None]:
    """Hold a physical path, as in ``usb:1-1.4``, inside the block; waits at most ``wait`` seconds for it.

    :raises Busy: another process, or another block of this one, holds it
    """
    descriptor = _open(_file(path))
    try:
        if not _locked(descriptor):
            try:
                if wait <= 0:
                    raise NotSeen("not waited")
                (clock or SystemClock()).wait_until(lambda: _locked(descriptor), wait, f"{path} free")
            except NotSeen:
                raise Busy(path, holder_of(path), wait) from None
        _held.add(descriptor)
        record = asdict(Holder(os.getpid(), _user(), _command(), _now()))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(record).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        _held.discard(descriptor)
        os.close(descriptor)


def holder_of(path: str) -> Holder | None:
    """Who holds a path right now; None if nobody does, or the holder has not written its record yet."""
    try:
        descriptor = os.open(_file(path), os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if _locked(descriptor):
            return None
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (ValueError, TypeError):
        return None
    finally:
        os.close(descriptor)


def _file(path: str) -> Path:
    return lock_folder() / (re.sub(r"[^A-Za-z0-9.:-]+", "_", path) + ".lock")


def _open(file: Path) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        try:
            # Without O_CREAT first: Linux refuses that on another user's file in a folder like /tmp.
            return os.open(file, flags)
        except FileNotFoundError:
            try:
                descriptor = os.open(file, flags | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                continue
            os.fchmod(descriptor, 0o666)
            return descriptor
        except OSError as error:
            raise RigError(f"the lock {file} cannot be opened: {error}") from None


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _command() -> str:
    """What runs, up to the first option: what follows may be a secret, and everyone may read the record."""
    return shlex.join(itertools.takewhile(lambda word: not word.startswith("-"), sys.orig_argv))[:200]


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


def _let_go_in_child() -> None:
    """A lock must not live on in a child that was forked without exec."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)
