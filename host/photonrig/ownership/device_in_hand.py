"""Device in hand: the slot interface that the set-up steps of a flow need."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from photonrig.particle.softap import SoftAp


class SetUpSlot(Protocol):
    """A place with one device that can be set up; implemented by a bench's slot."""

    @property
    def name(self) -> str:
        """Name in messages."""

    def softap(self) -> AbstractContextManager[SoftAp]:
        """Set up the device inside the block.

        :raises NotReached: the device's network is not in range
        """

    def hold_setup(self, seconds: float) -> None:
        """Hold the SETUP button and release it; over 3 s toggles listening mode.

        :raises UsageError: the slot cannot press it
        """


@dataclass(frozen=True, slots=True)
class DeviceInHand:
    """The slot of a device, and the Wi-Fi network it is to join."""

    slot: SetUpSlot
    wifi_ssid: str
    wifi_password: str = field(repr=False)
