"""Event bus: hands each published event to the open streams that select it.

A reader that falls behind loses its oldest events and gets their number; its buffer is bounded.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections import deque
from collections.abc import Callable, Hashable, Iterator

from photonrig.localcloud.events import Event
from photonrig.particle import sse

QUEUE_LENGTH = 512


class Reader:
    """One open stream: its position in its audience's events."""

    def __init__(self, audience: Audience, token: str) -> None:
        self.token = token
        self.audience = audience
        self._next = audience.end
        self._ends_at: int | None = None
        self._waiting: asyncio.Future[None] | None = None

    @property
    def has_all(self) -> bool:
        """Whether it has read all available events."""
        return self._next >= (self.audience.end if self._ends_at is None else self._ends_at)

    def wake(self) -> None:
        """Wake it: an event is available, or a keep-alive is due."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def close(self) -> None:
        """End the stream after the events available now."""
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
    """Readers with the same selection and rights, sharing one bounded buffer.

    ``begin`` is the number of the oldest event in the buffer, ``end`` that of the next event.
    """

    def __init__(self, wants: Callable[[Event], bool], length: int) -> None:
        self.readers: weakref.WeakSet[Reader] = weakref.WeakSet()
        self.begin = self.end = 0
        self._wants = wants
        self._length = length
        self._events: deque[Event] = deque()
        self._joined = (0, 0, b"")

    def offer(self, event: Event) -> None:
        """Buffer an event if these readers select it, and wake those that wait."""
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
        """Encoded events of a half-open range; cached for readers at the same position."""
        if self._joined[:2] != (begin, end):
            events = itertools.islice(self._events, begin - self.begin, end - self.begin)
            self._joined = (begin, end, b"".join(event.wire for event in events))
        return self._joined[2]

    def forget_what_all_have(self) -> None:
        """Clear the buffer once every reader has read all."""
        if all(reader.has_all for reader in self.readers):
            self._events.clear()
            self.begin = self.end
            self._joined = (0, 0, b"")


class Bus:
    """Hands each published event to every matching reader, at once and in order."""

    def __init__(self) -> None:
        # Weak, so that a stream whose client left before the first byte is freed; readers hold their audience.
        self._audiences: weakref.WeakValueDictionary[Hashable, Audience] = weakref.WeakValueDictionary()
        self._closed = False

    @property
    def readers(self) -> int:
        """Number of open streams."""
        return sum(len(audience.readers) for audience in self._audiences.values())

    def subscribe(
        self,
        wants: Callable[[Event], bool],
        token: str,
        length: int = QUEUE_LENGTH,
        audience: Hashable = None,
    ) -> Reader:
        """Open a reader for the events that ``wants`` accepts; ``token`` is the hash of its token.

        Readers with an equal ``audience`` share one, and ``wants`` is called once for all of them.
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
        """Close a reader."""
        reader.audience.readers.discard(reader)

    def publish(self, event: Event) -> None:
        """Offer an event to all readers; never waits."""
        for audience in self._audiences.values():
            audience.offer(event)

    def close_token(self, token: str) -> None:
        """End the streams opened with a token, on its revocation."""
        for reader in self._all():
            if reader.token == token:
                reader.close()

    def close(self) -> None:
        """End all streams; later ones end at once."""
        self._closed = True
        for reader in self._all():
            reader.close()

    def _all(self) -> Iterator[Reader]:
        for audience in self._audiences.values():
            yield from audience.readers
