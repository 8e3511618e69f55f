"""Event streams of a world, listened to on sockets."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from photonrig.localcloud.http.app import make_app
from photonrig.localcloud.service.cloud import Settings

from ..patience import PATIENCE
from .world import PLAIN, World, world


class Listener:
    """An open stream: events as (name, data) in order, and whether it has ended."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str | None]] = []
        self.bodies: list[dict[str, Any]] = []
        self.raw = b""
        self.ended = asyncio.Event()
        self.response: httpx.Response
        self.changed = asyncio.Condition()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(condition)

    async def read(self, response: httpx.Response) -> None:
        try:
            async for chunk in response.aiter_raw():
                async with self.changed:
                    self.raw += chunk
                    self._parse()
                    self.changed.notify_all()
        finally:
            self.ended.set()

    def _parse(self) -> None:
        self.events, self.bodies = [], []
        for block in self.raw.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.strip("\n").split("\n") if ": " in line)
            if "event" in lines and "data" in lines:
                body = json.loads(lines["data"])
                self.events.append((lines["event"], body["data"]))
                self.bodies.append(body)


@contextlib.asynccontextmanager
async def served(there: World) -> AsyncIterator[Callable[..., Any]]:
    """The world's API on a loopback port; gives a function that opens a stream."""
    server = uvicorn.Server(uvicorn.Config(make_app(there.cloud), lifespan="off", log_config=None))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as stack, httpx.AsyncClient(base_url=base, timeout=PATIENCE) as http:

        async def listen(path: str, who: str) -> Listener:
            headers = {"Authorization": f"Bearer {there.tokens[who]}"}
            response = await stack.enter_async_context(http.stream("GET", path, headers=headers))
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            listener = Listener()
            listener.response = response
            reading = asyncio.create_task(listener.read(response))

            async def stop() -> None:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

            stack.push_async_callback(stop)
            await listener.until(lambda: listener.raw.startswith(b":ok\n\n"))
            return listener

        try:
            yield listen
        finally:
            await stack.aclose()
            there.cloud.bus.close()
            server.should_exit = True
            await serving
            listener.close()


@contextlib.asynccontextmanager
async def on_sockets(folder: Path, settings: Settings = PLAIN) -> AsyncIterator[tuple[World, Callable[..., Any]]]:
    """A fresh world whose streams are listened to on sockets."""
    async with world(folder, settings) as there, served(there) as listen:
        yield there, listen
