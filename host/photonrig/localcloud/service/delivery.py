"""Carries events to the devices that subscribed to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from photonrig.localcloud.service.events import Event

__all__ = ["DeviceLink", "deliver"]


class DeviceLink(Protocol):
    """What delivery needs of the device service."""

    def listeners(self, name: str) -> Iterable[tuple[str, str]]:
        """The devices that listen to an event's name, each with the scope in which it does."""

    def send_event(self, device_id: str, name: str, data: str | None, *, private: bool = True) -> bool:
        """Send an event now, if the device is online and listens to it; what it does not take at once is buffered."""


def deliver(link: DeviceLink, event: Event, may_hear: Callable[[str, str], bool]) -> None:
    """Send an event to each device that listens to its name and that may hear it, once.

    ``may_hear`` is asked with a device id and the scope in which the device listens. Nothing is queued here: an event
    that waited could reach a device that has gone to another owner since.
    """
    told = set()
    for device_id, scope in list(link.listeners(event.name)):
        if device_id not in told and may_hear(device_id, scope):
            told.add(device_id)
            link.send_event(device_id, event.name, event.data, private=event.private)
