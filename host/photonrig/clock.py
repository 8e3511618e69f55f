"""Time, passed in wherever waiting matters: nothing sleeps outside a clock, and every wait names what it waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from photonrig.errors import ExpectationFailed

__all__ = ["Clock", "NotSeen", "SystemClock"]

_INTERVAL: Final = 0.02

T = TypeVar("T")


class NotSeen(ExpectationFailed):
    """What was waited for did not happen in time."""


class Clock(Protocol):
    """Tells the time and waits for evidence."""

    def now(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def pause(self, seconds: float) -> None:
        """Let time pass that is itself what is wanted, as while a button is held; never to wait for something."""

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Look again and again until the result is true, and return it; ``timeout`` in seconds.

        :raises NotSeen: not in time; the message names ``what``
        """


class SystemClock:
    """The clock of this machine."""

    def now(self) -> float:
        """Seconds by the monotonic clock."""
        return time.monotonic()

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def wait_until(self, look: Callable[[], T], timeout: float, what: str) -> T:
        """Look every 20 ms until the result is true, and return it; looks at least once.

        :raises NotSeen: not within ``timeout`` seconds
        """
        deadline = self.now() + timeout
        while not (seen := look()):
            left = deadline - self.now()
            if left <= 0:
                raise NotSeen(f"not seen within {timeout:g} s: {what}")
            time.sleep(min(_INTERVAL, left))
        return seen
