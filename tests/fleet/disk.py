"""A disk under watch: whatever this process does to the files of a folder is recorded, and can be refused or cut off.

Works in a process that ``disk.c`` was loaded into (``test_disk.py`` starts one). :meth:`Recording.after_power_cut` says
what such a disk may hold when power fails:

* a file's data as of its last fsync, and of what was written since any part, in any order, torn at any byte;
* a folder's names as of its last fsync, and of what was changed since the first changes up to any.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

KINDS = ("create", "write", "truncate", "sync", "rename", "unlink")
# SQLite's index of its log: memory that is shared by processes, made anew from the log after a crash.
FLEETING = "-shm"

_WATCHER = ctypes.CFUNCTYPE(
    ctypes.c_long,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.c_void_p,
    ctypes.c_long,
    ctypes.c_long,
)


@dataclass(frozen=True)
class Change:
    """One call that changes a file; ``name`` is empty for the folder itself. ``size`` is that of a truncated file."""

    kind: str
    name: str
    to: str = ""
    at: int = 0
    data: bytes = b""
    size: int = 0


@dataclass
class _File:
    """What a file holds for sure, and what was done to it since."""

    safe: bytes = b""
    since: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        self.safe, self.since = _applied(self.safe, self.since), []

    def after_power_cut(self, chance: random.Random | None, all_of_it: bool) -> bytes:
        some = self.since if all_of_it else []
        if chance is not None:
            some = [change for change in self.since if chance.random() < 0.5]
            chance.shuffle(some)
            if some and some[-1].kind == "write":
                some[-1] = replace(some[-1], data=some[-1].data[: chance.randint(0, len(some[-1].data))])
        return _applied(self.safe, some)


class Disk:
    """Watches a folder inside a ``with`` block.

    ``fault`` is asked before each change, and answers how many bytes of it may happen, or a negative error number; None
    is no fault.
    """

    def __init__(self, folder: Path, fault: Callable[[int, Change], int | None] = lambda number, change: None) -> None:
        self._folder = folder.resolve()
        self._fault = fault
        self._library = ctypes.CDLL(None)
        self._function = _WATCHER(self._watch)
        self.recording = Recording(
            {
                path.name: path.read_bytes()
                for path in self._folder.iterdir()
                if path.is_file() and not path.name.endswith(FLEETING)
            }
        )

    def __enter__(self) -> Self:
        self._library.disk_watch(self._function)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.disk_watch(None)

    def _watch(
        self, kind: int, file: int, path: bytes | None, to: bytes | None, data: int | None, size: int, at: int
    ) -> int:
        try:
            return self._watched(KINDS[kind], file, path, to, data, size, at)
        except BaseException:  # a mistake of this module must not pass for a fault of the disk
            traceback.print_exc(file=sys.__stderr__)
            os._exit(70)

    def _watched(
        self, kind: str, file: int, path: bytes | None, to: bytes | None, data: int | None, size: int, at: int
    ) -> int:
        where = Path(os.fsdecode(path)) if path is not None else Path(f"/proc/self/fd/{file}").readlink()
        if path is not None:
            where = where.parent.resolve() / where.name
        if where != self._folder and where.parent != self._folder:
            return size
        name = "" if where == self._folder else where.name
        if name.endswith(FLEETING):
            return size
        if kind == "write" and at < 0:
            appends = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_APPEND
            at = os.fstat(file).st_size if appends else os.lseek(file, 0, os.SEEK_CUR)
        content = ctypes.string_at(data, size) if kind == "write" and data is not None else b""
        change = Change(kind, name, Path(os.fsdecode(to)).name if to else "", at, content, size)
        answer = self._fault(len(self.recording.changes), change)
        if answer is None or answer >= 0:
            if answer is not None and kind == "write":
                change = replace(change, data=content[:answer])
            self.recording.changes.append(change)
        return size if answer is None else answer


@dataclass
class Recording:
    """What was on a disk, what was done to it, and what was acknowledged meanwhile: after so many changes, what."""

    before: dict[str, bytes]
    changes: list[Change] = field(default_factory=list)
    acknowledged: list[tuple[int, Any]] = field(default_factory=list)

    def acknowledge(self, what: Any) -> None:
        self.acknowledged.append((len(self.changes), what))

    def after_power_cut(
        self, changes: int, chance: random.Random | None, *, all_of_it: bool = False
    ) -> dict[str, bytes]:
        """Files by name that may be found when power fails after so many changes.

        Without ``chance`` nothing is found that was not synced, or ``all_of_it``.
        """
        names = {name: _File(content) for name, content in self.before.items()}
        safe = dict(names)
        since: list[tuple[str, str, _File]] = []  # the name that goes, the name that comes, the file
        for change in self.changes[:changes]:
            match change.kind:
                case "write" | "truncate":
                    names[change.name].since.append(change)
                case "sync" if change.name:
                    names[change.name].sync()
                case "sync":
                    safe, since = dict(names), []
                case "create" | "rename" | "unlink":
                    goes = "" if change.kind == "create" else change.name
                    comes = change.name if change.kind == "create" else change.to
                    since.append((goes, comes, names[goes] if goes else _File()))
                    _rename(names, *since[-1])
        if all_of_it:
            safe = names
        elif chance is not None:
            for each in since[: chance.randint(0, len(since))]:
                _rename(safe, *each)
        return {name: file.after_power_cut(chance, all_of_it) for name, file in safe.items()}


def _rename(names: dict[str, _File], goes: str, comes: str, file: _File) -> None:
    names.pop(goes, None)
    if comes:
        names[comes] = file


def _applied(content: bytes, changes: list[Change]) -> bytes:
    for change in changes:
        if change.kind == "truncate":
            content = content[: change.size].ljust(change.size, b"\0")
        else:
            content = content.ljust(change.at, b"\0")
            content = content[: change.at] + change.data + content[change.at + len(change.data) :]
    return content
