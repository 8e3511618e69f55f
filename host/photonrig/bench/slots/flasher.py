"""Firmware by the Particle CLI: over the air, over serial, over DFU. The same for a board and for a virtual Photon."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from photonrig.bench.lock import hold
from photonrig.bench.slots.slot import FLASHING, SerialLink
from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.errors import ToolError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.serial_port import DFU_SPEED, request_by_speed


class CliFlasher:
    """One device's; the CLI, made for the first use, must be logged in to an account that sees it."""

    def __init__(
        self, make_cli: Callable[[], ParticleCli], device_id: str, serial: SerialLink, clock: Clock = SYSTEM
    ) -> None:
        self._make_cli = make_cli
        self._device = device_id
        self._serial = serial
        self._clock = clock

    @functools.cached_property
    def _cli(self) -> ParticleCli:
        return self._make_cli()

    def over_cloud(self, image: Path, *, timeout: float = FLASHING) -> None:
        """Over the air."""
        # The cloud is told the path as typed.
        words = ["flash", "--cloud", self._device, image.name]
        self._cli.run(*words, timeout=timeout, proof="Flash success!", cwd=image.absolute().parent)

    def over_serial(self, image: Path, *, timeout: float = FLASHING) -> None:
        """By YMODEM; the CLI asks for listening mode itself."""
        words = ["flash", "--serial", str(image.absolute()), "--port", self._serial.port, "--yes"]
        self._cli.run(*words, timeout=timeout, proof="Flash success!")

    def over_dfu(self, image: Path, *, timeout: float = FLASHING) -> None:
        """By DFU; one device of a host at a time, because the CLI takes the only one that is in DFU."""
        deadline = Deadline(self._clock, timeout)
        with hold("dfu", wait=timeout):
            try:
                self._cli.run("usb", "dfu", self._device, timeout=timeout / 2, proof="Done.")
            except ToolError:
                # Device OS may be too ill for a request, and yet hear a line rate.
                request_by_speed(self._serial.port, DFU_SPEED, device=self._device)
            left = max(1.0, deadline.left)
            self._cli.run("flash", "--usb", str(image.absolute()), timeout=left, proof="Flashing")

    def safe_mode(self, *, timeout: float = FLASHING) -> None:
        """By a request over USB."""
        self._cli.run("usb", "safe-mode", self._device, timeout=timeout, proof="Done.")

    def restart(self, *, timeout: float = FLASHING) -> None:
        """By a request over USB."""
        self._cli.run("usb", "reset", self._device, timeout=timeout, proof="Done.")
