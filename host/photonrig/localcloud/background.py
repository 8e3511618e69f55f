"""Background tasks of the cloud, started here only, so that none fails unlogged.

    Tasks("update").start(work)     one task; an exception is logged
    Repeated("write", work, 2.0)    periodic; an exception is logged, and the next run follows

A repeated error is logged once: a full disk does not fill the log every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, Generic, TypeVar

from photonrig.clock import SYSTEM

_log = logging.getLogger(__name__)

_T = TypeVar("_T")
_KNOWN: Final = 1000  # distinct errors remembered; beyond that all are logged again


class _Faults:
    """Errors already logged for one kind of work."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._logged: set[str] = set()

    def note(self, error: BaseException) -> str:
        """Log an error unless it was logged before; returns its name and text."""
        text = f"{type(error).__name__}: {error}"
        if text not in self._logged:
            if len(self._logged) >= _KNOWN:
                self._logged.clear()
            self._logged.add(text)
            _log.error("%s failed: %s", self._what, text, exc_info=error)
        return text

    def forget(self) -> None:
        """Forget all, so that they are logged again."""
        self._logged.clear()


class Tasks(Generic[_T]):
    """Tasks of one kind; ``what`` is its name in the log."""

    def __init__(self, what: str) -> None:
        self._running: set[asyncio.Task[_T]] = set()
        self._faults = _Faults(what)

    def __len__(self) -> int:
        return len(self._running)

    def __iter__(self) -> Iterator[asyncio.Task[_T]]:
        return iter(tuple(self._running))

    def start(self, work: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """Start a task and hold a reference until it ends."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def idle(self) -> None:
        """Wait until no task runs."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """Cancel all tasks and wait for their end."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[_T]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._faults.note(error)


class Repeated:
    """Periodic work in the event loop; a failed run is logged, and the next one follows."""

    def __init__(
        self,
        what: str,
        work: Callable[[], None],
        seconds: float,
        pause: Callable[[float], Awaitable[None]] = SYSTEM.pause_async,
    ) -> None:
        self.fault: str | None = None
        """Text of the last run's error; None if it succeeded."""
        self.what = what
        self._work = work
        self._seconds = seconds
        self._pause = pause
        self._faults = _Faults(what)

    def once(self) -> bool:
        """Run once now; returns whether it succeeded."""
        try:
            self._work()
        except Exception as error:
            self.fault = self._faults.note(error)
            return False
        if self.fault is not None:
            _log.info("%s works again", self.what)
            self._faults.forget()
            self.fault = None
        return True

    async def run(self) -> None:
        """Run periodically until cancelled."""
        while True:
            await self._pause(self._seconds)
            self.once()
