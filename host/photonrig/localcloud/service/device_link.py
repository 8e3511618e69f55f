"""Link from the services to the device service."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.service.records import Device


@dataclass(slots=True)
class DeviceLink:
    """The device service, and which devices requests may reach through it."""

    hub: DeviceHub

    def reachable(self, device: Device) -> bool:
        """Whether the device has a usable session; a quarantined device counts as offline (a choice)."""
        return device.state.quarantine is None and self.hub.online(device.id)
