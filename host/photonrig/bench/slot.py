"""Slots: a place on the bench with one device in it, as a set of capabilities.

A scenario asks for a capability, never for "real" or "virtual". What a slot lacks is None; asking for it is an error
that names slot and capability.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from photonrig.bench.console import BenchConsole
from photonrig.errors import UsageError
from photonrig.evidence import Tap
from photonrig.particle.softap import SoftAp

__all__ = ["Power", "Reset", "SerialLink", "SetupButton", "Slot", "SoftApLink"]


class Power(Protocol):
    """Supply of the device."""

    def on(self) -> None:
        """Switch on; returns when the device's interfaces are there."""

    def off(self) -> None:
        """Switch off at once, as if the plug were pulled."""


class Reset(Protocol):
    """The RESET button."""

    def press(self) -> None:
        """Reset the device by its pin."""


class SetupButton(Protocol):
    """The SETUP button."""

    def hold(self, seconds: float) -> None:
        """Hold and release: over 3 s toggles listening mode, 10 s in listening mode erases the stored networks."""


class SerialLink(Protocol):
    """USB serial."""

    @property
    def port(self) -> str:
        """Path of the serial port, stable over resets."""


class SoftApLink(Protocol):
    """The device's own network in listening mode."""

    def tcp(self) -> SoftAp:
        """Set-up over the TCP service."""

    def http(self) -> SoftAp:
        """Set-up over the HTTP service."""


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place with one device; ``device_id`` is 24 lower-case hex digits, ``tap`` hears what goes over its links."""

    name: str
    device_id: str
    serial: SerialLink | None = None
    softap_link: SoftApLink | None = None
    power: Power | None = None
    setup_button: SetupButton | None = None
    reset: Reset | None = None
    tap: Tap | None = None

    @contextmanager
    def console(self) -> Iterator[BenchConsole]:
        """The bench console of the device's firmware, on USB serial.

        :raises UsageError: the slot has no serial link
        """
        with BenchConsole(self.need("serial", self.serial).port, device=self.device_id, tap=self.tap) as console:
            yield console

    @contextmanager
    def softap(self) -> Iterator[SoftAp]:
        """Set-up of the device; on a real bench the host is in the device's network inside the block.

        :raises UsageError: the slot has no SoftAP link
        """
        softap = self.need("softap_link", self.softap_link).tcp()
        yield softap if self.tap is None else softap.tapped(self.tap)

    def need(self, name: str, capability: T | None) -> T:
        """The capability, or an error that names what the slot lacks.

        :raises UsageError: it is None
        """
        if capability is None:
            raise UsageError(f"slot {self.name} has no {name}; choose another slot or add it to the bench")
        return capability
