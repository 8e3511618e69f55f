"""Probe of a slot: everything the host can see of its device, from the plug to its console; read-only."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from photonrig.bench.diagnosis import Proof, Readings
from photonrig.bench.identity import Heard, await_device, stranger
from photonrig.bench.slots.slot import Monitor, Slot
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import LinkLost, PhotonrigError
from photonrig.particle.serial_port import SerialPort

_SPEED: Final = 115200
_ANSWER: Final = 2.0  # seconds for a device to answer, including a reset
# Planned reasons, Device OS 2.3.1, system_defs.h: none, unknown, pin, power down, brown-out, update, safe mode, DFU.
_ASKED_FOR: Final = frozenset({0, 10, 20, 40, 50, 70, 110, 120})


def probe(slot: Slot, since: float, *, wifi: str, online: Callable[[], Proof], clock: Clock = SYSTEM) -> Readings:
    """Readings of one device; resets count from ``since`` on, monotonic clock.

    ``wifi``: SSID the device should see. ``online``: check that it answers the cloud; skipped in listening mode, where
    a device is offline by design.
    """
    monitor, serial = slot.monitor, slot.need("serial", slot.serial)
    if monitor is None:
        if not serial.present:
            return Readings(power="the device is not on USB: no power, or in DFU")
        readings = Readings(crash="", power="")
    elif monitor.alive:
        point = "" if wifi in monitor.networks() else f"{wifi} is not in the air"
        readings = Readings(crash="", power="", access_point=point)
    else:
        crash = f"the firmware crashed: {monitor.crashed}" if monitor.crashed else ""
        return Readings(crash=crash, power="" if crash else "the device has no power")
    readings = replace(readings, port=_trouble(lambda: SerialPort(serial.port, _SPEED).close()))
    if readings.port:
        return readings
    readings = replace(readings, port_holder=_holder(serial.port, None if monitor is None else monitor.pid))
    try:
        heard = await_device(slot, _ANSWER, "an answer on serial", clock=clock)
    except PhotonrigError as silent:
        return replace(readings, console=str(silent))
    readings = replace(readings, port_device=stranger(heard, slot))
    if heard.listening:
        link = slot.softap_link
        return replace(readings, reboot="", softap=None if link is None else _trouble(lambda: _ask_softap(slot)))
    # Without a bench console nothing tells why the device reset, and an asked-for reset is no trouble.
    reboot: Proof = ""
    if heard.info:
        reboot = _reboot(_seconds_up(heard, monitor), int(heard.info["reset_reason"]), clock.now() - since)
    return replace(readings, reboot=reboot, console="", online=online())


def _seconds_up(heard: Heard, monitor: Monitor | None) -> float:
    """Uptime of the device. Its console reports whole seconds: one is added, so that no older reset counts."""
    with suppress(LinkLost):
        if monitor is not None:
            return monitor.uptime()
    return float(heard.info["uptime"]) + 1


def _reboot(up: float, reason: int, lasted: float) -> Proof:
    """An unplanned reset within the last ``lasted`` seconds, by its reset reason."""
    if up < lasted and reason not in _ASKED_FOR:
        return f"the device reset by itself {up:.0f} s ago, for reason {reason}"
    return ""


def _ask_softap(slot: Slot) -> None:
    with slot.softap() as softap:
        softap.version()


def _holder(port: str, device: int | None) -> Proof:
    """Another process that has the port open and may consume output; ``device`` is the device's own process."""
    terminal = os.path.realpath(port)
    for table in Path("/proc").glob("[0-9]*/fd"):
        pid = int(table.parent.name)
        if pid in (device, os.getpid()):
            continue
        with suppress(OSError):
            if any(str(entry.readlink()) == terminal for entry in table.iterdir()):
                name = (table.parent / "comm").read_text().strip()
                return f"serial port {port} is also held by {name} (process {pid})"
    return ""


def _trouble(look: Callable[[], object]) -> Proof:
    try:
        look()
    except PhotonrigError as error:
        return str(error)
    return ""
