"""Rate limits: the documented ones as data, and counters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``count`` in ``seconds``."""

    name: str
    count: int
    seconds: float


# Particle's documentation of its API, "API rate limits"; per address, the last per user.
ANY_CALL = Rule("any call", 10_000, 300)
TOKEN_GRANTS = Rule("POST /oauth/token", 100, 300)
TOKENS_AND_USERS = Rule("listing and deleting tokens, creating users, password resets", 100, 300)
OPEN_STREAMS = Rule("opening event streams", 100, 300)
SERIAL_NUMBERS = Rule("serial numbers", 50, 3600)
STREAMS_AT_ONCE = 100
FAILED_LOG_INS = 10  # consecutive
LOCK_SECONDS = 1800.0
_REMEMBERED = 10_000


@dataclass(slots=True)
class _Window:
    ends: float
    count: int = 0


@dataclass(slots=True)
class _LogIns:
    failed: int = 0
    locked_until: float = 0.0


@dataclass(slots=True)
class Rates:
    """Counters by rule and client. A window begins with its first request; results are seconds to wait, 0 for none."""

    now: Callable[[], float]
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)
    _log_ins: dict[str, _LogIns] = field(default_factory=dict)
    _streams: dict[str, int] = field(default_factory=dict)

    def take(self, rule: Rule, who: str) -> float:
        """Count one request."""
        now = self.now()
        window = self._windows.get((rule.name, who))
        if window is None or now >= window.ends:
            self._forget(now)
            window = self._windows[rule.name, who] = _Window(now + rule.seconds)
        window.count += 1
        return 0.0 if window.count <= rule.count else window.ends - now

    def locked(self, who: str) -> float:
        """Seconds until an address may log in again after too many failures."""
        log_ins = self._log_ins.get(who)
        return 0.0 if log_ins is None else max(0.0, log_ins.locked_until - self.now())

    def logged_in(self, who: str, *, ok: bool) -> None:
        """Record a grant's result."""
        if ok:
            self._log_ins.pop(who, None)
            return
        if len(self._log_ins) >= _REMEMBERED:
            self._log_ins.clear()
        log_ins = self._log_ins.setdefault(who, _LogIns())
        log_ins.failed += 1
        if log_ins.failed >= FAILED_LOG_INS:
            log_ins.failed = 0
            log_ins.locked_until = self.now() + LOCK_SECONDS

    def stream_opens(self, who: str) -> bool:
        """Whether one more stream may be opened; if so, :meth:`stream_ends` must follow."""
        if self._streams.get(who, 0) >= STREAMS_AT_ONCE:
            return False
        self._streams[who] = self._streams.get(who, 0) + 1
        return True

    def stream_ends(self, who: str) -> None:
        """Count the end of a stream."""
        self._streams[who] -= 1
        if not self._streams[who]:
            del self._streams[who]

    def _forget(self, now: float) -> None:
        """Delete expired windows once there are many; all of them if none is expired."""
        if len(self._windows) >= _REMEMBERED:
            self._windows = {key: window for key, window in self._windows.items() if now < window.ends}
            if len(self._windows) >= _REMEMBERED:
                self._windows.clear()
