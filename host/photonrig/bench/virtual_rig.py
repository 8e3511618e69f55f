"""A rig of virtual Photons: one device of each variant and a local cloud, on this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from photonrig.bench.console import BenchConsole
from photonrig.bench.diagnosis import Proof, Readings
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.rig import CloudTarget, Firmware
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import AIR, VirtualPhoton
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_project
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import CloudError, LinkLost, PhotonrigError, UsageError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import Cloud
from photonrig.particle.module import parse_module

__all__ = ["VirtualRig", "greets", "shipped_variants"]

_ANSWER: Final = 2.0  # seconds within which everything on this machine answers a probe
_ONLINE: Final = 30.0
_BACK: Final = 5.0
_LEAVE: Final = 4.0  # seconds of SETUP in listening mode: over 3 leaves it, 10 would erase the networks
_NONCE: Final = 40  # bytes that a device service sends first
# Resets that somebody asked for in the open: the button, an update, the plug.
_ASKED_FOR: Final = ("pin_reset", "update", "power_down", "power_brownout", "none", "unknown", "")


def shipped_variants(tools: Toolchain) -> dict[str, Path]:
    """The variants that come with photonrig: name to project folder."""
    return {name: tools.root / "firmware" / "variants" / name for name in VARIANTS}


class VirtualRig:
    """See the module; comes up with the first slot that is asked for."""

    real = False
    name = "virtual"

    def __init__(self, tools: Toolchain, work: Path, projects: Mapping[str, Path], *, clock: Clock = SYSTEM) -> None:
        """``projects``: firmware project folders by variant; ``work`` is a folder for this rig alone.

        :raises PhotonrigError: it could not be built or did not come up
        """
        self.work = work
        self.projects = dict(projects)
        self._tools = tools
        self._clock = clock
        with tools.alone():
            tools.native()
            firmware = {name: build_project(tools, name, project) for name, project in self.projects.items()}
        self.lab = Lab(work / "lab", vphoton=tools.vphoton, sdk=tools.sdk, firmware=firmware, photons=len(firmware))
        try:
            self.lab.start()
        except BaseException:
            self.lab.kill()
            raise
        self._cloud_pid = self.lab.local_cloud.pid
        self.target = self._target()
        self._photons = {device.variant: self.lab.photons[device.name] for device in self.lab.devices}

    def _target(self) -> CloudTarget:
        lab = self.lab
        return CloudTarget(
            cloud=self._cloud(),
            central=lab.central,
            product_id=lab.product.id,
            client=lab.client,
            wifi=(AIR[0].ssid, AIR[0].password),
            make_cli=self._make_cli,
        )

    def _cloud(self) -> Cloud:
        return Cloud(self.lab.local_cloud.api)

    def _make_cli(self) -> ParticleCli:
        with self._tools.alone():
            script = self._tools.particle_cli()
        plugged_in = usb_environment(photon.control_path for photon in self.lab.photons.values())
        home, api = self.work / "home", self.target.cloud.api
        cli = ParticleCli(self._tools.node, script, home, api, equipment=plugged_in)
        cli.use(USERNAME, self.lab.central.access_token)
        return cli

    def target_of(self, variant: str | None) -> CloudTarget:
        """The local cloud, with the product of a variant."""
        if variant is None:
            return self.target
        return replace(self.target, product_id=self.lab.products[variant].id, client=self.lab.clients[variant])

    def slot(self, variant: str) -> Slot:
        """The slot with this variant's device.

        :raises UsageError: there is no such variant
        """
        if variant not in self._photons:
            raise UsageError(f"the rig has no {variant}; it has {', '.join(self._photons)}")
        return self._photons[variant].slot

    def firmware(self, variant: str) -> Firmware:
        """What the devices of this variant are to run."""
        image = self.lab.firmware[variant]
        return Firmware(variant, image, self.projects[variant], parse_module(image.read_bytes()).product_version or 0)

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Label and text pairs for reports."""
        return (("target", f"local cloud {self.target.cloud.api}, virtual Photons"),)

    def close(self) -> None:
        """Take everything down."""
        self.target.cloud.close()
        self.lab.kill()

    # --- what is healthy --------------------------------------------------------------------------------------------

    def read(self, slot: Slot | None, since: float) -> Readings:
        """Look at everything; takes a few seconds at most, far less when all is well."""
        cloud = self._read_cloud()
        if slot is None:
            return cloud
        photon = self._photon(slot)
        device = _read_device(photon, slot, since, self._clock)
        ssid = self.target.wifi[0]
        in_air = any(network.ssid == ssid for network in photon.air)
        device = replace(device, access_point="" if in_air else f"{ssid} is not in the air")
        reachable = not (cloud.cloud_answers or cloud.api_path or cloud.device_path or device.access_point)
        # In listening mode a device is off the cloud, as it should be.
        if reachable and not device.crash and not device.power and device.softap is None:
            device = replace(device, online=self._comes_online(slot))
        told = {name: value for name in Readings.__slots__ if (value := getattr(cloud, name)) is not None}
        return replace(device, **told)

    def _read_cloud(self) -> Readings:
        local = self.lab.local_cloud
        if not local.alive:
            process = "the local cloud has ended"
        else:
            process = "" if local.pid == self._cloud_pid else "the local cloud was started anew"
        path, failed = self._answers(self.target.cloud.api), ""
        if isinstance(path, CloudError):  # an answer, so the way is well
            path, failed = None, str(path)
        return Readings(
            cloud_process=process,
            cloud_answers=failed or _told(self._answers(local.api)),
            api_path=_told(path),
            device_path=self._device_path(),
        )

    def _answers(self, api: str) -> PhotonrigError | None:
        with Cloud(api, timeout=_ANSWER) as cloud:
            try:
                cloud.using(self.lab.central).username()
            except PhotonrigError as error:
                return error
        return None

    def _device_path(self) -> Proof:
        return greets(self.lab.local_cloud.device_host, self.lab.local_cloud.device_port)

    def _comes_online(self, slot: Slot) -> Proof:
        """A device whose session broke comes back by itself; one that has left the cloud does not."""
        try:
            self._clock.wait_until(lambda: not self._offline(slot), _BACK, "an answer")
        except NotSeen:
            return self._offline(slot)
        return ""

    def _offline(self, slot: Slot) -> Proof:
        target = self.target_of(next(name for name, each in self._photons.items() if each.device_id == slot.device_id))
        team, scope = target.team, target.product
        try:
            return "" if team.ping(slot.device_id, scope) else "the device does not answer the cloud"
        except PhotonrigError as error:
            return str(error)

    # --- putting it right -------------------------------------------------------------------------------------------

    def recover(self, slot: Slot | None) -> list[str]:
        """Bring cloud and device back; returns what was done."""
        done = []
        local = self.lab.local_cloud
        if not local.alive or self._answers(local.api):
            local.restart()
            done.append("the local cloud was started again")
        self._cloud_pid = local.pid
        if slot is None:
            return done
        photon = self._photon(slot)
        if not photon.alive:
            self._switch_on(photon)
            done.append(f"{slot.device_id}: switched on again")
        elif _read_device(photon, slot, self._clock.now(), self._clock).console:
            photon.kill()
            self._switch_on(photon)
            done.append(f"{slot.device_id}: switched off and on again, because its console was silent")
        elif photon.status()["listening"]:
            slot.hold_setup(_LEAVE)
            done.append(f"{slot.device_id}: SETUP held, to leave listening mode")
        if photon.status()["wifi"]["credentials"] and self._offline(slot):
            self._clock.wait_until(lambda: not self._offline(slot), _ONLINE, f"{slot.device_id} back on the cloud")
            done.append(f"{slot.device_id}: waited until it answered the cloud")
        return done

    def _switch_on(self, photon: VirtualPhoton) -> None:
        photon.start()

    def _photon(self, slot: Slot) -> VirtualPhoton:
        return next(photon for photon in self._photons.values() if photon.device_id == slot.device_id)


