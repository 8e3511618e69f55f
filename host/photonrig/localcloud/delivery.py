"""Carries events to the devices that subscribed to them, in order for each device, without one waiting for another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.events import Event

__all__ = ["BACKLOG", "Delivery", "DeviceLink"]

BACKLOG = 64  # events waiting for one device; the oldest gives way


class DeviceLink(Protocol):
    """What delivery needs of the device service."""

    def subscriptions(self, device_id: str) -> tuple[Subscription, ...]:
        """What the device listens to; empty when it is offline."""

    async def send_event(self, device_id: str, name: str, data: str | None, *, private: bool = True) -> bool:
        """Send an event if the device is online and listens to it."""


class Delivery:
    """One queue and at most one sending task per device."""

    def __init__(self, link: DeviceLink) -> None:
        self._link = link
        self._waiting: dict[str, deque[Event]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def offer(self, event: Event, devices: Iterable[str], reaches: Callable[[str], bool]) -> None:
        """Queue an event for those of the online ``devices`` that listen to its name and that it may reach."""
        for device_id in devices:
            listening = any(event.name.startswith(each.prefix) for each in self._link.subscriptions(device_id))
            if listening and reaches(device_id):
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
