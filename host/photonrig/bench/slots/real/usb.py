"""Photons on this host's USB, by the place they are plugged into."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from serial.tools import list_ports

from photonrig.bench.slots.real.command import Run, run
from photonrig.errors import ToolError

# Device OS 2.3.1, build/platform-id.mk.
VID: Final = 0x2B04
PID_SERIAL: Final = 0xC006

_DFU_LIST: Final = 10.0
_FOUND_DFU: Final = re.compile(r'Found DFU: \[2b04:d006\].*?path="([^"]+)".*?serial="([^"]*)"')
_DEVICE_ID: Final = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A Photon on USB: ``usb`` as in ``1-1.4``; ``port`` None in DFU, ``device_id`` None if it does not tell."""

    usb: str
    mode: Literal["serial", "dfu"]
    port: str | None
    device_id: str | None


def attached(comports: Callable[[], Iterable[Any]] = list_ports.comports, run: Run = run) -> tuple[Attached, ...]:
    """Every Photon on USB, by place. Those in DFU are found by ``dfu-util``, if that is installed."""
    found = [
        Attached(port.location.split(":")[0], "serial", port.device, _device_id(port.serial_number))
        for port in comports()
        if (port.vid, port.pid) == (VID, PID_SERIAL) and port.location
    ]
    try:
        listing = run(["dfu-util", "--list"], _DFU_LIST)
    except ToolError:
        listing = ""
    return tuple(sorted((*found, *parse_dfu_list(listing)), key=lambda device: device.usb))


def parse_dfu_list(listing: str) -> tuple[Attached, ...]:
    """The Photons in what ``dfu-util --list`` prints: a line for each memory of each."""
    by_place = {
        place: Attached(place, "dfu", None, _device_id(serial)) for place, serial in _FOUND_DFU.findall(listing)
    }
    return tuple(by_place.values())


def _device_id(serial_number: str | None) -> str | None:
    text = (serial_number or "").lower()
    return text if _DEVICE_ID.fullmatch(text) else None
