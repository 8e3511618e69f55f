"""Open requests of a session, by token and message id."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photonrig.errors import ProtocolError
from photonrig.particle.coap import Code, Message, MessageType


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A request: id, one-byte token, and a future answer; None at the session's end or at loop time ``ends``."""

    message_id: int
    token: bytes
    answer: asyncio.Future[Message | None]
    ends: float

    def give_up(self) -> None:
        """End the wait."""
        if not self.answer.done():
            self.answer.set_result(None)


class Requests:
    """Matches answers by token; only a refusal without token by id, since devices make up ACK ids.

    One timer serves all requests. It is left running when they are answered, as nearly all are long before it fires.
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
        """The next message id, 1 to 65535, cyclic."""
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id

    def open(self, within: float) -> Request:
        """Open a request with an unused id and token, for ``within`` seconds; the caller closes it.

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
        """Free the request's token."""
        del self._open[request.token]

    def answered(self, message: Message) -> bool:
        """Complete the request that ``message`` answers; False if there is none."""
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
        """A ping's future answer; False when the session ends first."""
        answer: asyncio.Future[bool] = self._loop.create_future()
        self._pings.append(answer)
        try:
            yield answer
        finally:
            self._pings.remove(answer)

    def end(self) -> None:
        """End all requests at the end of the session."""
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
        """End the requests whose time is over."""
        self._timer = None
        now = self._loop.time()
        for request in self._open.values():
            if request.ends <= now:
                request.give_up()
            else:
                self._look_at(request.ends)

    def _acknowledged(self, message: Message) -> bool:
        """Handle an empty ACK: of a request, which still awaits its answer, or, with any id, of a ping."""
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
