"""The serial console of one slot: follows its device through resets and power cuts until it is closed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from photonrig.bench.lines import SerialLines
from photonrig.clock import SYSTEM, Clock
from photonrig.closing import Closing
from photonrig.errors import LinkLost, ProtocolError

_REOPEN: Final = 0.5  # seconds between two tries to open a lost port
_LINES: Final = 0.2  # seconds it waits for lines before it looks whether it is to end


class Console(Closing):
    """Reads a serial port from now on, in a thread of its own. Whoever else reads it gets only a part of the lines."""

    def __init__(self, port: Callable[[], str], heard: Callable[[str], None], clock: Clock = SYSTEM) -> None:
        """``port`` finds the port and may raise LinkLost; ``heard`` is told every line, from the console's thread."""
        self._port = port
        self._heard = heard
        self._clock = clock
        self._lines: SerialLines | None = None
        self._held = threading.Lock()  # of the open port: it is not closed in the middle of a write
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave the port to others; the thread has ended when this returns."""
        self._leaving.set()
        self._thread.join()

    @property
    def is_open(self) -> bool:
        """Whether the port is there right now."""
        return self._lines is not None

    def write(self, line: str) -> None:
        """Send a line.

        :raises LinkLost: the device is off or restarts, or does not take it
        """
        with self._held:
            if self._lines is None:
                raise LinkLost("its serial port is not there: the device is off or restarts; say it again then")
            self._lines.write(line)

    def _run(self) -> None:
        while not self._leaving.is_set():
            try:
                self._follow(SerialLines(self._port))
            except (LinkLost, ProtocolError):  # opened again below
                self._clock.wait_for(self._leaving, _REOPEN)

    def _follow(self, lines: SerialLines) -> None:
        self._lines = lines
        try:
            while not self._leaving.is_set():
                for line in lines.take(_LINES):
                    self._heard(line)
        finally:
            with self._held:
                self._lines = None
                lines.close()
