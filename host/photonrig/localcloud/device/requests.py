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
    """One request: its id, its one-byte token, and its answer to come; None when the session or the wait ends first."""

    message_id: int
    token: bytes
    answer: asyncio.Future[Message | None]

    def give_up(self) -> None:
        """Wait no longer."""
        if not self.answer.done():
            self.answer.set_result(None)


class Requests:
    """Answers are matched by token; only a refusal without token is matched by id, because devices make up ACK ids."""

    def __init__(self) -> None:
        self._last_id = 0
        self._last_token = 0
        self._open: dict[bytes, Request] = {}
        self._pings: list[asyncio.Future[bool]] = []

    def next_id(self) -> int:
        """A message id, 1 to 65535, over and over."""
        self._last_id = self._last_id % 0xFFFF + 1
        return self._last_id

    @contextmanager
    def open(self) -> Iterator[Request]:
        """A request with an id and a token that no other open request has; raises ProtocolError when 255 are open."""
        for step in range(255):
            token = bytes(((self._last_token + step) % 255 + 1,))
            if token not in self._open:
                break
        else:
            raise ProtocolError("255 requests are waiting for one device; no token is left")
        self._last_token = token[0]
        request = Request(self.next_id(), token, asyncio.get_running_loop().create_future())
        self._open[token] = request
        try:
            yield request
        finally:
            del self._open[token]

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
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pings.append(answer)
        try:
            yield answer
        finally:
            self._pings.remove(answer)

    def end(self) -> None:
        """The session is over: nobody waits any longer."""
        for request in self._open.values():
            request.give_up()
        for answer in self._pings:
            if not answer.done():
                answer.set_result(False)

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
        return next((request for request in self._open.values() if request.message_id == message_id), None)
