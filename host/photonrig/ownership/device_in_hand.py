"""A device in hand: what the set-up steps of a flow need of the slot it is in."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from photonrig.particle.softap import SoftAp

__all__ = ["DeviceInHand", "SetUpSlot"]


class SetUpSlot(Protocol):
    """A place with one device in it that can be set up; a bench's slot is one."""

    @property
    def name(self) -> str:
        """What messages call it."""

    def softap(self) -> AbstractContextManager[SoftAp]:
        """Set-up of the device, inside the block.

        :raises NotReached: the device's network is not there
        """

    def hold_setup(self, seconds: float) -> None:
        """Hold the SETUP button and release it; over 3 s toggles listening mode.

        :raises UsageError: nothing here can press it
        """


@dataclass(frozen=True, slots=True)
class DeviceInHand:
    """The slot of a device, and the Wi-Fi network it is to join."""

    slot: SetUpSlot
    wifi_ssid: str
    wifi_password: str = field(repr=False)
