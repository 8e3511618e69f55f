"""The rig of a ``rig.toml`` for a run of tests: one slot per variant, held by this process, real or virtual alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from photonrig.bench.cloud_health import read_cloud
from photonrig.bench.config import RigConfig, SlotConfig
from photonrig.bench.diagnosis import Proof, Readings
from photonrig.bench.identity import Heard, listen_to
from photonrig.bench.lock import Busy
from photonrig.bench.recovery import Quarantine, recover
from photonrig.bench.rig import CloudTarget, Firmware
from photonrig.bench.session import BenchSession, is_free, open_bench
from photonrig.bench.slots.slot import Slot
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import variant_project
from photonrig.clock import SYSTEM
from photonrig.errors import LinkLost, PhotonrigError, RigError, UsageError
from photonrig.particle.module import parse_module
from photonrig.particle.serial_port import SerialPort

__all__ = ["FileRig"]

_TRIES: Final = 5
_SPEED: Final = 115200
# Device OS 2.3.1, system_defs.h: none, unknown, pin, power down, brown-out, update, safe mode, DFU.
_ASKED_FOR: Final = frozenset({0, 10, 20, 40, 50, 70, 110, 120})


class FileRig:
    """See the module. Runs that share a bench take different slots of a variant, as long as there are free ones."""

    def __init__(self, config: RigConfig, tools: Toolchain, work: Path, projects: Mapping[str, Path]) -> None:
        """``projects``: firmware project folders by variant, where they are not photonrig's own.

        :raises Busy: other runs hold all slots of a variant, and did not give one back in time
        :raises RigError: all slots of a variant are in quarantine
        """
        self.work = work
        self.config = config
        self._tools = tools
        self._projects = dict(projects)
        self._quarantine = Quarantine(config.path)
        self._clock = SYSTEM
        self._stack = ExitStack()
        self._compiled: dict[str, Firmware] = {}
        self._bench = self._open()
        self._slots = {config.slot(name).variant: slot for name, slot in self._bench.slots.items()}

    def _open(self) -> BenchSession:
        variants = list(dict.fromkeys(slot.variant for slot in self.config.slots))
        for attempt in range(_TRIES):
            chosen = [self._choose(variant) for variant in variants]
            try:
                return self._stack.enter_context(
                    open_bench(self.config, self._tools, slots=chosen, projects=self._projects or None)
                )
            except Busy:
                # Another run was quicker; unless all are held, there is a free one to be found.
                if attempt == _TRIES - 1 or not all(self._free(variant) for variant in variants):
                    raise
        raise AssertionError

    def _choose(self, variant: str) -> str:
        usable = self._usable(variant)
        return next((slot.name for slot in usable if is_free(self.config, slot)), usable[0].name)

    def _free(self, variant: str) -> bool:
        return any(is_free(self.config, slot) for slot in self._usable(variant))

    def _usable(self, variant: str) -> list[SlotConfig]:
        slots = [slot for slot in self.config.slots if slot.variant == variant]
        usable = [slot for slot in slots if self._quarantine.reason(slot.name) is None]
        if not usable:
            self._quarantine.refuse(slots[0].name)
        return usable

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.config.name

    @property
    def real(self) -> bool:
        """Whether boards are among its devices."""
        return any(not self.config.slot(slot).virtual for slot in self._bench.slots)

    @property
    def target(self) -> CloudTarget:
        """The cloud its devices talk to."""
        return self._bench.target

    def target_of(self, variant: str | None) -> CloudTarget:
        """The cloud, with the product of a variant if each has its own."""
        return self.target if variant is None else self._bench.targets[self.slot(variant).name]

    def slot(self, variant: str) -> Slot:
        """The slot held for a variant.

        :raises UsageError: there is none
        """
        if variant not in self._slots:
            raise UsageError(f"{self.config.path} has no {variant}; it has {', '.join(self._slots)}")
        return self._slots[variant]

    def firmware(self, variant: str) -> Firmware:
        """What the devices of this variant are to run; for boards it is compiled by the cloud, once."""
        if variant not in self._compiled:
            project = self._projects.get(variant) or variant_project(self._tools, variant)
            image = self._bench.image(self.config.slot(self.slot(variant).name))
            if image is None:
                image = self.work / f"{variant}.bin"
                self.target.make_cli().compile(project, image)
            version = parse_module(image.read_bytes()).product_version or 0
            self._compiled[variant] = Firmware(variant, image, project, version)
        return self._compiled[variant]

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Label and text pairs for reports."""
        slots = ", ".join(
            f"{name} ({'virtual' if self.config.slot(name).virtual else slot.device_id})"
            for name, slot in self._bench.slots.items()
        )
        return (("target", f"{self.config.cloud} cloud {self.target.cloud.api}"), ("slots", slots))

    def close(self) -> None:
        """Give everything back."""
        self._stack.close()

    # --- what is healthy --------------------------------------------------------------------------------------------

    def read(self, slot: Slot | None, since: float) -> Readings:
        """Look at what a host can see of a device, and at the cloud."""
        lab = self._bench.lab
        cloud = read_cloud(self.target.team, None if lab is None else lab.local_cloud)
        if slot is None:
            return cloud
        if crash := self._crashed(slot):
            return replace(cloud, crash=crash)
        serial = slot.need("serial", slot.serial)
        if not serial.present:
            return replace(cloud, power="the device is not on USB: no power, or in DFU")
        readings = replace(cloud, crash="", power="", port=_trouble(lambda: SerialPort(serial.port, _SPEED).close()))
        if readings.port:
            return readings
        try:
            heard = listen_to(slot)
        except LinkLost as silent:
            return replace(readings, console=str(silent))
        reboot = "" if heard.listening else _reboot(heard, self._clock.now() - since)
        readings = replace(readings, port_device=_stranger(heard, slot), reboot=reboot, console="")
        # In listening mode a device is off the cloud, as it should be.
        return (
            replace(readings, online=self._online(slot))
            if cloud.cloud_answers == "" and not heard.listening
            else readings
        )

    def _crashed(self, slot: Slot) -> str:
        """Only a virtual Photon stays down when its firmware crashes; a board resets, and says so afterwards."""
        lab = self._bench.lab
        for photon in () if lab is None else lab.photons.values():
            if photon.device_id == slot.device_id and photon.crashed:
                return f"the firmware crashed: {photon.crashed}"
        return ""

    def _online(self, slot: Slot) -> Proof:
        target = self._bench.targets[slot.name]
        try:
            answered = target.team.ping(slot.device_id, target.product)
        except PhotonrigError as error:
            return str(error)
        return "" if answered else "the device does not answer the cloud"

    def recover(self, slot: Slot | None) -> Sequence[str]:
        """Climb the ladder with a sick device; one beyond help is put into quarantine.

        :raises RigError: it is beyond help
        """
        if slot is None:
            return ()
        known_good = self.firmware(self.config.slot(slot.name).variant).image
        recovery = recover(slot, known_good=known_good)
        if not recovery.recovered:
            marker = self._quarantine.put(recovery)
            raise RigError(f"{'; '.join(recovery.told())}; in quarantine now ({marker})", device=slot.device_id)
        done = recovery.told()
        if self._online(slot):
            self._clock.wait_until(lambda: not self._online(slot), self.config.timeouts.online, "the device online")
            done.append(f"slot {slot.name}: waited until it answered the cloud")
        return done


def _reboot(heard: Heard, lasted: float) -> Proof:
    """A reset within the last ``lasted`` seconds that nobody asked for, as far as its reason tells."""
    up, reason = int(heard.info["uptime"]), int(heard.info["reset_reason"])
    # Whole seconds: one more, so that a reset before the test began never counts.
    if up + 1 < lasted and reason not in _ASKED_FOR:
        return f"the device reset by itself {up} s ago, for reason {reason}"
    return ""


def _stranger(heard: Heard, slot: Slot) -> Proof:
    return "" if heard.device_id == slot.device_id else f"{heard.device_id} answers at the port of {slot.device_id}"


def _trouble(look: Callable[[], object]) -> Proof:
    try:
        look()
    except PhotonrigError as error:
        return str(error)
    return ""
