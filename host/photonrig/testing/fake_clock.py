"""Fake clock for tests: time passes only by waiting, and at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Final

from photonrig.clock import WaitingClock

_WALL: Final = 1_700_000_000.0  # 14 November 2023, 22:13:20 UTC


class FakeClock(WaitingClock):
    """Jumps to the end of every wait; stores the length of each in ``waits``, in seconds.

    The code under test must take all its time from this clock: separate programs, sockets and real devices do not share
    it. Threads share the clock; each jump moves time for all.
    """

    def __init__(self, now: float = 0.0, wall: float = _WALL) -> None:
        """``now`` and ``wall``: initial monotonic time and time of day, in seconds."""
        self.waits: list[float] = []
        self._now, self._wall = now, wall
        self._lock = threading.Lock()
        self._alarms: list[tuple[float, Callable[[], object]]] = []

    def now(self) -> float:
        """Seconds on the monotonic clock."""
        with self._lock:
            return self._now

    def wall(self) -> float:
        """Time of day, in seconds since 1970."""
        with self._lock:
            return self._wall

    def advance(self, seconds: float) -> None:
        """Advance time; callbacks of :meth:`at` run in order, each at its time.

        :raises ValueError: a negative time
        """
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds:g} s")
        with self._lock:
            ends = self._now + seconds
        while (due := self._next(ends)) is not None:
            due()
        self._move(ends)

    def at(self, now: float, happens: Callable[[], object]) -> None:
        """Schedule a callback for the monotonic time ``now``, on the thread that waits then."""
        with self._lock:
            self._alarms.append((now, happens))

    def set_wall(self, wall: float) -> None:
        """Set the time of day, as NTP would; the monotonic clock goes on."""
        with self._lock:
            self._wall = wall

    def pause(self, seconds: float) -> None:
        """Jump over a pause."""
        self.waits.append(seconds)
        self.advance(max(seconds, 0.0))

    async def pause_async(self, seconds: float) -> None:
        """Jump over a pause, and let other tasks run once."""
        self.pause(seconds)
        await asyncio.sleep(0)

    def wait_for(self, event: threading.Event, seconds: float) -> bool:
        """Jump to the end of the wait, unless the event is set, or becomes set by a callback on the way."""
        if not event.is_set():
            self.pause(seconds)
        return event.is_set()

    def _next(self, ends: float) -> Callable[[], object] | None:
        """Advance to the next callback up to then."""
        with self._lock:
            due = min((alarm for alarm in self._alarms if alarm[0] <= ends), key=lambda alarm: alarm[0], default=None)
            if due is None:
                return None
            self._alarms.remove(due)
        self._move(due[0])
        return due[1]

    def _move(self, to: float) -> None:
        with self._lock:
            passed = max(0.0, to - self._now)
            self._now += passed
            self._wall += passed
