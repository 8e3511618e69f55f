"""Bounds the memory that request bodies take together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

__all__ = ["FREE", "Room"]

FREE = 16 * 1024
"""Bytes of a body that needs no room, so that large ones do not hold up what most requests send; a choice."""

_NO_ROOM: AbstractAsyncContextManager[None] = nullcontext()


class Room:
    """So many bytes of bodies at a time; a request that finds no room waits, and its client with it."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = asyncio.Condition()

    def holding(self, size: int) -> AbstractAsyncContextManager[None]:
        """Room for a body of ``size`` bytes, at most that of the whole room, for as long as the block runs."""
        return _NO_ROOM if size <= FREE else self._held(size)

    @asynccontextmanager
    async def _held(self, size: int) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._left >= size)
            self._left -= size
        try:
            yield
        finally:
            self._left += size
            async with self._changed:
                self._changed.notify_all()