def _read_device(photon: VirtualPhoton, slot: Slot, since: float, clock: Clock) -> Readings:
    if not photon.alive:
        crash = photon.crashed
        trouble = f"the firmware crashed: {crash}" if crash else ""
        return Readings(crash=trouble, power="" if crash else "the device has no power")
    readings = Readings(crash="", power="", port=_opens(slot.need("serial", slot.serial).port))
    if readings.port:
        return readings
    port = slot.need("serial", slot.serial).port
    readings = replace(readings, port_holder=_holder(port, photon.pid))
    try:
        status = clock.wait_until(lambda: _status(photon), _ANSWER, "the system's answer")
    except PhotonrigError as error:
        return replace(readings, console=f"the system does not answer: {error}")
    up, reason = status["uptime_ms"] / 1000, status["reset_reason"]
    again = up < clock.now() - since and reason not in _ASKED_FOR
    readings = replace(readings, reboot=f"the device reset by itself {up:.1f} s ago: {reason}" if again else "")
    if status["listening"]:
        return replace(readings, softap=_softap(slot))
    return _ask_console(readings, slot)


def _status(photon: VirtualPhoton) -> dict[str, Any]:
    """Nothing while the device is on its way through a reset."""
    try:
        return photon.control({"do": "status"})
    except LinkLost:
        return {}


def _ask_console(readings: Readings, slot: Slot) -> Readings:
    try:
        with BenchConsole(slot.need("serial", slot.serial).port, device=slot.device_id) as console:
            info = console.ask("info", _ANSWER)
    except PhotonrigError as error:
        return replace(readings, console=str(error))
    found = str(info.get("id", ""))
    trouble = "" if found == slot.device_id else f"{found or 'a stranger'} answers at the port of {slot.device_id}"
    return replace(readings, console="", port_device=trouble)


def _softap(slot: Slot) -> Proof:
    link = slot.need("softap_link", slot.softap_link)
    return _trouble(lambda: link.tcp().version())


def _told(error: PhotonrigError | None) -> Proof:
    return "" if error is None else str(error)


def _trouble(look: Callable[[], object]) -> Proof:
    try:
        look()
    except PhotonrigError as error:
        return str(error)
    return ""


def _opens(port: str) -> Proof:
    try:
        os.close(os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError as error:
        return f"serial port {port} cannot be opened: {error.strerror}"
    return ""


def _holder(port: str, owner: int) -> Proof:
    """Another process that has the port open and may eat what the device says."""
    terminal = os.path.realpath(port)
    for table in Path("/proc").glob("[0-9]*/fd"):
        pid = int(table.parent.name)
        if pid in (owner, os.getpid()):
            continue
        with suppress(OSError):
            if any(str(entry.readlink()) == terminal for entry in table.iterdir()):
                name = (table.parent / "comm").read_text().strip()
                return f"serial port {port} is also held by {name} (process {pid})"
    return ""


def greets(host: str, port: int) -> Proof:
    """Whether a device service says its first word there."""
    received = b""
    try:
        with socket.create_connection((host, port), _ANSWER) as link:
            while len(received) < _NONCE:
                chunk = link.recv(_NONCE)
                if not chunk:
                    return f"the device service at {host}:{port} hung up at once"
                received += chunk
    except OSError as error:
        return f"no device service at {host}:{port}: {error}"
    return ""
