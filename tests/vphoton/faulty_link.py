"""A TCP proxy on the loopback interface that fails as networks do: cut, silent, late, slow; by plan or by seed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

Way = Literal["up", "down"]  # from the device to the cloud, and back
WAYS: tuple[Way, Way] = ("up", "down")


@dataclass(frozen=True)
class Faults:
    """What one connection is to suffer. The n-th byte of a way is the last that gets through."""

    cut_after: dict[Way, int] = field(default_factory=dict)  # bytes; then both ends see the connection close
    silent_after: dict[Way, int] = field(default_factory=dict)  # bytes; what follows is lost, and neither end is told
    delay: float = 0.0  # seconds that every piece is late
    piece: int = 65536  # bytes forwarded at once
    reset: bool = False  # a cut is a reset, not an orderly end

    @staticmethod
    def drawn(source: random.Random, most: int) -> Faults:
        """Some of it all, drawn by lot, within the first ``most`` bytes of either way."""
        at: dict[Way, int] = {source.choice(WAYS): source.randint(0, most)}
        delay, piece = source.choice([0.0, 0.01]), source.choice([1, 7, 65536])
        if source.random() < 0.2:
            return Faults(delay=delay, piece=piece)
        return Faults(cut_after=at, delay=delay, piece=max(piece, 7), reset=source.random() < 0.5)


class FaultyLink:
    """Stands between devices and ``target`` on 127.0.0.1; ``faults_of`` tells what connection n, from 0, gets."""

    def __init__(self, target: int, faults_of: Callable[[int], Faults]) -> None:
        self.target = target
        self.faults_of = faults_of
        self.passed: list[dict[Way, int]] = []  # bytes of each connection that got through
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        assert self._server
        self._server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def silent(self, number: int) -> bool:
        """Whether the n-th connection has carried all that it will ever carry."""
        due = self.faults_of(number).silent_after
        return (
            bool(due) and len(self.passed) > number and all(self.passed[number][way] >= at for way, at in due.items())
        )

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.passed)
        faults = self.faults_of(number)
        self.passed.append({"up": 0, "down": 0})
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        ways = [
            asyncio.create_task(self._carry(number, "up", faults, reader, far_writer)),
            asyncio.create_task(self._carry(number, "down", faults, far_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, far_writer):
                if faults.reset:
                    end.transport.abort()
                else:
                    end.close()

    async def _carry(
        self, number: int, way: Way, faults: Faults, source: asyncio.StreamReader, sink: asyncio.StreamWriter
    ) -> None:
        """Returns when the connection is to end."""
        passed = self.passed[number]
        cut, silent = faults.cut_after.get(way), faults.silent_after.get(way)
        with suppress(OSError):
            while cut is None or passed[way] < cut:
                data = await source.read(min(faults.piece, 65536 if cut is None else cut - passed[way]))
                if not data and silent is None:
                    return
                if not data:
                    await asyncio.Event().wait()  # until close(): the end, too, is not heard of
                if faults.delay:
                    await asyncio.sleep(faults.delay)
                if silent is not None:
                    data = data[: max(silent - passed[way], 0)]
                sink.write(data)
                passed[way] += len(data)
                await sink.drain()
