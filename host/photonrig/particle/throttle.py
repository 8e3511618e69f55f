"""Throttle: counts requests to a cloud and keeps them within the documented limits."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from photonrig.clock import SYSTEM, Clock


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum requests in ``seconds``: of any kind, and for tokens; None is no limit.

    Creating a customer returns a token and counts as a call only.
    """

    calls: int | None = None
    tokens: int | None = None
    seconds: float = 300.0

    def least_seconds(self, calls: int, tokens: int) -> float:
        """Minimum time for so many requests, in seconds."""
        waits = [(calls, self.calls), (tokens, self.tokens)]
        return max(((count - 1) // most * self.seconds for count, most in waits if most and count > 0), default=0.0)


# Particle's documentation of its API, "API rate limits": per address, in five minutes.
LIMITS: Final[Mapping[str, Limits]] = MappingProxyType({"none": Limits(), "particle": Limits(10_000, 100)})


class Throttle:
    """Counts requests and blocks those that would exceed a limit; shared by many threads."""

    def __init__(self, limits: Limits, clock: Clock = SYSTEM) -> None:
        self.limits = limits
        self._clock = clock
        self.calls = 0
        self.tokens = 0
        self._lock = threading.Lock()
        self._windows: tuple[deque[float], deque[float]] = (deque(), deque())
        self._leaving = threading.Event()

    def pass_by(self, path: str) -> None:
        """Count one request to ``path``, after waiting until it is allowed; for :meth:`Cloud.before_each`."""
        token = path == "/oauth/token"
        while (wait := self._take(token)) > 0:
            self._clock.wait_for(self._leaving, wait)

    def stop_waiting(self) -> None:
        """Release all waiting threads."""
        self._leaving.set()

    def _take(self, token: bool) -> float:
        calls, tokens = self._windows
        now = self._clock.now()
        with self._lock:
            limited = [(calls, self.limits.calls)] + ([(tokens, self.limits.tokens)] if token else [])
            for window, most in limited:
                while window and window[0] <= now - self.limits.seconds:
                    window.popleft()
                if most is not None and len(window) >= most and not self._leaving.is_set():
                    return window[0] + self.limits.seconds - now
            for window, most in limited:
                if most is not None:
                    window.append(now)
            self.calls += 1
            self.tokens += token
            return 0.0
