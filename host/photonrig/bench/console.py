"""The bench console: one line in, one line of JSON out, on the device's USB serial outside listening mode.

Lines that carry an ``event`` come unasked, for example before a planned reset; they are kept apart from replies.
"""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

import serial

from photonrig.errors import ExpectationFailed, LinkLost, ProtocolError, UsageError
from photonrig.evidence import Moment, Tap, Trouble

__all__ = ["BenchConsole"]

# Any speed but 14400 and 28800, which reboot a Photon into DFU or listening mode.
_SPEED: Final = 115200
_REPLY: Final = 5.0
_LINE_MAX: Final = 64 * 1024
_BULK: Final = 64 * 1024


class BenchConsole:
    """An open console; use it in a ``with`` block. ``events`` are the unasked lines so far, in order."""

    def __init__(self, port: str, *, device: str | None = None, tap: Tap | None = None) -> None:
        """Open a serial port or pseudo-terminal by its path; ``tap`` is told every line of both ways.

        :raises LinkLost: it cannot be opened
        """
        self.port = port
        self.device = device
        self._tap = tap
        self.events: list[dict[str, Any]] = []
        self._partial = bytearray()
        self._probes = 0
        self._reply_owed = False
        try:
            self._serial = serial.Serial(port, _SPEED, timeout=0, write_timeout=_REPLY)
        except (OSError, serial.SerialException) as error:
            raise self._lost(f"serial port {port} cannot be opened: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the port."""
        self._serial.close()

    def ask(self, line: str, timeout: float = _REPLY) -> dict[str, Any]:
        """Send a line and return its reply; ``timeout`` in seconds.

        :raises UsageError: not one line
        :raises LinkLost: no reply in time, or the port went away
        :raises ProtocolError: the reply is no JSON object
        """
        if "\n" in line or "\r" in line:
            raise UsageError("the bench console takes one line at a time", device=self.device)
        deadline = time.monotonic() + timeout
        if self._reply_owed:
            self._catch_up(deadline)
        self._reply_owed = True
        self._write(line)
        reply = next(self._replies(line, deadline))
        self._reply_owed = False
        return reply

    def expect_event(self, name: str, timeout: float, *, since: int = 0) -> dict[str, Any]:
        """The first unasked line of this name among ``events[since:]``, or the next to come; ``timeout`` in seconds.

        :raises ExpectationFailed: none came in time
        :raises LinkLost: the port went away
        """
        deadline = time.monotonic() + timeout
        while True:
            for event in self.events[since:]:
                if event["event"] == name:
                    return event
            if (left := deadline - time.monotonic()) <= 0:
                heard = ", ".join(str(event["event"]) for event in self.events[since:]) or "nothing"
                raise ExpectationFailed(f"no {name} on serial within {timeout:g} s; heard {heard}", device=self.device)
            for message in self._lines(left):
                if "event" in message:
                    self.events.append(message)

    def _catch_up(self, deadline: float) -> None:
        """A reply is still due from a call that gave up: pass it by, up to the answer to a ping of our own."""
        self._probes += 1
        mark = f"resync-{self._probes}"
        self._write(f"ping {mark}")
        for reply in self._replies("ping", deadline):
            if reply.get("pong") == mark:
                return

    def _replies(self, line: str, deadline: float) -> Iterator[dict[str, Any]]:
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._lost(f"no reply to {line!r} on {self.port} in time", "silent")
            replies: list[dict[str, Any]] = []
            for message in self._lines(left):
                (self.events if "event" in message else replies).append(message)
            yield from replies

    def _lines(self, timeout: float) -> list[dict[str, Any]]:
        """All whole lines that came by the first moment any bytes came; none if none came in time."""
        try:
            # Not pyserial's read, which collects a number of bytes: whatever is there, as soon as it is there.
            ready, _, _ = select.select([self._serial.fileno()], [], [], timeout)
            if not ready:
                return []
            chunk = os.read(self._serial.fileno(), _BULK)
        except (OSError, serial.SerialException) as error:
            raise self._lost(f"serial port {self.port} went away: {error}") from None
        if not chunk:
            raise self._lost(f"serial port {self.port} went away")
        self._partial += chunk
        *whole, rest = self._partial.split(b"\n")
        self._partial = bytearray(rest)
        if len(rest) > _LINE_MAX:
            raise ProtocolError(f"a line on {self.port} does not end", device=self.device)
        return [self._message(bytes(text)) for text in whole if text.strip()]

    def _tell(self, text: str, trouble: Trouble = "") -> None:
        if self._tap is not None:
            self._tap(Moment(time.monotonic(), "serial", text, trouble=trouble))

    def _lost(self, text: str, trouble: Trouble = "broke") -> LinkLost:
        self._tell(text, trouble)
        return LinkLost(text, device=self.device)

    def _message(self, text: bytes) -> dict[str, Any]:
        self._tell(f"< {text.decode('utf-8', 'replace').rstrip()}")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ProtocolError(f"a line on {self.port} is no JSON object: {text[:80]!r}", device=self.device)
        return message

    def _write(self, line: str) -> None:
        try:
            self._serial.write(line.encode() + b"\n")
        except (OSError, serial.SerialException) as error:
            raise self._lost(f"serial port {self.port} went away: {error}") from None
        self._tell(f"> {line}")
