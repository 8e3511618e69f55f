"""Slots: a place on the bench with one device in it, as a set of capabilities.

A scenario asks for a capability, never for "real" or "virtual". What a slot lacks is None; asking for it is an error
that names slot and capability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeVar

from photonrig.bench.console import BenchConsole
from photonrig.bench.lines import SerialLines
from photonrig.errors import UsageError
from photonrig.particle.softap import SoftAp
from photonrig.peripherals import Peripheral
from photonrig.trace import Observer

# Seconds for 128 KB by the slowest way, with the Particle CLI's start.
FLASHING: Final = 180.0


class Power(Protocol):
    """Supply of the device; both ends of it may be asked for again."""

    def on(self) -> None:
        """Switch on; whoever needs the device's interfaces waits for them."""

    def off(self) -> None:
        """Switch off at once, as if the plug were pulled."""


class Reset(Protocol):
    """The RESET button."""

    def press(self) -> None:
        """Reset the device by its pin.

        :raises LinkLost: the device has no power, as far as that can be known
        """

    def held(self) -> AbstractContextManager[None]:
        """Held inside the block: nothing runs in the device.

        :raises LinkLost: the device has no power, as far as that can be known
        """


class SetupButton(Protocol):
    """The SETUP button."""

    def hold(self, seconds: float) -> None:
        """Hold and release: over 3 s toggles listening mode, 10 s in listening mode erases the stored networks."""

    def held(self) -> AbstractContextManager[None]:
        """Held inside the block; also while RESET is pressed and let go, for the bootloader's choice."""


class SerialLink(Protocol):
    """USB serial."""

    @property
    def port(self) -> str:
        """Path of the serial port, or its URL (``rfc2217://``, ``socket://``), looked up now.

        :raises LinkLost: the device is not there
        """

    @property
    def present(self) -> bool:
        """Whether the host sees the device on USB right now."""


class SoftApLink(Protocol):
    """The device's own network in listening mode."""

    def joined(self) -> AbstractContextManager[None]:
        """The host is in the device's network inside the block, and in it with nothing but this slot's adapter.

        :raises NotReached: the network is not in the air, or does not let the host in
        """

    def tcp(self) -> SoftAp:
        """Set-up over the TCP service, inside the block."""

    def http(self) -> SoftAp:
        """Set-up over the HTTP service, inside the block."""


class Pins(Protocol):
    """Hands on the pins: what is wired to them can be played, and what the firmware does with them seen."""

    def drive(self, pin: str, level: int) -> None:
        """Put a level on an input, by its name (D0 ... D7, A0 ... A7, RX, TX): 0 or 1, or 0 ... 4095 for an analog one.

        :raises UsageError: no such pin or level
        """

    def level(self, pin: str) -> int:
        """The level of a pin: 0 or 1, the duty of PWM 0 ... 255, of an analog one 0 ... 4095; 0 if never used.

        :raises UsageError: no such pin
        """


class Peripherals(Protocol):
    """Wires to models of peripherals; a board has real ones."""

    def attach(self, model: Peripheral) -> None:
        """Wire a model to the device; it is found after power cuts and resets, too.

        :raises UsageError: what the model is wired to is taken
        """

    def detach(self, model: Peripheral) -> None:
        """Take a model off.

        :raises RigError: one of its methods had raised an exception, which is the cause
        """


class Flasher(Protocol):
    """Brings firmware, a module file, into the device; each way needs another part of the device to be well.

    All take at most ``timeout`` seconds, and raise ToolError if they are refused, time out or end without proof.
    """

    def over_cloud(self, image: Path, *, timeout: float = FLASHING) -> None:
        """Over the air: the device must be online; returns when the cloud has begun."""

    def over_serial(self, image: Path, *, timeout: float = FLASHING) -> None:
        """By YMODEM over USB serial, in listening mode: Device OS must be well."""

    def over_dfu(self, image: Path, *, timeout: float = FLASHING) -> None:
        """By DFU over USB: only the bootloader must be well."""

    def safe_mode(self, *, timeout: float = FLASHING) -> None:
        """Restart without the firmware, by a request over USB: Device OS alone, online if it can."""

    def restart(self, *, timeout: float = FLASHING) -> None:
        """Restart, by a request over USB."""


