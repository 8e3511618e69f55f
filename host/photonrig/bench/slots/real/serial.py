"""USB serial of a real slot: by place on this host, or by URL at another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from serial.tools import list_ports

from photonrig.bench.slots.real.usb import PID_SERIAL, VID
from photonrig.errors import LinkLost
from photonrig.particle.serial_port import SerialPort

_SPEED: Final = 115200


class UsbSerial:
    """Whatever Photon is plugged in at a USB path such as ``1-1.4``."""

    def __init__(self, usb: str, *, comports: Callable[[], Iterable[Any]] = list_ports.comports) -> None:
        self.usb = usb
        self._comports = comports

    @property
    def port(self) -> str:
        """Path of its port, looked up now: a device that re-enumerates may come back under another name.

        :raises LinkLost: no Photon is there, or one in DFU, which has no port
        """
        for found in self._comports():
            if (found.vid, found.pid) == (VID, PID_SERIAL) and (found.location or "").split(":")[0] == self.usb:
                return str(found.device)
        raise LinkLost(f"no Photon with a serial port at USB {self.usb}: unplugged, switched off or in DFU")

    @property
    def present(self) -> bool:
        """Whether a Photon with a serial port is there."""
        try:
            return bool(self.port)
        except LinkLost:
            return False


class UrlSerial:
    """A port at another host: ``rfc2217://HOST:PORT`` or ``socket://HOST:PORT``, as ser2net and labgrid offer them."""

    def __init__(self, url: str) -> None:
        self.port = url

    @property
    def present(self) -> bool:
        """Whether the other host can open it."""
        try:
            SerialPort(self.port, _SPEED).close()
        except LinkLost:
            return False
        return True
