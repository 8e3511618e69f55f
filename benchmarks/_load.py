"""Clients as cheap as they can be, so that the server is what is measured."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple
from urllib.parse import urlsplit

from _figures import percentile

from photonrig.errors import RigError
from photonrig.particle.cloud import Cloud

PATIENCE = 5.0  # seconds for one answer; the connection is given up after it
_FIRST_BYTE = 15.0  # the JavaScript cloud begins its answer with the first event or a sign of life, after 9 s
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Rate(NamedTuple):
    """What came of asking: good answers a second, how many there were in all, and the 99th percentile of one (seconds).

    ``p99`` is None when nothing was answered well.
    """

    per_second: float
    p99: float | None
    answered: int
    refused: int
    unanswered: int

    @property
    def failed(self) -> float:
        """Share (0 … 1) of the requests that got no good answer."""
        asked = self.answered + self.refused + self.unanswered
        return 1 - self.answered / asked if asked else 1.0


async def rate(api: str, request: str, token: str, at_once: int, seconds: float, body: str = "") -> Rate:
    """What comes of asking all the time with ``at_once`` connections; over after ``seconds`` and PATIENCE at most.

    ``request`` is method and path; a ``body`` is sent as JSON.
    """
    address = urlsplit(api)
    content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{request} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n{content}\r\n{body}"
    sent = head.encode()
    took: list[float] = []
    refused = unanswered = 0
    late = 0
    end = time.perf_counter() + seconds

    async def ask() -> None:
        nonlocal unanswered
        while time.perf_counter() < end:
            try:
                await ask_on_one_connection()
            except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
                unanswered += 1

    async def ask_on_one_connection() -> None:
        nonlocal refused, late
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            while (asked := time.perf_counter()) < end:
                writer.write(sent)
                async with asyncio.timeout(PATIENCE):
                    answer = await reader.readuntil(b"\r\n\r\n")
                    length = _LENGTH.search(answer)
                    if length is None:
                        raise RigError(f"{request} was answered without a length")
                    await reader.readexactly(int(length[1]))
                if answer.startswith(b"HTTP/1.1 200 "):
                    answered = time.perf_counter()
                    took.append(answered - asked)
                    late += answered > end
                else:
                    refused += 1
        finally:
            writer.close()

    await asyncio.gather(*(ask() for _ in range(at_once)))
    return Rate((len(took) - late) / seconds, percentile(took, 0.99) if took else None, len(took), refused, unanswered)


def read_each(team: Cloud, device_ids: Sequence[str], at_once: int) -> tuple[list[float], float]:
    """Read `position` of each device once: seconds of each answer, and seconds for all.

    :raises RigError: an answer is no whole number
    """

    def read(device_id: str) -> float:
        begun = time.perf_counter()
        position = team.variable(device_id, "position")
        if not isinstance(position, int):
            raise RigError(f"position is {position!r}, not a whole number", device=device_id)
        return time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(read, device_ids))
    return answers, time.perf_counter() - begun


class Stream:
    """A reader of a stream of events; ``delays`` are seconds from publish to arrival, for data that is a time in ns."""

    _TIME = re.compile(rb'"data": ?"(\d+)"')

    def __init__(self) -> None:
        self.delays: list[float] = []

    async def open(self, api: str, path: str, token: str) -> None:
        """Connect; returns when the stream is open.

        :raises RigError: it was refused, or there was no answer
        """
        address = urlsplit(api)
        self._reader, self._writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
        self._writer.write(head.encode())
        try:
            async with asyncio.timeout(_FIRST_BYTE):
                answer = await self._reader.readuntil(b"\r\n\r\n")
        except (TimeoutError, asyncio.IncompleteReadError):
            raise RigError(f"{path} was not answered") from None
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RigError(f"{path} was answered {answer.splitlines()[0].decode()}")
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
