"""Line reader and writer on a device's serial port that follows the device through a re-enumeration."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from photonrig.clock import SYSTEM, Clock, Deadline, NotSeen
from photonrig.closing import Closing
from photonrig.errors import ExpectationFailed, LinkLost, ProtocolError
from photonrig.particle.serial_port import SerialPort
from photonrig.trace import Moment, Observer, Trouble

# Any speed but Device OS's two magic ones (DFU, listening mode).
_SPEED: Final = 115200
_LINE_MAX: Final = 64 * 1024
_SHOWN: Final = 8

Patterns = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]


class SerialLines(Closing):
    """An open port read line by line; use it in a ``with`` block.

    ``port`` may be a function that finds the port, because a re-enumeration can change its name.
    """

    def __init__(
        self,
        port: str | Callable[[], str],
        *,
        device: str | None = None,
        reopen: float = 0.0,
        observer: Observer | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        """Open the port. ``reopen``: seconds to wait for a lost port to come back; 0 does not wait.

        ``observer`` is told every line of both directions.

        :raises LinkLost: it cannot be opened
        """
        self._find = port if callable(port) else lambda: port
        self.device = device
        self.reopened = 0
        self._patience = reopen
        self._clock = clock
        self._partial = bytearray()
        self._unread: deque[str] = deque()
        self._observer = observer
        try:
            self._port = SerialPort(self._find(), _SPEED, device=device, clock=clock)
        except LinkLost as lost:
            self._tell(str(lost), "broke")
            raise

    @property
    def port(self) -> str:
        """The path or URL that is open."""
        return self._port.port

    def close(self) -> None:
        """Close the port."""
        self._port.close()

    def write(self, line: str) -> None:
        """Send a line.

        :raises LinkLost: the port was lost, and did not come back within ``reopen``
        """
        data = line.encode() + b"\n"
        try:
            self._port.write(data)
        except LinkLost as lost:
            self.reopen(lost)
            self._port.write(data)
        self._tell(f"> {line}")

    def take(self, timeout: float) -> list[str]:
        """All complete lines up to the first moment bytes arrived; none if none arrived within ``timeout`` seconds.

        Empty lines and lines cut off by a re-enumeration are left out.

        :raises LinkLost: the port was lost, and did not come back within ``reopen``
        :raises ProtocolError: a line exceeds the length limit
        """
        if self._unread:
            lines = list(self._unread)
            self._unread.clear()
            return lines
        try:
            self._partial += self._port.read(timeout)
        except LinkLost as lost:
            self.reopen(lost)
            return []
        *whole, rest = self._partial.split(b"\n")
        self._partial = bytearray(rest)
        if len(rest) > _LINE_MAX:
            raise ProtocolError(f"a line on {self.port} does not end", device=self.device)
        lines = [text for line in whole if (text := line.decode("utf-8", "replace").rstrip("\r")).strip()]
        for text in lines:
            self._tell(f"< {text}")
        return lines

    def expect(self, patterns: Patterns, timeout: float, *, not_matching: Patterns = ()) -> re.Match[str]:
        """The first match of any of ``patterns`` in a coming line; lines before it are skipped, later ones stay.

        :raises ExpectationFailed: none within ``timeout`` seconds, or a line matched ``not_matching`` before;
            the message shows the last lines
        :raises LinkLost: the port was lost
        """
        wanted, unwanted = _compiled(patterns), _compiled(not_matching)
        heard: deque[str] = deque(maxlen=_SHOWN)
        deadline = Deadline(self._clock, timeout)
        while (left := deadline.left) > 0 or self._unread:
            arrived = deque(self.take(max(left, 0)))
            while arrived:
                line = arrived.popleft()
                heard.append(line)
                for pattern in unwanted:
                    if pattern.search(line):
                        self._unread = arrived
                        raise ExpectationFailed(f"{pattern.pattern!r} came: {line!r}", device=self.device)
                for pattern in wanted:
                    if found := pattern.search(line):
                        self._unread = arrived
                        return found
        names = " or ".join(repr(pattern.pattern) for pattern in wanted)
        said = "; ".join(repr(line) for line in heard) or "nothing"
        raise ExpectationFailed(
            f"no {names} on {self.port} within {timeout:g} s; last heard: {said}", device=self.device
        )

    def reopen(self, lost: LinkLost) -> None:
        """Wait for the port to come back, and open it; a cut-off line is dropped.

        :raises LinkLost: ``lost``, if it did not come back within ``reopen``
        """
        self._port.close()
        if self._patience <= 0:
            self._tell(str(lost), "broke")
            raise lost
        # Not an error yet: every device leaves USB when it resets.
        self._tell(f"{lost}; waiting for it")
        try:
            port = self._clock.wait_until(self._try_open, self._patience, "the serial port back")
        except NotSeen:
            gone = f"{lost}; it was not back within {self._patience:g} s"
            self._tell(gone, "broke")
            raise LinkLost(gone) from None
        assert port is not None
        self._port = port
        self._partial.clear()
        self.reopened += 1
        self._tell(f"{self.port} is open again")

    def _tell(self, text: str, trouble: Trouble = "") -> None:
        if self._observer is not None:
            self._observer(Moment(self._clock.now(), "serial", text, trouble=trouble))

    def _try_open(self) -> SerialPort | None:
        try:
            return SerialPort(self._find(), _SPEED, device=self.device, clock=self._clock)
        except LinkLost:
            return None


def _compiled(patterns: Patterns) -> list[re.Pattern[str]]:
    several = [patterns] if isinstance(patterns, str | re.Pattern) else patterns
    return [re.compile(pattern) for pattern in several]
