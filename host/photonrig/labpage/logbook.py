"""What the slots of a lab logged: device log, serial lines that somebody read, panics, owners, connections.

One file a slot in the lab's state folder, ``logs/SLOT.jsonl``, a change a line; past a megabyte it becomes
``SLOT.before.jsonl``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from photonrig.labpage.changes import Change
from photonrig.labpage.terminal import lines_of

_LONGEST: Final = 1_000_000  # bytes


class Logbook:
    """The files of one lab."""

    def __init__(self, lab: Path) -> None:
        """``lab`` is its state folder."""
        self._folder = lab / "logs"

    def note(self, change: Change) -> None:
        """Write a change into its slot's file, if there is something to say of it."""
        if not change["slot"] or not lines_of(change)[0]:
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, before = self._files(change["slot"])[::-1]
        if file.exists() and file.stat().st_size > _LONGEST:
            file.replace(before)
        descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "ab") as out:  # noqa: PTH123
            out.write(msgspec.json.encode(change) + b"\n")

    def read(self, slot: str) -> Reader:
        """The changes of a slot, from the first that is kept."""
        return Reader(*self._files(slot))

    def _files(self, slot: str) -> tuple[Path, Path]:
        return self._folder / f"{slot}.before.jsonl", self._folder / f"{slot}.jsonl"


class Reader:
    """Reads a slot's changes, and then those that come."""

    def __init__(self, before: Path, file: Path) -> None:
        self._before, self._file = before, file
        self._at: tuple[int, int] = (0, 0)  # inode and place

    @property
    def exists(self) -> bool:
        """Whether something was ever logged."""
        return self._file.exists()

    def new(self) -> Iterator[Change]:
        """The changes since the last call."""
        inode, place = self._at
        for path in (self._before, self._file):
            try:
                with path.open("rb") as file:
                    now = os.fstat(file.fileno()).st_ino
                    if path == self._before and inode not in (0, now):
                        continue  # read already
                    file.seek(place if now == inode else 0)
                    text = file.read()
            except FileNotFoundError:
                continue
            whole = text[: text.rfind(b"\n") + 1]
            self._at = now, (place if now == inode else 0) + len(whole)
            for line in whole.splitlines():
                yield msgspec.json.decode(line)
