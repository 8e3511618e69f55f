"""Events inside the cloud: published once, shown to every open stream whose holder may see them.

A reader that does not keep up loses its oldest events and is told how many; the queue never grows.
"""

from __future__ import annotations

import asyncio
import json
import uuid
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from photonrig.ownership.model import Owner

__all__ = ["QUEUE_LENGTH", "Bus", "Event", "HookScope", "Reader", "Receiver", "Stream", "iso_time"]

QUEUE_LENGTH = 512


def iso_time(seconds: float) -> str:
    """Seconds since 1970 as the API writes times: ISO 8601, milliseconds, ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``device`` is None for events published through the API; ``coreid`` is what readers are shown.

    ``owner`` and ``product`` are those of the device at the time, or of the publisher; ``ttl`` in seconds; ``of_hook``
    marks what webhooks publish, which fires no webhook.
    """

    name: str
    data: str | None
    coreid: str
    published_at: float
    device: str | None = None
    owner: Owner | None = None
    product: int | None = None
    ttl: int = 60
    private: bool = True
    of_hook: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()), compare=False)
    wire: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # ttl is a string in every recording of the real cloud.
        body = {
            "data": self.data,
            "ttl": str(self.ttl),
            "published_at": iso_time(self.published_at),
            "coreid": self.coreid,
        }
        name = self.name.replace("\r", " ").replace("\n", " ")
        object.__setattr__(self, "wire", f"event: {name}\ndata: {json.dumps(body)}\n\n".encode())


@dataclass(frozen=True, slots=True)
class Stream:
    """What a client subscribed to: its own devices, whatever it may see, a device, a product or an organization.

    ``products`` are those of the organization when the stream was opened.
    """

    kind: Literal["own", "all", "device", "product", "product device", "organization"]
    prefix: str = ""
    device: str | None = None
    product: int | None = None
    products: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Receiver:
    """A device that listens: who owns it, in which product it is, and to whom: "mine", "all" or a device id."""

    owner: Owner | None
    product: int | None
    scope: str = "mine"


@dataclass(frozen=True, slots=True)
class HookScope:
    """Whose webhook it is: a user's, or that of one product or of all products of an organization."""

    owner: Owner | None = None
    products: frozenset[int] = frozenset()


class Reader:
    """One open stream: a bounded queue of events and a count of those it had to drop."""

    def __init__(self, wants: Callable[[Event], bool], token: str, length: int) -> None:
        self.token = token
        self._wants = wants
        self._events: deque[Event] = deque()
        self._length = length
        self._dropped = 0
        self._closed = False
        self._something = asyncio.Event()

    def offer(self, event: Event) -> None:
        """Queue an event if this reader wants it."""
        if self._closed or not self._wants(event):
            return
        if len(self._events) == self._length:
            self._events.popleft()
            self._dropped += 1
        self._events.append(event)
        self._something.set()

    def close(self) -> None:
        """End the stream after what is queued."""
        self._closed = True
        self._something.set()

    async def next(self, silence: float) -> bytes | None:
        """The bytes to send next: events, a notice of dropped ones, or after ``silence`` seconds a blank line.

        None when the stream has ended.
        """
        if not self._events and not self._closed:
            try:
                await asyncio.wait_for(self._something.wait(), silence)
            except TimeoutError:
                return b"\n"
        self._something.clear()
        if self._dropped:
            count, self._dropped = self._dropped, 0
            self._something.set()
            return f":dropped {count} events, this reader was too slow\n\n".encode()
        if self._events:
            chunk = b"".join(event.wire for event in self._events)
            self._events.clear()
            if self._closed:
                self._something.set()
            return chunk
        return None if self._closed else b""


class Bus:
    """Hands every published event to every reader that wants it, at once and in order."""

    def __init__(self) -> None:
        # Weak, so that a stream whose client left before the first byte leaves nothing behind.
        self._readers: weakref.WeakSet[Reader] = weakref.WeakSet()
        self._closed = False

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return len(self._readers)

    def subscribe(self, wants: Callable[[Event], bool], token: str, length: int = QUEUE_LENGTH) -> Reader:
        """Open a reader for the events that ``wants`` accepts; ``token`` is the hash of the token it reads with."""
        reader = Reader(wants, token, length)
        if self._closed:
            reader.close()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)

    def publish(self, event: Event) -> None:
        """Offer an event to all readers; never waits."""
        for reader in self._readers:
            reader.offer(event)

    def close_token(self, token: str) -> None:
        """End the streams that were opened with a token, because it was revoked."""
        for reader in self._readers:
            if reader.token == token:
                reader.close()

    def close(self) -> None:
        """End all streams, present and future."""
        self._closed = True
        for reader in self._readers:
            reader.close()
