"""Time, passed in wherever it matters: nothing else in this package reads a clock or sleeps.

A clock tells two times, the monotonic one that durations are measured by and the time of day, and waits: for evidence
with a deadline, or for time itself where time is what is wanted, as while a button is held. ``photonrig.testing`` has
a :class:`~photonrig.testing.FakeClock` for tests.

Waiting inside the operating system (``select``, a socket's timeout, ``Condition.wait``) needs no clock: it ends with
the evidence. asyncio's timers and timeouts are the event loop's, whose time is passed in with the loop.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import Final, Protocol, TypeVar

from photonrig.errors import ExpectationFailed

__all__ = ["SYSTEM", "Clock", "Deadline", "NotSeen", "SystemClock", "WaitingClock", "utc"]

_INTERVAL: Final = 0.02  # seconds between two looks

T = TypeVar("T")


class NotSeen(ExpectationFailed):
    """What was waited for did not happen in time."""


class Clock(Protocol):
    """Tells the time and waits for evidence; any thread may use it."""

    def now(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def wall(self) -> float:
        """Time of day: seconds since 1970, UTC. It jumps when the clock is set."""

    def pause(self, seconds: float) -> None:
        """Let time pass that is itself what is wanted, as while a button is held; never to wait for something."""

    async def pause_async(self, seconds: float) -> None:
        """:meth:`pause` for a coroutine: others run meanwhile."""

    def wait_for(self, event: Event, seconds: float) -> bool:
        """Wait until an event is set, at most so long; returns whether it is."""

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Look again and again until the result is true, and return it; ``timeout`` in seconds.

        :raises NotSeen: not in time; the message names ``what``
        """


class WaitingClock(ABC):
    """Waits for evidence in terms of a clock's :meth:`now` and :meth:`pause`."""

    @abstractmethod
    def now(self) -> float:
        """See :class:`Clock`."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """See :class:`Clock`."""

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Look every 20 ms until the result is true, and return it; looks at least once.

        :raises NotSeen: not within ``timeout`` seconds
        """
        deadline = self.now() + timeout
        while not (seen := look()):
            left = deadline - self.now()
            if left <= 0:
                raise NotSeen(f"not seen within {timeout:g} s: {what}")
            self.pause(min(_INTERVAL, left))
        return seen


class SystemClock(WaitingClock):
    """The clock of this machine."""

    def now(self) -> float:
        """Seconds by the monotonic clock."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def pause_async(self, seconds: float) -> None:
        """Sleep, and let other tasks run."""
        import asyncio  # a third of the start of a program that has no tasks

        await asyncio.sleep(seconds)

    def wait_for(self, event: Event, seconds: float) -> bool:
        """Wait until an event is set, at most so long; returns whether it is."""
        return event.wait(seconds)


SYSTEM: Final[Clock] = SystemClock()


class Deadline:
    """A moment ``seconds`` from now, by a clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.now() + seconds

    @property
    def left(self) -> float:
        """Seconds until then; below 0 when it has passed."""
        return self._ends - self._clock.now()


def utc(clock: Clock) -> datetime:
    """The time of day by a clock, in UTC."""
    return datetime.fromtimestamp(clock.wall(), UTC)
