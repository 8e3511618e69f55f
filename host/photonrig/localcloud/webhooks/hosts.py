"""Allowed servers of webhooks, and back-off from failing ones."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from photonrig.errors import UsageError

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_THIS_MACHINE = "localhost"

_REMEMBERED = 10  # last requests considered
_HOSTS = 1000  # templates can produce any number of host names
_FIRST_REST, _LONGEST_REST = 5.0, 60.0  # seconds of back-off


def may_call(host: str, allowed: frozenset[str]) -> bool:
    """Whether webhooks may call ``host``: this machine by address or as localhost, or an allowed name."""
    name = _name(host)
    if name in allowed or name == _THIS_MACHINE:
        return True
    address = _address(name)
    return address is not None and address.is_loopback


async def addresses_of(host: str, allowed: frozenset[str]) -> list[str]:
    """Addresses of a host that :func:`may_call`, resolved now.

    Link-local, multicast and unspecified addresses are refused whatever the name, such as the metadata service of
    clouds.

    :raises UsageError: no address of the name may be called
    :raises OSError: the name cannot be resolved
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
    """IP address in a text, None for a name; an IPv4-mapped IPv6 address becomes IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@dataclass(slots=True)
class HostRating:
    """Success rate of one server. More failures than successes cause a back-off, followed by one try."""

    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    rest: float = _FIRST_REST
    rests_until: float = 0.0

    def spared(self, now: float) -> bool:
        """Whether to skip a request now; after a back-off, allows one try."""
        if now < self.rests_until:
            return True
        if self._bad:
            self.rests_until = now + self.rest
        return False

    def note(self, ok: bool, now: float) -> None:
        """Record a request's result."""
        self.outcomes.append(ok)
        if ok:
            self.rest = _FIRST_REST
            self.rests_until = 0.0
            if self._bad:  # recovered: earlier failures no longer count
                self.outcomes.clear()
        elif self._bad:
            self.rests_until = now + self.rest
            self.rest = min(2 * self.rest, _LONGEST_REST)

    @property
    def _bad(self) -> bool:
        return len(self.outcomes) == _REMEMBERED and 2 * sum(self.outcomes) < _REMEMBERED


class Ratings:
    """Ratings by host name, for at most 1,000 failing hosts, whatever the port and hook."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hosts: dict[str, HostRating] = {}

    def spared(self, host: str) -> bool:
        """Whether to skip a request to the host now."""
        rating = self._hosts.get(host)
        return rating is not None and rating.spared(self._now())

    def note(self, host: str, *, ok: bool) -> None:
        """Record a request's result; hosts without failures are not stored."""
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
