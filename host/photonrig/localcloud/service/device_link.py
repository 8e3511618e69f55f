"""Link from the services to the device service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from photonrig.localcloud.device.contract import Permit, VariableType
from photonrig.localcloud.service.records import Device


class DeviceHub(Protocol):
    """Interface of the device service; see :mod:`photonrig.localcloud.device.hub`.

    ``permit`` is called before each message to the device, after any wait.
    """

    def online(self, device_id: str) -> bool:
        """Whether the device has a session."""

    def listeners(self, name: str) -> Iterable[tuple[str, str]]:
        """The devices subscribed to an event's name, each with the scope."""

    def send_event(self, device_id: str, name: str, data: str | None, *, private: bool = True) -> bool:
        """Send an event now, if the device is online and subscribed; unsent output is buffered."""

    async def read_variable(
        self, device_id: str, name: str, kind: VariableType, permit: Permit
    ) -> bool | int | float | str:
        """Read a variable; raises DeviceOffline, DeviceTimeout, VariableUnknown."""

    async def call_function(self, device_id: str, name: str, argument: str, permit: Permit) -> int:
        """Call a function; raises DeviceOffline, DeviceTimeout."""

    async def signal(self, device_id: str, on: bool, permit: Permit) -> None:
        """Start or stop the rainbow on the device's LED."""

    async def ping(self, device_id: str) -> bool:
        """Whether the device answers."""

    async def metrics(self, device_id: str, permit: Permit) -> dict[int, int]:
        """The device's diagnostics by number; raises DeviceOffline, DeviceTimeout, ProtocolError."""

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        """Update the device; raises DeviceOffline, DeviceTimeout, FlashRefused."""

    def disconnect(self, device_id: str) -> None:
        """End the device's session."""


class DeviceLink:
    """The device service, once attached."""

    def __init__(self) -> None:
        self._hub: DeviceHub | None = None

    def attach(self, hub: DeviceHub) -> None:
        """Set the device service; once, before serving."""
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
        """Whether the device has a usable session; a quarantined device counts as offline (a choice)."""
        return device.state.quarantine is None and self.online(device.id)
