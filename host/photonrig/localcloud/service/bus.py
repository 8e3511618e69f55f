"""The bus: hands each published event to the open streams that want it.

A reader that does not keep up loses its oldest events and is told how many; what is kept for it never grows.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator

from photonrig.localcloud.events import Event
from photonrig.particle import sse

__all__ = ["QUEUE_LENGTH", "Audience", "Bus", "Reader"]

QUEUE_LENGTH = 512


class Reader:
    """One open stream: how far it has read of what its audience is shown."""

    def __init__(self, audience: Audience, token: str) -> None:
        self.token = token
        self.audience = audience
        self._next = audience.end
        self._ends_at: int | None = None
        self._waiting: asyncio.Future[None] | None = None

    @property
    def has_all(self) -> bool:
        """Whether it has read all there is for it."""
        return self._next >= (self.audience.end if self._ends_at is None else self._ends_at)

    def wake(self) -> None:
        """Go on if it waits: there is something to send, or it has been silent for long enough."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """End the stream after what it is shown already."""
        if self._ends_at is None:
            self._ends_at = self.audience.end
        self.wake()

    async def next(self, silence: float) -> bytes | None:
        """The bytes to send next: events, a notice of dropped ones, or after ``silence`` seconds a blank line.

        None when the stream has ended.
        """
        if self.has_all and self._ends_at is None:
            await self._news(silence)
        if self.has_all:
            return None if self._ends_at is not None else sse.KEEP_ALIVE
        end = self.audience.end if self._ends_at is None else self._ends_at
        begin = min(self.audience.begin, end)
        if self._next < begin:
            missed, self._next = begin - self._next, begin
            return sse.dropped(missed)
        chunk = self.audience.wire(self._next, end)
        self._next = end
        self.audience.forget_what_all_have()
        return chunk

    async def _news(self, silence: float) -> None:
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(silence, self.wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None


class Audience:
    """Readers who may see the same: what they have still to read is kept once for all of them, and bounded.

    ``begin`` is the number of the oldest event that is kept, ``end`` that of the next one to come.
    """

    def __init__(self, wants: Callable[[Event], bool], length: int) -> None:
        self.readers: weakref.WeakSet[Reader] = weakref.WeakSet()
        self.begin = self.end = 0
        self._wants = wants
        self._length = length
        self._events: deque[Event] = deque()
        self._joined = (0, 0, b"")

    def offer(self, event: Event) -> None:
        """Keep an event if these readers want it, and wake those that wait."""
        if not self.readers or not self._wants(event):
            return
        if len(self._events) == self._length:
            self._events.popleft()
            self.begin += 1
        self._events.append(event)
        self.end += 1
        for reader in self.readers:
            reader.wake()

    def wire(self, begin: int, end: int) -> bytes:
        """Events as they are sent, from one number to before another; readers in step share the work."""
        if self._joined[:2] != (begin, end):
            events = itertools.islice(self._events, begin - self.begin, end - self.begin)
            self._joined = (begin, end, b"".join(event.wire for event in events))
        return self._joined[2]

    def forget_what_all_have(self) -> None:
        """Keep nothing once every reader has read all."""
        if all(reader.has_all for reader in self.readers):
            self._events.clear()
            self.begin = self.end
            self._joined = (0, 0, b"")


class Bus:
    """Hands every published event to every reader that wants it, at once and in order."""

    def __init__(self) -> None:
        # Weak, so that a stream whose client left before the first byte leaves nothing behind; readers hold audiences.
        self._audiences: weakref.WeakValueDictionary[Hashable, Audience] = weakref.WeakValueDictionary()
        self._closed = False

    @property
    def readers(self) -> int:
        """How many streams are open."""
        return sum(len(audience.readers) for audience in self._audiences.values())

    def subscribe(
        self,
        wants: Callable[[Event], bool],
        token: str,
        length: int = QUEUE_LENGTH,
        audience: Hashable = None,
    ) -> Reader:
        """Open a reader for the events that ``wants`` accepts; ``token`` is the hash of the token it reads with.

        Readers that name the same ``audience`` want the same, and are asked once for all of them.
        """
        name = object() if audience is None else audience
        shared = self._audiences.get(name)
        if shared is None:
            shared = self._audiences[name] = Audience(wants, length)
        reader = Reader(shared, token)
        if self._closed:
            reader.close()
        shared.readers.add(reader)
        return reader

    def unsubscribe(self, reader: Reader) -> None:
        """Forget a reader."""
        reader.audience.readers.discard(reader)

    def publish(self, event: Event) -> None:
        """Offer an event to all readers; never waits."""
        for audience in self._audiences.values():
            audience.offer(event)

    def close_token(self, token: str) -> None:
        """End the streams that were opened with a token, because it was revoked."""
        for reader in self._all():
            if reader.token == token:
                reader.close()

    def close(self) -> None:
        """End all streams, present and future."""
        self._closed = True
        for reader in self._all():
            reader.close()

    def _all(self) -> Iterator[Reader]:
        for audience in self._audiences.values():
            yield from audience.readers
