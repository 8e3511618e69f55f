"""Which servers webhooks may call, and how a server that fails often is spared."""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["HostRating", "Ratings", "may_call"]

_REMEMBERED = 10  # requests by which a server is judged
_HOSTS = 1000  # an event may name the server that its hook calls
_FIRST_REST, _LONGEST_REST = 5.0, 60.0  # seconds


def may_call(host: str, allowed: frozenset[str]) -> bool:
    """Whether a webhook may call ``host``: this machine by its address or as localhost, or a name that was allowed."""
    name = host.lower().rstrip(".").strip("[]")
    if name in allowed or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class HostRating:
    """How the last requests to one server went. With more failures than successes it rests, then gets one try."""

    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    rest: float = _FIRST_REST
    rests_until: float = 0.0

    def spared(self, now: float) -> bool:
        """Whether a request must be skipped now; when not, a resting server is given this one try."""
        if now < self.rests_until:
            return True
        if self._bad:
            self.rests_until = now + self.rest
        return False

    def note(self, ok: bool, now: float) -> None:
        """A request ended."""
        self.outcomes.append(ok)
        if ok:
            self.rest = _FIRST_REST
            self.rests_until = 0.0
            if self._bad:  # it answers again: what went before no longer counts
                self.outcomes.clear()
        elif self._bad:
            self.rests_until = now + self.rest
            self.rest = min(2 * self.rest, _LONGEST_REST)

    @property
    def _bad(self) -> bool:
        return len(self.outcomes) == _REMEMBERED and 2 * sum(self.outcomes) < _REMEMBERED


class Ratings:
    """Ratings by host name, of the last 1,000 that failed first; the port and the hook do not matter."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hosts: dict[str, HostRating] = {}

    def spared(self, host: str) -> bool:
        """Whether a request to the host must be skipped now."""
        rating = self._hosts.get(host)
        return rating is not None and rating.spared(self._now())

    def note(self, host: str, *, ok: bool) -> None:
        """A request to the host succeeded or failed; a host without failures is not remembered."""
        rating = self._hosts.get(host)
        if rating is None:
            if ok:
                return
            if len(self._hosts) >= _HOSTS:
                del self._hosts[next(iter(self._hosts))]
            rating = self._hosts[host] = HostRating()
        rating.note(ok, self._now())
        if all(rating.outcomes):
            del self._hosts[host]
