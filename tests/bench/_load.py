"""Clients as cheap as they can be, so that the server is what is measured."""

from __future__ import annotations

import asyncio
import re
import time
from typing import NamedTuple
from urllib.parse import urlsplit

from _figures import percentile

_PATIENCE = 15.0  # seconds for one answer; the connection is given up after it
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Rate(NamedTuple):
    """Good answers per second, the 99th percentile of one in seconds, and the share (0 … 1) of refusals."""

    per_second: float
    p99: float
    failed: float


async def rate(api: str, request: str, token: str, at_once: int, seconds: float, body: str = "") -> Rate:
    """What comes of asking all the time with ``at_once`` connections.

    ``request`` is method and path; a ``body`` is sent as JSON.
    """
    address = urlsplit(api)
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{request} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n{content}\r\n{body}"
    sent = head.encode()
    took: list[float] = []
    refused: list[float] = []
    end = time.perf_counter() + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while (begun := time.perf_counter()) < end:
            writer.write(sent)
            try:
                async with asyncio.timeout(_PATIENCE):
                    answer = await reader.readuntil(b"\r\n\r\n")
                    length = _LENGTH.search(answer)
                    assert length is not None
                    await reader.readexactly(int(length[1]))
            except TimeoutError:
                refused.append(_PATIENCE)
                break
            (took if answer.startswith(b"HTTP/1.1 200 ") else refused).append(time.perf_counter() - begun)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(ask() for _ in range(at_once)))
    if not took:
        raise SystemExit(f"{request} was never answered well")
    return Rate(len(took) / seconds, percentile(took, 0.99), len(refused) / (len(took) + len(refused)))


class Stream:
    """A reader of a stream of events; ``delays`` are seconds from publish to arrival, for data that is a time in ns."""

    _TIME = re.compile(rb'"data": ?"(\d+)"')

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def open(self, api: str, path: str, token: str) -> None:
        """Connect; returns when the stream is open."""
        address = urlsplit(api)
        self._reader, self._writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._writer.write(head.encode())
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"{path} answered {answer.splitlines()[0].decode()}")
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        await asyncio.wait((self._task,))
        self._writer.close()

    async def _run(self) -> None:
        rest = b""
        while data := await self._reader.read(1 << 16):
            rest += data
            whole, newline, rest = rest.rpartition(b"\n")
            now = time.perf_counter_ns()
            self.delays += [(now - int(sent)) / 1e9 for sent in self._TIME.findall(whole + newline)]
