"""A server that webhooks call: it keeps what it was sent and answers as told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from photonrig.localcloud.service.cloud import Settings

from ..patience import PATIENCE
from .world import PLAIN, World, world


@dataclass
class Received:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Target:
    """The server; ``answers`` are used up one by one, then ``answer`` serves.

    ``relay`` answers in their place; ``raw`` is sent as it is, then ``endless`` without end (``slow``: every 0.05 s).
    """

    url: str = ""
    answer: tuple[int, bytes] = (200, b"")
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    silent: bool = False
    relay: Callable[[Received], Awaitable[tuple[int, bytes]]] | None = None
    raw: bytes | None = None
    endless: bytes = b""
    slow: bool = False
    received: list[Received] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _connections: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = field(default_factory=dict)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections[writer] = asyncio.current_task()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                headers = {
                    name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if ": " in line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                async with self._changed:
                    self.received.append(Received(method, target, headers, body))
                    self._changed.notify_all()
                if self.silent:
                    await reader.read()
                    break
                if self.raw is not None:
                    await self._send_raw(writer, self.raw)
                    break
                status, content = self.answers.pop(0) if self.answers else self.answer
                if self.relay is not None:
                    status, content = await self.relay(self.received[-1])
                length = f"Content-Length: {len(content)}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                writer.write(f"HTTP/1.1 {status} Said\r\n{length}\r\n".encode() + content)
                await writer.drain()
        del self._connections[writer]
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def _send_raw(self, writer: asyncio.StreamWriter, raw: bytes) -> None:
        writer.write(raw)
        await writer.drain()
        while self.endless:
            writer.write(self.endless)
            await writer.drain()
            if self.slow:
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        tasks = [task for task in self._connections.values() if task is not None]
        for writer in self._connections:
            writer.close()
        await asyncio.gather(*tasks)


@contextlib.asynccontextmanager
async def hook_target(tls: ssl.SSLContext | None = None) -> AsyncIterator[Target]:
    """A target on a loopback port."""
    target = Target()
    server = await asyncio.start_server(target.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    target.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield target
    finally:
        server.close()
        await target.close()


@contextlib.asynccontextmanager
async def beside_target(folder: Path, settings: Settings = PLAIN) -> AsyncIterator[tuple[World, Target]]:
    """A fresh world beside a server that webhooks may call."""
    async with hook_target() as target, world(folder, settings) as there:
        yield there, target
