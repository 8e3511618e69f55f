"""Encrypted framing as an asyncio protocol; no task per connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from photonrig.errors import ProtocolError
from photonrig.particle.frames import MAX_MESSAGE_TO_LARGE_BUFFER, FrameDecoder, FrameEncoder
from photonrig.particle.handshake import SessionKeys

_AT_ONCE = 2048  # bytes read before the device may be held


class Wire(asyncio.BufferedProtocol):
    """Sends and receives messages in frames; :meth:`serve` takes the transport over from the handshake's stream.

    ``heard_at`` is the loop's time of the last input, or of the end of the last hold.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keys: SessionKeys) -> None:
        self.peer: str = (writer.get_extra_info("peername") or ("unknown",))[0]
        self._loop = asyncio.get_running_loop()
        self.heard_at = self._loop.time()
        self._reader = reader
        self._transport = cast(asyncio.Transport, writer.transport)
        self._buffer = memoryview(bytearray(_AT_ONCE))
        self._encoder = FrameEncoder(keys.key, keys.iv, max_message=MAX_MESSAGE_TO_LARGE_BUFFER)
        self._decoder = FrameDecoder(keys.key, keys.iv)
        self._received: Callable[[list[bytes]], None] | None = None
        self._end: asyncio.Future[Exception] = self._loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()
        self._holds = 0

    @property
    def held(self) -> bool:
        """Whether reading is paused."""
        return self._holds > 0

    @property
    def unsent(self) -> int:
        """Bytes not sent yet."""
        return self._transport.get_write_buffer_size()

    def send(self, message: bytes) -> None:
        """Write one message in one piece; the caller knows how long a message the device takes."""
        self._transport.write(self._encoder.encode(message))

    async def drain(self) -> None:
        """Wait until most of the output is sent; raises ConnectionError."""
        await self._writable.wait()
        if self._end.done() or self._transport.is_closing():
            raise ConnectionResetError("the connection is lost")

    async def first(self) -> list[bytes]:
        """The next messages, before :meth:`serve`.

        Raises ConnectionError at the end of the stream, ProtocolError for undecodable frames.
        """
        data = await self._reader.read(4096)
        if not data:
            raise ConnectionResetError("the device closed the connection")
        return self._decoder.decode(data)

    async def serve(self, received: Callable[[list[bytes]], None]) -> Exception:
        """Pass on all further messages; returns why reading ended."""
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
        """Stop reading; the first reason is kept."""
        if not self._end.done():
            self._end.set_result(reason)
        self._writable.set()

    def close(self, flush: float) -> None:
        """Close the connection, after at most ``flush`` seconds for the remaining output."""
        self._transport.close()
        self._loop.call_later(flush, self._transport.abort)

    def hold(self) -> None:
        """Pause reading, until each hold was followed by a :meth:`release`."""
        self._holds += 1
        self._transport.pause_reading()

    def release(self) -> None:
        """Undo one hold."""
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

    # Callbacks of the transport

    def get_buffer(self, sizehint: int) -> memoryview:
        """Buffer for the next bytes."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Decode received bytes."""
        self._take(bytes(self._buffer[:nbytes]))

    def connection_lost(self, error: Exception | None) -> None:
        """End: the connection is lost."""
        self.end(error or ConnectionResetError("the device closed the connection"))

    def pause_writing(self) -> None:
        """Output exceeds the high-water mark."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Output fell below the low-water mark."""
        self._writable.set()
