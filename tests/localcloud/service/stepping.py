"""Stops a request at one of its awaits, lets something else happen from beginning to end, and lets it go on.

Nothing here sleeps: a coroutine that waits has handed its future to the event loop, and that is where it is stopped.
What the request begins in tasks of its own is stopped in the same way.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from types import coroutine
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp, Message

from photonrig.localcloud.device.contract import Permit, VariableType
from photonrig.localcloud.store.database import Database

from ..world import FakeDevices

T = TypeVar("T")


class Stepper:
    """Counts the awaits of the tasks begun within it, and runs ``change`` at one of them, counted from 0."""

    def __init__(self, stop_at: int, change: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._left = stop_at
        self._changing: asyncio.Task[None] | None = None
        self._change = change

    @property
    def reached(self) -> bool:
        """Whether there was such an await."""
        return self._changing is not None

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work``, and the tasks it makes, with the stop."""
        loop = asyncio.get_running_loop()

        def task(loop: asyncio.AbstractEventLoop, made: Any, **more: Any) -> asyncio.Task[Any]:
            return asyncio.Task(self._stepped(made), loop=loop, **more)

        loop.set_task_factory(task)
        try:
            result = await self._stepped(work)
        finally:
            loop.set_task_factory(None)
        if self._changing is not None:
            await self._changing
        return result

    async def _stepped(self, work: Coroutine[Any, Any, T]) -> T:
        return await self._steps(work)

    @coroutine
    def _steps(self, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        step: Callable[[], Any] = lambda: work.send(None)  # noqa: E731
        while True:
            try:
                awaited = step()
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            stop, self._left = self._left == 0, self._left - 1
            try:
                if stop:
                    self._changing = asyncio.Task(self._change())
                    yield from asyncio.shield(self._changing).__await__()  # it ends, even if this task is cancelled
                yield awaited
            except BaseException as error:
                step = lambda error=error: work.throw(error)  # type: ignore[misc]  # noqa: E731
            else:
                step = lambda: work.send(None)  # noqa: E731


async def ask(app: ASGIApp, request: httpx.Request) -> httpx.Response:
    """Send a request whose body is not there at once."""
    bodies = [request.read()]
    answer: dict[str, Any] = {"content": b""}

    async def receive() -> Message:
        await asyncio.sleep(0)
        if not bodies:
            await asyncio.Event().wait()  # the client stays
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.update(status_code=message["status"], headers=message["headers"])
        else:
            answer["content"] += message.get("body", b"")

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": httpx.URL(request.url).path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "root_path": "",
    }
    await app(scope, receive, send)
    return httpx.Response(**answer)


class SlowDevices(FakeDevices):
    """Devices that take a while before they are reached, and before their answer is back; an update takes longer.

    What reaches them is noted, with whether that was before or after ``changed`` was set.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed = False
        self.effects: list[str] = []
        self.reads: list[str] = []

    def _note(self, where: list[str], *what: object) -> None:
        where.append(f"{'after' if self.changed else 'before'} {what}")

    async def read_variable(
        self, device_id: str, name: str, kind: VariableType, permit: Permit
    ) -> bool | int | float | str:
        await asyncio.sleep(0)
        value = await super().read_variable(device_id, name, kind, permit)
        self._note(self.reads, device_id, name)
        await asyncio.sleep(0)
        return value

    async def call_function(self, device_id: str, name: str, argument: str, permit: Permit) -> int:
        await asyncio.sleep(0)
        result = await super().call_function(device_id, name, argument, permit)
        self._note(self.effects, device_id, name)
        await asyncio.sleep(0)
        return result

    async def signal(self, device_id: str, on: bool, permit: Permit) -> None:
        await asyncio.sleep(0)
        await super().signal(device_id, on, permit)
        self._note(self.effects, device_id, on)
        await asyncio.sleep(0)

    async def ping(self, device_id: str) -> bool:
        await asyncio.sleep(0)
        answered = await super().ping(device_id)
        await asyncio.sleep(0)
        return answered

    async def metrics(self, device_id: str, permit: Permit) -> dict[int, int]:
        await asyncio.sleep(0)
        found = await super().metrics(device_id, permit)
        self._note(self.reads, device_id)
        await asyncio.sleep(0)
        return found

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        for _ in range(3):  # offered, sent, and at last taken
            await asyncio.sleep(0)
            permit()
        await super().flash(device_id, image, name, permit)
        self._note(self.effects, device_id, image, name)
        await asyncio.sleep(0)

    def send_event(self, device_id: str, name: str, data: str | bytes | None, *, private: bool = True) -> bool:
        self._note(self.effects, device_id, name, data)
        return super().send_event(device_id, name, data, private=private)

    def disconnect(self, device_id: str) -> None:
        self._note(self.effects, device_id)
        super().disconnect(device_id)


# What is drawn at random anew in each run: claim codes, ids, tokens and hashes, salted passwords, a client's number.
_RANDOM = re.compile(
    r"\b[0-9a-f]{24,64}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|scrypt[$0-9a-f]+|\bapp-\d+\b"
    r"|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{63}(?![A-Za-z0-9+/])"
)


class Copied(Database):
    """A copy of a state file in memory: thousands are needed, and none outlives its test."""

    def __init__(self, path: Path, server_key: str | None = None) -> None:
        content = bytearray(path.read_bytes())
        content[18:20] = b"\1\1"  # used without a write-ahead log
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
        self._connection.deserialize(bytes(content))
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._depth = self.changes = 0


def rows(database: Database) -> str:
    """All that is kept, but for what is written in batches, as text."""
    tables = [row["name"] for row in database.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return "\n".join(
        f"{name} {tuple(row)}"
        for name in tables
        if name not in ("events", "telemetry", "state_file")
        for row in database.all(f"SELECT * FROM {name} ORDER BY rowid")
    )


def random_parts(text: str) -> list[str]:
    """All that looks random in a text."""
    return _RANDOM.findall(text)


def comparable(text: str, known: frozenset[str]) -> str:
    """``text`` with what is random in it replaced by the order in which it stands there, but for what is known."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else names.setdefault(found[0], f"<{len(names)}>")

    return "\n".join(line if line in known else _RANDOM.sub(named, line) for line in text.split("\n"))
