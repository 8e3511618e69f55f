"""What one test saw, on one axis of time: serial, SoftAP, HTTP, events, CLI and what the bench itself did.

Interfaces are given a :data:`Tap` and tell it every line; whoever listens decides what becomes of it. Lines hold no
secrets: each interface masks its own before it tells.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final, Literal

from photonrig.clock import SYSTEM, Clock

__all__ = ["LANES", "Lane", "Moment", "Observer", "Recorder", "Trouble"]

Lane = Literal["rig", "serial", "softap", "http", "event", "cli"]
# An answer that says no; the other side broken; the link gone; no answer in time.
Trouble = Literal["", "refused", "failed", "broke", "silent"]
LANES: Final[tuple[Lane, ...]] = ("rig", "serial", "softap", "http", "event", "cli")

# How many moments of a test are kept for its timeline; the files hold all.
_KEPT: Final = 2000


@dataclass(frozen=True, slots=True)
class Moment:
    """Something seen: when it began and how long it took, both in seconds, by the monotonic clock."""

    at: float
    lane: Lane
    text: str
    seconds: float = 0.0
    trouble: Trouble = ""


Observer = Callable[[Moment], None]


class Recorder:
    """Keeps the moments of one test, and writes each at once to ``folder``: ``serial.log``, ``http.log`` and so on.

    The folder is made with the first moment. Any thread may tell it something.
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
        """Keep a moment; after :meth:`close` it is dropped."""
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
        """Keep something that is happening now, or began at ``began`` and is over."""
        now = self.clock.now()
        self(Moment(now if began is None else began, lane, text, 0.0 if began is None else now - began, trouble))

    def files(self) -> tuple[str, ...]:
        """Names of everything in the folder, by name."""
        return tuple(sorted(path.name for path in self.folder.iterdir())) if self.folder.is_dir() else ()

    def close(self) -> None:
        """Write everything out."""
        with self._lock:
            self._closed = True
            for file in self._files.values():
                file.close()
