"""Clock: the one module that reads the time or sleeps; passed in wherever time matters.

A clock has a monotonic time for durations and a time of day, and waits: for evidence with a deadline, or for a duration
where that is the point, such as holding a button. :class:`~photonrig.testing.FakeClock` is for tests.

Waits of the operating system (``select``, socket timeouts, ``Condition.wait``) take no clock. asyncio timers use the
event loop's time, and the loop is passed in.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import Final, Protocol, TypeVar

from photonrig.errors import ExpectationFailed

_INTERVAL: Final = 0.02  # seconds between two checks

T = TypeVar("T")


class NotSeen(ExpectationFailed):
    """The awaited condition was not seen in time."""


class Clock(Protocol):
    """Time source and waits; safe to use from any thread."""

    def now(self) -> float:
        """Monotonic seconds since an arbitrary start."""

    def wall(self) -> float:
        """Time of day: seconds since 1970, UTC. It jumps when the clock is set."""

    def pause(self, seconds: float) -> None:
        """Sleep for a duration that is itself required, such as holding a button."""

    async def pause_async(self, seconds: float) -> None:
        """:meth:`pause` for coroutines."""

    def wait_for(self, event: Event, seconds: float) -> bool:
        """Wait at most so many seconds for an event; returns whether it is set."""

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Poll until the result is true and return it; ``timeout`` in seconds.

        :raises NotSeen: not in time; the message names ``what``
        """


class WaitingClock(ABC):
    """Polling wait built on :meth:`now` and :meth:`pause`."""

    @abstractmethod
    def now(self) -> float:
        """See :class:`Clock`."""

    @abstractmethod
    def pause(self, seconds: float) -> None:
        """See :class:`Clock`."""

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Poll every 20 ms, at least once, until the result is true, and return it.

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
    """The clock of the operating system."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    async def pause_async(self, seconds: float) -> None:
        """Sleep and let other tasks run."""
        import asyncio  # lazy: a third of the start-up time of a program without tasks

        await asyncio.sleep(seconds)

    def wait_for(self, event: Event, seconds: float) -> bool:
        """Wait at most so many seconds for an event; returns whether it is set."""
        return event.wait(seconds)


SYSTEM: Final[Clock] = SystemClock()


class Deadline:
    """A moment ``seconds`` from now on a clock."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.now() + seconds

    @property
    def left(self) -> float:
        """Seconds left; negative once it has passed."""
        return self._ends - self._clock.now()


def utc(clock: Clock) -> datetime:
    """Time of day of a clock, in UTC."""
    return datetime.fromtimestamp(clock.wall(), UTC)
