"""Devices restarting after an update; their next Hello reports its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from photonrig.localcloud.background import Tasks

_Report = Callable[[str, str], Coroutine[Any, Any, None]]


class Restarts:
    """Waits for each updated device, up to ``limit`` seconds."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._expected: dict[str, tuple[str, asyncio.TimerHandle]] = {}
        self._reports: Tasks[None] = Tasks("the report of an update")

    def expect(self, device_id: str, name: str, report: _Report) -> None:
        """Expect the device to restart into the image ``name``; if it does not, ``report`` its id and the failure."""
        self.forget(device_id)
        timer = asyncio.get_running_loop().call_later(self._limit, self._stayed_away, device_id, report)
        self._expected[device_id] = (name, timer)

    def came_back(self, device_id: str, *, updated: bool) -> str | None:
        """Status to report after a Hello; None when no update was expected."""
        name = self.forget(device_id)
        if name is None:
            return None
        return f"success {name}".rstrip() if updated else "failed the device came back without the new firmware"

    def forget(self, device_id: str) -> str | None:
        """Stop waiting for the device; returns the name of the expected image."""
        if device_id not in self._expected:
            return None
        name, timer = self._expected.pop(device_id)
        timer.cancel()
        return name

    async def close(self) -> None:
        """Stop waiting for all devices."""
        for device_id in list(self._expected):
            self.forget(device_id)
        await self._reports.idle()

    def _stayed_away(self, device_id: str, report: _Report) -> None:
        self.forget(device_id)
        self._reports.start(report(device_id, f"failed the device did not come back within {self._limit:g} s"))
