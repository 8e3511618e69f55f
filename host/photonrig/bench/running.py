"""Virtual slots that run right now on this machine, for programs beside the one that runs them.

A lab announces itself by a file in this user's folder of locks, and holds a lock beside it as long as it lives.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from photonrig.bench.lock import lock_folder
from photonrig.files import Lock, replace


class RunningSlot(msgspec.Struct, frozen=True):
    """A virtual Photon that runs: where its control socket, its serial port and its log are.

    ``lab``: the state folder of its lab; ``rig``: the bench's file, "" in a lab; ``firmware``: folders of modules that
    it may run, with their ELFs; ``started``: it runs for whoever holds this, and ends with them.
    """

    name: str
    device_id: str
    variant: str
    control: str
    serial: str
    log: str
    lab: str
    rig: str
    firmware: tuple[str, ...]
    started: bool = False


class Announcement:
    """The slots of one lab, announced until :meth:`withdraw`."""

    def __init__(self, lab: Path, slots: Iterable[RunningSlot]) -> None:
        """``lab`` is the lab's state folder, which one lab uses at a time."""
        folder = _folder()
        folder.mkdir(mode=0o700, exist_ok=True)
        self._file = folder / f"{hashlib.sha256(os.fsencode(lab.absolute())).hexdigest()[:32]}.json"
        self._lock = Lock(self._file.with_suffix(".lock"))
        self._lock.take()
        replace(self._file, msgspec.json.encode(tuple(slots)), private=True)

    def withdraw(self) -> None:
        """The slots are about to end."""
        self._file.unlink(missing_ok=True)
        self._lock.release()


def running_slots(name: str) -> list[RunningSlot]:
    """The slots of this name."""
    return [slot for slot in _announced() if slot.name == name]


def _folder() -> Path:
    return lock_folder() / "running"


def _announced() -> Iterator[RunningSlot]:
    for file in sorted(_folder().glob("*.json")):
        if Lock(file.with_suffix(".lock")).holder() is None:
            continue  # its lab was killed
        try:
            yield from msgspec.json.decode(file.read_bytes(), type=tuple[RunningSlot, ...])
        except (OSError, msgspec.MsgspecError):
            continue
