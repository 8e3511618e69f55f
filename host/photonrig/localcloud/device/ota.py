"""Over-the-air firmware update: offer, chunks, missed chunks, result.

UpdateBegin → ready? ─ fast ─→ all chunks, unanswered ─→ UpdateDone → 2.04 result
                                    ↑── chunks missed ←──── 4.00
                     └ slow ─→ one chunk, its answer, the next ─→ UpdateDone → 2.04 result
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused, Permit
from photonrig.localcloud.device.limits import Limits
from photonrig.particle import messages
from photonrig.particle.coap import Code

if TYPE_CHECKING:
    from photonrig.localcloud.device.session import DeviceSession

CHUNK_SIZE = 512  # Device OS 2.3.1 announces it as spark/hardware/ota_chunk_size; older ones take it too

_ROUNDS = 40  # a choice: even if half of 256 chunks are lost, resending a few each round completes
_TRIES = 5  # a choice: attempts per chunk in slow mode


class Update:
    """Sends one image to one device; for a single run. An exception from ``permit`` ends it."""

    def __init__(self, session: DeviceSession, image: bytes, limits: Limits, permit: Permit) -> None:
        self._session = session
        self._limits = limits
        self._permit = permit
        self._chunks = [image[start : start + CHUNK_SIZE] for start in range(0, len(image), CHUNK_SIZE)]
        self._length = len(image)
        self._missed: asyncio.Queue[list[int]] = asyncio.Queue()
        self._device_is_done = False

    async def begin(self) -> bool:
        """Offer the image and wait until the device is ready; returns True for fast mode.

        Raises FlashRefused, DeviceTimeout, DeviceOffline.
        """
        answer = await self._session.ask(
            lambda mid, token: messages.update_begin(mid, token, length=self._length, chunk_size=CHUNK_SIZE, fast=True),
            self._limits.update_ready,
            self._permit,
        )
        if answer.code != Code.CHANGED:
            raise FlashRefused(
                f"the device refused the update (code {answer.code:#04x}): updates are off or it is busy"
            )
        return answer.payload == b"\x01"

    async def transfer(self, *, fast: bool) -> None:
        """Send all chunks and wait until the device has accepted the image; it then restarts into it.

        Raises FlashRefused when the device reports an error, DeviceTimeout, DeviceOffline.
        """
        await (self._send_fast(range(len(self._chunks))) if fast else self._send_slowly())
        for _ in range(_ROUNDS):
            if await self._accepted():
                return
            await self._send_fast(await self._missing())
        raise FlashRefused(f"chunks were still missing after {_ROUNDS} rounds")

    def chunks_missed(self, indices: list[int]) -> None:
        """Note a device's request for these chunks."""
        self._missed.put_nowait(indices)

    def device_is_done(self) -> None:
        """Note the device's own report of completion (Device OS up to 0.7.0, after missed chunks)."""
        self._device_is_done = True

    async def _send_fast(self, indices: Iterable[int]) -> None:
        for index in indices:
            self._permit()
            # The token matches no request: Device OS up to 0.6.x answers every chunk, which adds nothing to the final
            # result.
            self._session.send(messages.update_chunk(self._session.next_id(), b"\0", self._chunks[index], index=index))
            await self._session.drain()

    async def _send_slowly(self) -> None:
        for number, chunk in enumerate(self._chunks):
            for _ in range(_TRIES):
                answer = await self._session.ask(
                    lambda mid, token, chunk=chunk: messages.update_chunk(mid, token, chunk, index=None),  # type: ignore[misc]
                    (self._limits.chunk_answer,),
                    self._permit,
                )
                if answer.code == Code.CHANGED:
                    break
            else:
                raise FlashRefused(f"the device refused chunk {number} of {len(self._chunks)} {_TRIES} times")

    async def _accepted(self) -> bool:
        """Announce the end of the chunks: True when the device accepted the image, False when chunks are missing."""
        try:
            answer = await self._session.ask(messages.update_done, (self._limits.update_result,), self._permit)
        except DeviceOffline:
            if self._device_is_done:  # it restarted before it read UpdateDone
                return True
            raise
        if answer.code == Code.BAD_REQUEST:
            return False
        if answer.code != Code.CHANGED:
            raise FlashRefused(f"the device answered the end of the update with code {answer.code:#04x}")
        result = _result(answer.payload)
        if result not in (0, "ok"):
            raise FlashRefused(f"the device reported {result} for the image")
        return True

    async def _missing(self) -> list[int]:
        """Indices of the chunks to resend, in order."""
        try:
            async with asyncio.timeout(self._limits.chunks_missed):
                indices = set(await self._missed.get())
        except TimeoutError:
            raise DeviceTimeout(self._session.device_id) from None
        while not self._missed.empty():
            indices.update(self._missed.get_nowait())
        return sorted(index for index in indices if index < len(self._chunks))


def _result(payload: bytes | None) -> object:
    """Check the device's result: 0, "ok", or no payload (Device OS up to 0.6.3) is success."""
    if not payload:
        return 0
    try:
        content = json.loads(payload)
    except (ValueError, RecursionError):
        return "an unreadable result"
    return content.get("r") if isinstance(content, dict) else content
