"""Models of peripherals, for a virtual Photon to be wired to: subclass what the device on your board speaks.

    class Lm75(I2cDevice):
        address = 0x48

        def read(self, size: int) -> bytes:
            return round(self.celsius * 2).to_bytes(2, "big", signed=True)

    Peripheral      what every model has: the pins it listens to, and a board to act on
    I2cDevice       on Wire (D0, D1)
    SpiDevice       on SPI (A3 ... A5), selected by a pin
    SerialDevice    on Serial1 (RX, TX)

A model may derive from several. Its methods are called on a thread of the bench's, one at a time, while the firmware
waits; plain attributes are safe to change from the test. An exception fails the test, and the firmware finds nothing.
"""

from __future__ import annotations

from typing import Protocol


class NotAcknowledged(Exception):
    """Raised by an I2C device that does not acknowledge what the firmware asks of it."""


class Board(Protocol):
    """The hands of a model on the Photon it is wired to."""

    def drive(self, pin: str, level: int) -> None:
        """Put a level on a pin (D0 ... D7, A0 ... A7): 0 or 1, or 0 ... 4095 for an analog one."""

    def send(self, data: bytes) -> None:
        """Bytes to the firmware's Serial1; those beyond its buffer of 64 are lost, as on a Photon."""


class Peripheral:
    """A model of what is wired to a virtual Photon. ``pins``: names of the pins it listens to."""

    pins: tuple[str, ...] = ()
    board: Board

    def attached(self) -> None:
        """The model is wired, and ``board`` can be used; again after each power-on of the device."""

    def pin_changed(self, pin: str, level: int) -> None:
        """The firmware changed one of ``pins``: 0 or 1, or the duty of PWM, 0 ... 255."""


class I2cDevice(Peripheral):
    """A device on Wire; ``address`` has 7 bits, without the bit for read or write."""

    address: int

    def written(self, data: bytes) -> None:
        """The firmware wrote this between ``beginTransmission`` and ``endTransmission``.

        :raises NotAcknowledged: the device refuses it
        """

    def read(self, size: int) -> bytes:
        """``size`` bytes the firmware asks for; what is missing is read as 0xFF.

        :raises NotAcknowledged: the device has none
        """
        raise NotAcknowledged


class SpiDevice(Peripheral):
    """A device on SPI; ``select`` names the pin that is low while the firmware speaks with it."""

    select: str

    def exchanged(self, data: bytes) -> bytes:
        """What the firmware sent in one transfer; returns what the device sent meanwhile, as many bytes."""
        return b"\xff" * len(data)


class SerialDevice(Peripheral):
    """A device on Serial1."""

    def received(self, data: bytes) -> None:
        """What the firmware sent without a gap; ``self.board.send`` answers."""
