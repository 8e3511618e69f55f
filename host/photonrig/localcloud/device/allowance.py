"""Rate limit for unsolicited device messages: a token bucket."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.clock import SYSTEM


class Allowance:
    """A token bucket: ``rate`` messages a second, up to ``burst``."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = SYSTEM.now) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._left = float(burst)
        self._filled_at = now()

    def spend(self) -> None:
        """Count one message."""
        self._left -= 1

    def give_back(self) -> None:
        """Refund the last message: it was an answer."""
        self._left += 1

    def overdrawn(self) -> float:
        """Seconds until the next message may be read; 0 while the bucket is not overdrawn."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return 0.0 if self._left >= 0 else -self._left / self._rate
