"""Locks per physical path, one run at a time; the kernel frees them when their process ends.

Runs share a rig by locking only the slots they use.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import RigError, UsageError
from photonrig.files import Holder, Lock, file_error

_FOLDER_VARIABLE: Final = "PHOTONRIG_LOCKS"
# Not $TMPDIR: it differs between sessions of one user, whose runs must share locks.
_FOLDERS: Final = Path("/tmp")  # noqa: S108
_READABLE: Final = 60  # characters of a path shown in its lock's name


class Busy(RigError):
    """Another run holds the path; ``holder`` names it, if known. Wait for it, or end it."""

    def __init__(self, path: str, holder: Holder | None, waited: float) -> None:
        after = f" after {waited:g} s" if waited else ""
        super().__init__(f"{path} is still held{after} by {holder or 'a process that has not said who it is'}")
        self.holder = holder


def lock_folder() -> Path:
    """Folder of this user's locks, closed to others.

    PHOTONRIG_LOCKS names another one; a folder of root's that others may write to, such as /tmp, shares locks among all
    users who name it.

    :raises UsageError: not a folder, or another user's
    """
    named = os.environ.get(_FOLDER_VARIABLE)
    folder = Path(named) if named else _FOLDERS / f"photonrig-locks-{os.geteuid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise file_error(folder, "written", error) from error
    if not stat.S_ISDIR(status.st_mode):
        raise UsageError(f"{folder} is not a folder; move it away, or name another one in {_FOLDER_VARIABLE}")
    if status.st_uid != os.geteuid() and not (named and status.st_uid == 0):
        raise UsageError(f"{folder} belongs to another user; name another folder in {_FOLDER_VARIABLE}")
    if not named:
        folder.chmod(0o700)
    return folder


@contextmanager
def hold(path: str, *, wait: float = 0.0, clock: Clock = SYSTEM) -> Iterator[None]:
    """Hold a physical path, as in ``usb:1-1.4``, inside the block; waits at most ``wait`` seconds for it.

    :raises Busy: another process, or another block of this one, holds it
    :raises UsageError: the lock's path is taken by something else
    """
    lock = _lock(path)
    if not lock.take():
        try:
            if wait <= 0:
                raise NotSeen("not waited")
            clock.wait_until(lock.take, wait, f"{path} free")
        except NotSeen:
            raise Busy(path, lock.holder(), wait) from None
    try:
        yield
    finally:
        lock.release()


def holder_of(path: str) -> Holder | None:
    """The current holder of a path; None if it is free, or its record is not written yet."""
    return _lock(path).holder()


def _lock(path: str) -> Lock:
    """One file per path, also on case-insensitive file systems; the name ends with the path's end."""
    folder = lock_folder()
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", path)[-_READABLE:].lower()
    name = f"{readable}.{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.lock"
    shared = folder.stat().st_mode & 0o022
    return Lock(folder / name, mode=0o666 if shared else 0o600)
