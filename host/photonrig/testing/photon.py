"""The device of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from photonrig.bench.console import BenchConsole
from photonrig.bench.lines import SerialLines
from photonrig.bench.slots.slot import Pins, Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.clock import Clock, NotSeen
from photonrig.errors import ExpectationFailed
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import Cloud, CloudDevice
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.softap import LISTEN_HOLD, SoftAp
from photonrig.peripherals import Peripheral
from photonrig.trace import Recorder

ONLINE: Final = 60.0  # seconds within which a device must be on the cloud after a reset, a set-up or a restart


class Pin:
    """A pin of a device; levels are 0 or 1, the duty of PWM 0 ... 255, of an analog one 0 ... 4095."""

    def __init__(self, pins: Pins, name: str, recorder: Recorder, clock: Clock) -> None:
        self.name = name
        self._pins = pins
        self._recorder = recorder
        self._clock = clock

    @property
    def level(self) -> int:
        """Its level now."""
        return self._pins.level(self.name)

    def drive(self, level: int) -> None:
        """Put a level on it from outside."""
        self._recorder.note("rig", f"{self.name} driven to {level}")
        self._pins.drive(self.name, level)

    def wait(self, level: int, timeout: float = 5.0) -> None:
        """Wait until it has this level; ``timeout`` in seconds.

        :raises ExpectationFailed: not in time
        """
        seen = -1

        def look() -> bool:
            nonlocal seen
            seen = self.level
            return seen == level

        try:
            self._clock.wait_until(look, timeout, f"{self.name} at {level}")
        except NotSeen as late:
            raise ExpectationFailed(f"{late}; it is at {seen}") from None


class Photon:
    """One device in its slot, real or virtual. Cloud calls act as the team, through the product."""

    def __init__(self, slot: Slot, firmware: Firmware, target: CloudTarget, recorder: Recorder, clock: Clock) -> None:
        self.slot = slot
        self.id = slot.device_id
        self.variant = firmware.variant
        self.firmware = firmware
        self.team = target.team
        self._target = target
        self._recorder = recorder
        self._clock = clock
        self._attached: list[Peripheral] = []

    def __repr__(self) -> str:
        return f"Photon({self.id}, {self.variant}, slot {self.slot.name})"

    # --- serial, buttons and SoftAP
    # ------------------------------------------------------------------------------------

    def console(self) -> AbstractContextManager[BenchConsole]:
        """The bench console of the firmware, on USB serial."""
        return self.slot.console()

    def ask(self, line: str) -> dict[str, Any]:
        """Send a line to the bench console and return its reply."""
        with self.slot.console() as console:
            return console.ask(line)

    def serial(self) -> AbstractContextManager[SerialLines]:
        """USB serial line by line, inside the block: ``expect``, ``take`` and ``write``, whatever the firmware says."""
        return self.slot.lines()

    def pin(self, name: str) -> Pin:
        """A pin by its name: what the firmware puts out there, and hands to put something in.

        :raises UsageError: the slot has no hands on its pins
        """
        return Pin(self.slot.need("pins", self.slot.pins), name, self._recorder, self._clock)

    def attach(self, model: Peripheral) -> None:
        """Wire a model of a peripheral to the device, until the end of the test; see :mod:`photonrig.peripherals`.

        Firmware that looks for it in ``setup()`` finds it after a reset.

        :raises UsageError: the slot has real peripherals, or what the model is wired to is taken
        """
        wires = self.slot.need("peripherals", self.slot.peripherals)
        self._recorder.note("rig", f"{type(model).__name__} attached")
        wires.attach(model)
        self._attached.append(model)

    def detach(self, model: Peripheral) -> None:
        """Take a model off, as a plug that is pulled.

        :raises RigError: one of its methods had raised an exception, which is the cause
        """
        self._recorder.note("rig", f"{type(model).__name__} detached")
        self._attached = [each for each in self._attached if each is not model]
        self.slot.need("peripherals", self.slot.peripherals).detach(model)

    def detach_all(self) -> None:
        """Take off all models that the test has attached.

        :raises RigError: as :meth:`detach`; of several the first
        """
        with ExitStack() as stack:
            for model in self._attached:
                stack.callback(self.detach, model)

    @contextmanager
    def softap(self) -> Iterator[SoftAp]:
        """Set-up in listening mode over the device's own network, inside the block."""
        with self.slot.softap() as softap:
            yield softap

    def listen(self) -> None:
        """Hold SETUP until the device is in listening mode."""
        self._recorder.note("rig", "SETUP held: listening mode")
        self.slot.hold_setup(LISTEN_HOLD)

    def reset(self) -> None:
        """Press RESET."""
        self._recorder.note("rig", "RESET pressed")
        self.slot.need("reset", self.slot.reset).press()

    def power_cycle(self) -> None:
        """Pull the plug and put it in again."""
        power = self.slot.need("power", self.slot.power)
        self._recorder.note("rig", "power off")
        power.off()
        power.on()
        self._recorder.note("rig", "power on")

    def set_up(self, claim_code: str | None = None) -> None:
        """Set up a listening device over its network: claim code and the bench's Wi-Fi, then to the cloud.

        :raises ExpectationFailed: it does not see the bench's Wi-Fi, or is another device
        """
        ssid, password = self._target.wifi
        with self.slot.softap() as softap:
            identity = softap.device_id()
            if identity.device_id != self.id:
                raise ExpectationFailed(f"SoftAP of {identity.device_id} answers", device=self.id)
            if claim_code is not None:
                softap.set_claim_code(claim_code)
            softap.join(ssid, password)

    # --- cloud --------------------------------------------------------------------------------------------------------

    def seen_by_cloud(self) -> CloudDevice:
        """The product's record of the device."""
        return self.team.device(self.id, self._target.product)

    @property
    def owner(self) -> str | None:
        """Name of its owner; None if unowned."""
        return self.seen_by_cloud().owner_name

    def variable(self, name: str, *, who: Cloud | None = None) -> Any:
        """Read a variable, as the team or with another's token."""
        return (who or self.team).variable(self.id, name, **self._scope(who))

    def call(self, function: str, argument: str = "", *, who: Cloud | None = None) -> int:
        """Call a function, as the team or with another's token."""
        return (who or self.team).call(self.id, function, argument, **self._scope(who))

    def release(self) -> None:
        """End its claim through the product; it stays online and in the product."""
        self.team.release(self.id, self._target.product)

    def flash_with(self, cli: ParticleCli, image: Path | None = None) -> None:
        """Flash an image, by default its own, over the air with the Particle CLI; events report the outcome."""
        image = image or self.firmware.image
        self._recorder.note("rig", f"flash {image.name}")
        cli.flash(self.id, image)

    def wait_owner(self, name: str | None, timeout: float = ONLINE) -> None:
        """Wait until the cloud has this owner; ``timeout`` in seconds.

        :raises ExpectationFailed: not in time
        """
        self._clock.wait_until(lambda: self.owner == name, timeout, f"{self.id} owned by {name or 'nobody'}")

    def wait_online(self, timeout: float = ONLINE) -> None:
        """Wait until it answers the cloud; ``timeout`` in seconds.

        :raises ExpectationFailed: not in time
        """
        self._clock.wait_until(self.answers, timeout, f"{self.id} on the cloud")

    def answers(self) -> bool:
        """Whether it answers the cloud right now."""
        try:
            return self.team.ping(self.id, self._target.product)
        except ApiError:
            return False

    def _scope(self, who: Cloud | None) -> dict[str, Any]:
        return {"scope": self._target.product} if who is None else {}
