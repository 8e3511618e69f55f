"""The connection of one device, from its Hello on: what it says is handed over as it comes, in no task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from photonrig.errors import ProtocolError
from photonrig.particle.frames import FrameDecoder, FrameEncoder
from photonrig.particle.handshake import SessionKeys

__all__ = ["Wire"]


_AT_ONCE = 2048  # bytes taken before the device may be held


class Wire(asyncio.BufferedProtocol):
    """Sends and receives messages in frames; a stream served the handshake before, and lets go of it in :meth:`serve`.

    ``heard_at`` is when the device said something last, or could again, in the loop's time.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keys: SessionKeys) -> None:
        self.peer: str = (writer.get_extra_info("peername") or ("unknown",))[0]
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self._reader = reader
        self._transport = cast(asyncio.Transport, writer.transport)
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._encoder = FrameEncoder(keys.key, keys.iv)
        self._decoder = FrameDecoder(keys.key, keys.iv)
        self._received: Callable[[list[bytes]], None] | None = None
        self._end: asyncio.Future[Exception] = self._loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()
        self._holds = 0

    @property
    def held(self) -> bool:
        """Whether the device is kept from saying more."""
        return self._holds > 0

    @property
    def unsent(self) -> int:
        """Bytes the device has not taken yet."""
        return self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Write one message in one piece."""
        self._transport.write(self._encoder.encode(message))

    async def drain(self) -> None:
        """Wait until the device has taken most of what was written; raises ConnectionError."""
        await self._writable.wait()
        if self._end.done() or self._transport.is_closing():
            raise ConnectionResetError("the connection is lost")

    async def first(self) -> list[bytes]:
        """The next messages, while nothing is handed over yet.

        Raises ConnectionError at the end of the stream, ProtocolError for what no device with these keys sends.
        """
        data = await self._reader.read(4096)
        if not data:
            raise ConnectionResetError("the device closed the connection")
        return self._decoder.decode(data)

    async def serve(self, received: Callable[[list[bytes]], None]) -> Exception:
        """Hand over all messages from now on; returns why no more can come."""
        self._received = received
        self.heard_at = self._loop.time()
        self._transport.set_protocol(self)
        if self._transport.is_closing():
            self.end(ConnectionResetError("the device closed the connection"))
        self._reader.feed_eof()
        if rest := await self._reader.read():
            self._take(rest)
        return await self._end

    def end(self, reason: Exception) -> None:
        """Take no more; the first reason counts."""
        if not self._end.done():
            self._end.set_result(reason)
        self._writable.set()

    def close(self, flush: float) -> None:
        """Hang up, after at most ``flush`` seconds for what is left to be written."""
        self._transport.close()
        self._loop.call_later(flush, self._transport.abort)

    def hold(self) -> None:
        """Let TCP tell the device to wait, until every hold was followed by a :meth:`release`."""
        self._holds += 1
        self._transport.pause_reading()

    def release(self) -> None:
        """Take more again."""
        self._holds -= 1
        if not self._holds:
            self.heard_at = self._loop.time()
            self._transport.resume_reading()

    def _take(self, data: bytes) -> None:
        if self._end.done() or self._received is None:
            return
        self.heard_at = self._loop.time()
        try:
            self._received(self._decoder.decode(data))
        except ProtocolError as error:
            self.end(error)

    # What the transport calls

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """So many are there."""
        self._take(bytes(self._buffer[:nbytes]))

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over."""
        self.end(error or ConnectionResetError("the device closed the connection"))

    def pause_writing(self) -> None:
        """The device takes too little."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has taken most of it."""
        self._writable.set()
