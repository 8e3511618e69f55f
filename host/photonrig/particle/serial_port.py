"""An open serial port: a path on this host, or ``rfc2217://`` and ``socket://`` on another."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from typing import Any, Final

import serial
import serial.rfc2217

from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.errors import LinkLost

# Device OS 2.3.1: setting one of these line rates reboots a Photon into DFU, or enters listening mode.
DFU_SPEED: Final = 14400
LISTENING_SPEED: Final = 28800

_WRITE: Final = 5.0
_GLANCE: Final = 0.02
_HANGING_UP: Final = 0.2
_NOTICING: Final = 0.2
_CHUNK: Final = 64 * 1024


def _close(port: Any, close: Callable[[], None]) -> None:
    """Close the port and its socket: pyserial leaves the socket open when the other end has hung up."""
    connection = getattr(port, "_socket", None)
    close()
    if connection is not None:
        connection.close()


class _Rfc2217(serial.rfc2217.Serial):  # type: ignore[misc]
    """pyserial's port, with a clean end when the other end hangs up during negotiation."""

    def close(self) -> None:
        _close(self, super().close)

    def _telnet_read_loop(self) -> None:
        try:
            super()._telnet_read_loop()
        except OSError:
            self._read_buffer.put(None)


class SerialPort:
    """A port whose reads return available bytes at once; pyserial's own read waits for a full count."""

    def __init__(self, port: str, speed: int, *, device: str | None = None, clock: Clock = SYSTEM) -> None:
        """Open a path or URL; ``device`` is its name in messages.

        :raises LinkLost: it cannot be opened
        """
        self.port = port
        self._clock = clock
        self.device = device
        # RFC 2217 mixes control sequences into the bytes, so only pyserial's thread reads the socket. Its writes cannot
        # time out, and not every port has control lines to acknowledge.
        by_thread = port.startswith("rfc2217:")
        try:
            self._serial: Any
            if by_thread:
                self._serial = _Rfc2217(None, speed, timeout=_GLANCE)
                self._serial.port = f"{port}?ign_set_control"
            else:
                self._serial = serial.serial_for_url(port, speed, timeout=0, write_timeout=_WRITE, do_not_open=True)
            self._serial.open()
        except (OSError, ValueError, serial.SerialException) as error:
            self.close()
            raise LinkLost(f"serial port {port} cannot be opened: {error}", device=device) from None
        self._fd: int | None = None if by_thread else self._serial.fileno()
        if port.startswith("socket:") and self._hung_up():
            self.close()
            raise LinkLost(f"serial port {port} cannot be opened: the other end hung up at once", device=device)

    def close(self) -> None:
        """Close the port."""
        _close(self._serial, self._serial.close)

    def read(self, timeout: float) -> bytes:
        """All bytes available once any are; empty if none came within ``timeout`` seconds.

        :raises LinkLost: the port went away
        """
        try:
            if self._fd is None:
                return self._read_by_thread(timeout)
            ready, _, _ = select.select([self._fd], [], [], timeout)
            if not ready:
                return b""
            chunk = os.read(self._fd, _CHUNK)
        except (OSError, ValueError, TypeError, serial.SerialException) as error:
            raise self._lost(error) from None
        if not chunk:
            raise self._lost("end of file")
        return chunk

    def write(self, data: bytes) -> None:
        """Write all of it.

        :raises LinkLost: the port went away, or does not accept it
        """
        try:
            self._serial.write(data)
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from None

    def discard_input(self) -> None:
        """Discard unread input.

        :raises LinkLost: the port went away
        """
        try:
            self._serial.reset_input_buffer()
        except (OSError, serial.SerialException) as error:
            raise self._lost(error) from None

    def _read_by_thread(self, timeout: float) -> bytes:
        # In short slices: changing a read's timeout renegotiates the whole port.
        deadline = Deadline(self._clock, timeout)
        while not (first := bytes(self._serial.read(1))):
            if deadline.left <= 0:
                return b""
        return first + bytes(self._serial.read(self._serial.in_waiting))

    def _hung_up(self) -> bool:
        """Whether the server closed the connection: one without the port accepts, may print why, and closes."""
        end = select.poll()
        end.register(self._serial.fileno(), getattr(select, "POLLRDHUP", select.POLLHUP))
        return bool(end.poll(_HANGING_UP * 1000))

    def _lost(self, why: object) -> LinkLost:
        return LinkLost(f"serial port {self.port} went away: {why}", device=self.device)


def request_by_speed(port: str, speed: int, *, device: str | None = None) -> None:
    """Request DFU or listening mode from Device OS by setting a line rate; there is no acknowledgement.

    :raises LinkLost: the port cannot be opened
    """
    opened = SerialPort(port, speed, device=device)
    try:
        # A newline is harmless in every mode, and its arrival proves that the line rate was set.
        opened.write(b"\n")
        opened.read(_NOTICING)
    except LinkLost:
        pass
    finally:
        opened.close()
