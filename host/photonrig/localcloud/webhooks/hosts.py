"""Which servers webhooks may call, and how a server that fails often is spared."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from photonrig.errors import UsageError

__all__ = ["HostRating", "Ratings", "addresses_of", "may_call"]

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_THIS_MACHINE = "localhost"

_REMEMBERED = 10  # requests by which a server is judged
_HOSTS = 1000  # an event may name the server that its hook calls
_FIRST_REST, _LONGEST_REST = 5.0, 60.0  # seconds


def may_call(host: str, allowed: frozenset[str]) -> bool:
    """Whether a webhook may call ``host``: this machine by its address or as localhost, or a name that was allowed."""
    name = _name(host)
    if name in allowed or name == _THIS_MACHINE:
        return True
    address = _address(name)
    return address is not None and address.is_loopback


async def addresses_of(host: str, allowed: frozenset[str]) -> list[str]:
    """The addresses to call a host at that :func:`may_call`, as its name stands for them now.

    A name may stand for what it likes; none makes a hook reach a link-local, multicast or unspecified address, such as
    the one at which clouds tell machines their secrets.

    :raises UsageError: the name stands for no address that a webhook may call
    :raises OSError: the name is not known
    """
    name = _name(host)
    if _address(name) is not None:
        return [name]
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    texts = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
    good = [text for text in texts if _may_stand_for(name, _address(text))]
    if not good:
        raise UsageError(f"{host} stands for {', '.join(texts)}, which webhooks may not call")
    return good


def _may_stand_for(name: str, address: _Address | None) -> bool:
    if address is None:
        return False
    if name == _THIS_MACHINE:
        return address.is_loopback
    return not (address.is_link_local or address.is_multicast or address.is_unspecified)


def _name(host: str) -> str:
    return host.lower().rstrip(".").strip("[]")


def _address(text: str) -> _Address | None:
    """The address in a text, None for a name; one of IPv4 in the clothes of IPv6 is the one of IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


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
