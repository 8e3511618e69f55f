"""The devices that are online, as the services reach them: what they ask of the device service, in one place."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from photonrig.localcloud.device.contract import Permit, VariableType
from photonrig.localcloud.service.records import Device

__all__ = ["DeviceHub", "DeviceLink"]


class DeviceHub(Protocol):
    """The device service; see :mod:`photonrig.localcloud.device.hub`.

    ``permit`` is asked before each message to the device, however long that had to wait.
    """

    def online(self, device_id: str) -> bool:
        """Whether the device has a session."""

    def listeners(self, name: str) -> Iterable[tuple[str, str]]:
        """The devices that listen to an event's name, each with the scope in which it does."""

    def send_event(self, device_id: str, name: str, data: str | None, *, private: bool = True) -> bool:
        """Send an event now, if the device is online and listens to it; what it does not take at once is buffered."""

    async def read_variable(
        self, device_id: str, name: str, kind: VariableType, permit: Permit
    ) -> bool | int | float | str:
        """Ask the device for a variable; DeviceOffline, DeviceTimeout, VariableUnknown."""

    async def call_function(self, device_id: str, name: str, argument: str, permit: Permit) -> int:
        """Call a function; DeviceOffline, DeviceTimeout."""

    async def signal(self, device_id: str, on: bool, permit: Permit) -> None:
        """Make the device's light shout rainbows, or stop it."""

    async def ping(self, device_id: str) -> bool:
        """Whether the device answers now."""

    async def metrics(self, device_id: str, permit: Permit) -> dict[int, int]:
        """The device's diagnostics by number; DeviceOffline, DeviceTimeout, ProtocolError."""

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        """Update the device; DeviceOffline, DeviceTimeout, FlashRefused."""

    def disconnect(self, device_id: str) -> None:
        """End the device's session."""


class DeviceLink:
    """The device service, from when it was attached."""

    def __init__(self) -> None:
        self._hub: DeviceHub | None = None

    def attach(self, hub: DeviceHub) -> None:
        """Name the device service; once, before anything is served."""
        self._hub = hub

    @property
    def hub(self) -> DeviceHub:
        """The device service."""
        assert self._hub is not None, "the device service was not attached"
        return self._hub

    def online(self, device_id: str) -> bool:
        """Whether the device has a session."""
        return self.hub.online(device_id)

    def reachable(self, device: Device) -> bool:
        """Whether the device has a session that may be used; a quarantined device is as good as offline (a choice)."""
        return device.state.quarantine is None and self.online(device.id)
