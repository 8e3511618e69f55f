"""How much a device may say on its own: a burst at once, then so many messages a second."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.clock import SYSTEM

__all__ = ["Allowance"]


class Allowance:
    """A bucket that fills at ``rate`` messages a second up to ``burst``."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = SYSTEM.now) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._left = float(burst)
        self._filled_at = now()

    def spend(self) -> None:
        """One message came."""
        self._left -= 1

    def give_back(self) -> None:
        """The last message was one that had been asked for."""
        self._left += 1

    def overdrawn(self) -> float:
        """How many seconds nothing more should be taken; 0 while there is something left."""
        now = self._now()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._rate)
        self._filled_at = now
        return 0.0 if self._left >= 0 else -self._left / self._rate
