"""Carries events to the devices that subscribed to them, in order for each device, without one waiting for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from photonrig.localcloud.events import Event

__all__ = ["BACKLOG", "Delivery", "DeviceLink"]

BACKLOG = 64  # events waiting for one device; the oldest gives way


class DeviceLink(Protocol):
    """What delivery needs of the device service."""

    def listeners(self, name: str) -> Iterable[tuple[str, str]]:
        """The devices that listen to an event's name, each with the scope in which it does."""

    async def send_event(self, device_id: str, name: str, data: str | None, *, private: bool = True) -> bool:
        """Send an event if the device is online and listens to it."""


class Delivery:
    """One queue and at most one sending task per device."""

    def __init__(self, link: DeviceLink) -> None:
        self._link = link
        self._waiting: dict[str, deque[Event]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def offer(self, event: Event, reaches: Callable[[str, str], bool]) -> None:
        """Queue an event for those devices that listen to its name and that it may reach.

        ``reaches`` is asked with a device id and the scope in which the device listens.
        """
        queued = set()
        for device_id, scope in self._link.listeners(event.name):
            if device_id in queued or not reaches(device_id, scope):
                continue
            queued.add(device_id)
            self._waiting.setdefault(device_id, deque(maxlen=BACKLOG)).append(event)
            if device_id not in self._tasks:
                self._tasks[device_id] = asyncio.create_task(self._send(device_id))

    async def close(self) -> None:
        """Drop what is still waiting."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _send(self, device_id: str) -> None:
        waiting = self._waiting[device_id]
        try:
            while waiting:
                event = waiting.popleft()
                if not await self._link.send_event(device_id, event.name, event.data, private=event.private):
                    waiting.clear()
        finally:
            del self._waiting[device_id], self._tasks[device_id]