class Monitor(Protocol):
    """A view of the device that needs none of its interfaces; a board has no such view."""

    @property
    def alive(self) -> bool:
        """Whether it has power."""

    @property
    def listening(self) -> bool:
        """Whether it is in listening mode.

        :raises LinkLost: it has no power
        """

    @property
    def crashed(self) -> str:
        """What ended its firmware for good; empty if nothing did."""

    @property
    def log(self) -> Path:
        """File with its own lines, which tell of panics."""

    @property
    def pid(self) -> int:
        """The process that plays it, which has the other end of its serial port."""

    @property
    def application(self) -> str:
        """SHA-256 of the application that runs, in hexadecimal; empty if none does.

        :raises LinkLost: it has no power
        """

    def uptime(self) -> float:
        """Seconds since its last reset.

        :raises LinkLost: it has no power
        """

    def networks(self) -> tuple[str, ...]:
        """Names of the access points in the air around it."""

    def parts(self) -> Mapping[str, Mapping[str, float]]:
        """Parts of the shade it moves, such as ``lift``: ``position`` in per cent, and what else the model tells.

        ``no_edge_ms``: how long a motor has been driven since the last edge of its encoder.
        """


# Seconds for a reset, the bootloader and the host's enumeration together; not measured on a board yet.
_REENUMERATION: Final = 15.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place with one device; ``device_id`` is 24 lower-case hex digits, ``observer`` is told of its traffic.

    ``bench_console``: the device's firmware answers on it; see :func:`~photonrig.bench.console.has_bench_console`.
    """

    name: str
    device_id: str
    serial: SerialLink | None = None
    softap_link: SoftApLink | None = None
    power: Power | None = None
    setup_button: SetupButton | None = None
    reset: Reset | None = None
    flasher: Flasher | None = None
    monitor: Monitor | None = None
    pins: Pins | None = None
    peripherals: Peripherals | None = None
    bench_console: bool = True
    observer: Observer | None = None

    @contextmanager
    def console(self) -> Iterator[BenchConsole]:
        """The bench console of the device's firmware, on USB serial.

        :raises UsageError: the slot has no serial link, or the firmware no such console
        """
        link = self.need("serial", self.serial)
        if not self.bench_console:
            raise UsageError(f"the firmware in slot {self.name} has no bench console; its own lines are in serial()")
        with BenchConsole(
            lambda: link.port, device=self.device_id, reopen=_REENUMERATION, observer=self.observer
        ) as console:
            yield console

    @contextmanager
    def lines(self) -> Iterator[SerialLines]:
        """USB serial line by line, whatever the firmware says there.

        :raises UsageError: the slot has no serial link
        """
        link = self.need("serial", self.serial)
        with SerialLines(
            lambda: link.port, device=self.device_id, reopen=_REENUMERATION, observer=self.observer
        ) as lines:
            yield lines

    @contextmanager
    def softap(self) -> Iterator[SoftAp]:
        """Set-up of the device; the host is in the device's network inside the block.

        :raises UsageError: the slot has no SoftAP link
        :raises NotReached: the device's network is not there
        """
        link = self.need("softap_link", self.softap_link)
        with link.joined():
            softap = link.tcp()
            yield softap if self.observer is None else softap.observed(self.observer)

    def hold_setup(self, seconds: float) -> None:
        """Hold the SETUP button and release it.

        :raises UsageError: the slot has no SETUP button
        """
        self.need("setup_button", self.setup_button).hold(seconds)

    def need(self, name: str, capability: T | None) -> T:
        """The capability, or an error that names what the slot lacks.

        :raises UsageError: it is None
        """
        if capability is None:
            raise UsageError(f"slot {self.name} has no {name}; choose another slot or add it to the bench")
        return capability
