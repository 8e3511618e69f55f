"""Requests a session has sent and not yet had answered: who waits for which token and message id."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photonrig.errors import ProtocolError
from photonrig.particle.coap import Code, Message, MessageType

__all__ = ["Request", "Requests"]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One request: its id, its one-byte token, and its answer to come; None when the session ends first, or its time.

    That it has until ``ends``, in the loop's time.
    """

    message_id: int
    token: bytes
    answer: asyncio.Future[Message | None]
    ends: float

    def give_up(self) -> None:
        """Wait no longer."""
        if not self.answer.done():
            self.answer.set_result(None)


class Requests:
    """Answers are matched by token; only a refusal without token is matched by id, because devices make up ACK ids.

    One timer serves all requests; it is left running when they are answered, because nearly all are long before it.
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._last_token = 0
        self._open: dict[bytes, Request] = {}
        self._pings: list[asyncio.Future[bool]] = []
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0

    def next_id(self) -> int:
        """A message id, 1 to 65535, over and over."""
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id

    def open(self, within: float) -> Request:
        """A request with an id and a token that no other open request has, to be closed; it has ``within`` seconds.

        Raises ProtocolError when 255 are open.
        """
        for step in range(255):
            token = bytes(((self._last_token + step) % 255 + 1,))
            if token not in self._open:
                break
        else:
            raise ProtocolError("255 requests are waiting for one device; no token is left")
        self._last_token = token[0]
        ends = self._loop.time() + within
        request = self._open[token] = Request(self.next_id(), token, self._loop.create_future(), ends)
        self._look_at(ends)
        return request

    def close(self, request: Request) -> None:
        """Its token may be used again."""
        del self._open[request.token]

    def answered(self, message: Message) -> bool:
        """Hand ``message`` to whoever waits for it; False when nobody does."""
        if message.type in (MessageType.ACK, MessageType.RST) and message.code == Code.EMPTY:
            return self._acknowledged(message)
        request = self._open.get(message.token)
        if request is None and not message.token:
            request = self._by_id(message.message_id)
        if request is None or request.answer.done():
            return False
        request.answer.set_result(message)
        return True

    @contextmanager
    def ping(self) -> Iterator[asyncio.Future[bool]]:
        """A ping's answer to come, False when the session ends first."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._pings.append(answer)
        try:
            yield answer
        finally:
            self._pings.remove(answer)

    def end(self) -> None:
        """The session is over: nobody waits any longer."""
        if self._timer is not None:
            self._timer.cancel()
        for request in self._open.values():
            request.give_up()
        for answer in self._pings:
            if not answer.done():
                answer.set_result(False)

    def _look_at(self, when: float) -> None:
        if self._timer is None or when < self._looks_at:
            if self._timer is not None:
                self._timer.cancel()
            self._looks_at = when
            self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        """Give up what has had its time."""
        self._timer = None
        now = self._loop.time()
        for request in self._open.values():
            if request.ends <= now:
                request.give_up()
            else:
                self._look_at(request.ends)

    def _acknowledged(self, message: Message) -> bool:
        """An empty ACK: of a request, which waits on for its answer, or, with whatever id, of a ping."""
        request = self._by_id(message.message_id)
        if request is not None:
            if message.type is MessageType.RST and not request.answer.done():
                request.answer.set_result(message)
            return True
        for answer in self._pings:
            if not answer.done():
                answer.set_result(True)
        return bool(self._pings)

    def _by_id(self, message_id: int) -> Request | None:
        for request in self._open.values():
            if request.message_id == message_id:
                return request
        return None
