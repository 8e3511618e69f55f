"""Trace: everything interfaces observed, on one time axis: serial, SoftAP, HTTP, events, CLI, panics, bench's actions.

Interfaces take an :data:`Observer` and pass it every :class:`Moment`; a test's :class:`Recorder` or a story's step
stores them. Texts hold no secrets: each interface masks its own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Literal

from photonrig.clock import SYSTEM, Clock

Lane = Literal["rig", "device", "serial", "softap", "http", "event", "cli"]
# refused: an answer that says no; failed: the peer is broken; broke: the link is gone; silent: no answer in time.
Trouble = Literal["", "refused", "failed", "broke", "silent"]
LANES: Final[tuple[Lane, ...]] = ("rig", "device", "serial", "softap", "http", "event", "cli")

# Moments kept for a test's timeline; the files hold all.
_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class Moment:
    """One observation: start and duration in seconds, monotonic clock."""

    at: float
    lane: Lane
    text: str
    seconds: float = 0.0
    trouble: Trouble = ""


Observer = Callable[[Moment], None]

# Devices print any bytes; the stored text must be safe for terminals and XML.
_UNPRINTABLE: Final = re.compile("[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text with a replacement for every character that a terminal interprets or XML forbids."""
    return _UNPRINTABLE.sub("\ufffd", text)


class Recorder:
    """Stores the moments of one test, and appends each at once to ``folder``: ``serial.log``, ``http.log`` and so on.

    The folder is created with the first moment. Thread-safe.
    """

    def __init__(self, folder: Path, clock: Clock = SYSTEM) -> None:
        self.folder = folder
        self.clock = clock
        self.begun = clock.now()
        self.moments: list[Moment] = []
        self.lost = 0
        self._files: dict[Lane, TextIOWrapper] = {}
        self._lock = threading.Lock()
        self._closed = False

    def __call__(self, moment: Moment) -> None:
        """Store a moment; after :meth:`close` it is dropped."""
        with self._lock:
            if self._closed:
                return
            if len(self.moments) < _KEPT:
                self.moments.append(moment)
            else:
                self.lost += 1
            if moment.lane not in self._files:
                self.folder.mkdir(parents=True, exist_ok=True)
                path = self.folder / f"{moment.lane}.log"
                path.touch(mode=0o600)
                self._files[moment.lane] = path.open("a", encoding="utf-8", errors="replace", buffering=1)
            mark = "!" if moment.trouble else " "
            self._files[moment.lane].write(f"{moment.at - self.begun:9.4f}{mark} {moment.text.rstrip()}\n")

    def note(self, lane: Lane, text: str, *, began: float | None = None, trouble: Trouble = "") -> None:
        """Store an observation made now, or begun at ``began`` and finished."""
        now = self.clock.now()
        self(Moment(now if began is None else began, lane, text, 0.0 if began is None else now - began, trouble))

    def files(self) -> tuple[str, ...]:
        """Names of the files in the folder, sorted."""
        return tuple(sorted(path.name for path in self.folder.iterdir())) if self.folder.is_dir() else ()

    def close(self) -> None:
        """Flush and close the files."""
        with self._lock:
            self._closed = True
            for file in self._files.values():
                file.close()
