"""Devices at the end of a pseudo-terminal, for benches without any."""

from __future__ import annotations

import json
import os
import select
import threading
import tty
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ..patience import PATIENCE

DEVICE_ID = "0123456789abcdef01234567"


class PtyPhoton:
    """A Photon as far as USB serial shows it: answers ``ping``, says what it is told to say, leaves and comes back."""

    usb = "1-1.4"

    def __init__(self, folder: Path) -> None:
        self.link = folder / "serial"
        self.port = ""
        self._thread: threading.Thread | None = None
        self.replug()

    def replug(self) -> None:
        """Come back, as the kernel does it: under another name."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.port = os.ttyname(slave)
        self._stop, self._ask_stop = os.pipe()
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.port)
        self._thread = threading.Thread(target=self._serve, args=(self._master, slave, self._stop))
        self._thread.start()

    def unplug(self) -> None:
        """Leave USB."""
        if self._thread is not None:
            self.port = ""
            self.link.unlink(missing_ok=True)
            os.write(self._ask_stop, b".")
            self._thread.join(PATIENCE)
            self._thread = None
            os.close(self._ask_stop)

    def say(self, line: str) -> None:
        """Say something unasked."""
        os.write(self._master, line.encode() + b"\n")

    def comports(self) -> list[Any]:
        """What pyserial would list: a stranger, and this one if it is there."""
        stranger = SimpleNamespace(vid=0x0403, pid=0x6001, location="1-1.4", device="/dev/null", serial_number="FT1")
        if not self.port:
            return [stranger]
        mine = SimpleNamespace(
            vid=0x2B04, pid=0xC006, location=f"{self.usb}:1.0", device=self.port, serial_number=DEVICE_ID.upper()
        )
        return [stranger, mine]

    @staticmethod
    def _serve(master: int, slave: int, stop: int) -> None:
        received = b""
        while True:
            ready, _, _ = select.select([master, stop], [], [])
            if stop in ready:
                break
            received += os.read(master, 4096)
            *lines, received = received.split(b"\n")
            for line in lines:
                word, _, argument = line.decode().partition(" ")
                answer = {"pong": argument} if word == "ping" else {"error": "unknown command", "line": line.decode()}
                os.write(master, json.dumps(answer).encode() + b"\n")
        for descriptor in (slave, master, stop):
            os.close(descriptor)


@pytest.fixture
def pty_photon(tmp_path: Path) -> Iterator[PtyPhoton]:
    made = PtyPhoton(tmp_path)
    yield made
    made.unplug()


@pytest.fixture(autouse=True)
def _own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTONRIG_LOCKS", str(tmp_path / "locks"))
