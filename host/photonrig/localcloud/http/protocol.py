"""HTTP server with limits on the size of a request's head and the duration of head and body; based on uvicorn.

Limits on body size belong to the routes. All undocumented uvicorn interfaces in use are used here and checked by
``tests/dependencies``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 20.0
BODY_SECONDS = 60.0

# An ASGI extension; its ``send`` takes status, headers and body of a response and writes them in one write, at half the
# cost of two. The caller must pass well-formed headers.
WHOLE_ANSWER = "photonrig.whole_answer"

# An ASGI extension: the ``authority`` of a request whose target is an absolute URL.
TARGET_AUTHORITY = "photonrig.target_authority"


class BoundedHttp(HttpToolsProtocol):
    """Closes connections whose request is late, or whose request line and headers are too long.

    A request refused before its body was read is answered at once; the rest of the body is discarded, so that the
    client reads the response.
    """

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_bytes = 0
        self._framing_bytes = 0  # received since the last piece of the body, while more is expected
        self._reading_head = True
        self._timer: asyncio.TimerHandle | None = None  # running while a head or a body is expected

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the first head."""
        super().connection_made(transport)
        self._wait_for_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed received bytes to the parser, within the limits."""
        if self._reading_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and b"\r\n\r\n" not in data[:HEAD_BYTES]:
                self._refuse(431, f"The request's head is longer than {HEAD_BYTES} bytes")
                return
        else:
            self._framing_bytes += len(data)
        super().data_received(data)
        if self._framing_bytes > HEAD_BYTES:
            self._give_up(431, f"The request has more than {HEAD_BYTES} bytes of chunk extensions or trailers")
        elif self._timer is None and (self._head_bytes or not self._reading_head):
            self._wait_for_the_rest()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header; trailers are dropped."""
        if self._reading_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Handle a complete head."""
        self._reading_head = False
        self._stop_waiting()
        super().on_headers_complete()
        self.scope["extensions"] = {WHOLE_ANSWER: {"send": partial(self._answer, self.cycle)}}
        if not self.url.startswith((b"/", b"*")):
            authority = self.url.partition(b"://")[2].partition(b"/")[0]
            self.scope["extensions"][TARGET_AUTHORITY] = {"authority": authority}

    def on_body(self, body: bytes) -> None:
        """Handle a piece of the body."""
        self._framing_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Handle the end of the request."""
        self._reading_head = True
        self._head_bytes = 0
        self._framing_bytes = 0
        self._stop_waiting()
        super().on_message_complete()
        if self.cycle.response_complete and not self.cycle.keep_alive:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer malformed HTTP in JSON."""
        self._refuse(400, msg)

    def _answer(
        self, cycle: RequestResponseCycle, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> bool:
        """Answer in one write; False, with nothing done, when the client does not read."""
        if cycle.disconnected:
            return True
        if cycle.flow.write_paused:
            return False
        head = [STATUS_LINE[status]]
        for name, value in (*cycle.default_headers, *headers):
            head += (name, b": ", value, b"\r\n")
        head.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
        if cycle.scope["method"] != "HEAD":
            head.append(body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(head))
        cycle.message_event.set()
        if not cycle.keep_alive and (self._reading_head or cycle is not self.cycle):
            self.transport.close()
        cycle.on_response()
        return True

    def _wait_for_the_rest(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS if self._reading_head else BODY_SECONDS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._reading_head:
            self._refuse(408, f"The request's head was not there within {HEAD_SECONDS:g} s")
        else:
            self._give_up(408, f"The request was not there within {BODY_SECONDS:g} s")

    def _give_up(self, status: int, text: str) -> None:
        """Stop reading a body, which may have been answered already."""
        if self.cycle.response_started:
            self.transport.close()
        else:
            self._refuse(status, text)

    def _refuse(self, status: int, text: str) -> None:
        body = json.dumps({"ok": False, "error": text}).encode()
        head = f"HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self.transport.close()


class HttpServer(uvicorn.Server):
    """Uvicorn without signal handling: the process handles signals, to end streams first."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Note that it serves."""
        await super().startup(sockets=sockets)
        self._up.set()

    async def wait_until_started(self, serving: asyncio.Task[None]) -> None:
        """Wait until it serves; raises what prevented it."""
        serving.add_done_callback(lambda _: self._up.set())
        await self._up.wait()
        if serving.done():
            await serving
