"""Limit on the total memory of request bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

FREE = 16 * 1024
"""Bytes up to which a body is exempt, so that large ones do not delay most requests; a choice."""

_NO_ROOM: AbstractAsyncContextManager[None] = nullcontext()


class Room:
    """A budget of bytes; a request beyond it waits, and its client with it."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = asyncio.Condition()

    def holding(self, size: int) -> AbstractAsyncContextManager[None]:
        """Reserve ``size`` bytes, at most the whole budget, for the duration of the block."""
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
