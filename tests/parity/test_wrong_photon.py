"""A Photon made wrong on purpose in ten ways: each is found, in the chapter it belongs to, and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.slots.slot import SoftApLink
from photonrig.build.compile import compile_project
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain
from photonrig.parity.difference import compare
from photonrig.parity.recording import Recording
from photonrig.parity.subject import PROBE, Photon, virtual_photon
from photonrig.particle.softap import HttpSoftAp, SoftAp, TcpSoftAp

from .conftest import TOOLS, recorded

# In the executable of the virtual Photon: one text for another of its length.
SYSTEM_FAULTS = {
    b"Device claimed: ": b"Device Claimed: ",
    b"dfu_mode": b"dfu_mood",
    b"spark/hardware/max_binary": b"spark/hardware/max_banary",
}
FIRMWARE_FAULTS = {
    b"static bool truth = true;": b"static int truth = 1;",
    b"left > 0; --left) accepted": b"left > 7; --left) accepted",
}
# In what the set-up services answer: to a request that begins so, one text for another.
SOFTAP_FAULTS = {
    b"version\n": (b'{"v":2}', b'{"v":1}'),
    b"prepare-ap\n": (b"", b"\n\n"),
    b"GET /hello": (b"\0", b""),
}
SLOW = b"scan-ap\n"

FOUND = {
    ("serial", "c: claimed"),
    ("DFU", "reset after DFU"),
    ("cloud session", "events after RESET"),
    ("cloud session", "events after System.reset()"),
    ("cloud session", "events of an update over the air"),
    ("cloud session", "description"),
    ("cloud session", "variable truth"),
    ("limits", "events in a row"),
    ("SoftAP", "TCP: version"),
    ("SoftAP", "TCP: an unknown command"),
    ("SoftAP", "HTTP: GET /hello"),
    ("SoftAP", "TCP: scan-ap"),
    ("LED", "online"),
}


@dataclass
class Stopwatch:
    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class WrongConnection:
    """A connection whose answer is another one, or late by the stopwatch."""

    inner: socket.socket
    watch: Stopwatch
    change: tuple[bytes, bytes] = (b"", b"")
    held: list[bytes] = field(default_factory=list)

    def __enter__(self) -> WrongConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()

    def sendall(self, data: bytes) -> None:
        self.change = next((change for begin, change in SOFTAP_FAULTS.items() if data.startswith(begin)), (b"", b""))
        if data.startswith(SLOW):
            self.watch.seconds += 20
        self.inner.sendall(data)
        answer = b"".join(iter(lambda: self.inner.recv(4096), b""))
        before, after = self.change
        self.held = [answer.replace(before, after) if before else answer + after]

    def recv(self, _: int) -> bytes:
        return self.held.pop() if self.held else b""


@dataclass(frozen=True)
class WrongLink:
    inner: SoftApLink
    watch: Stopwatch

    def joined(self) -> AbstractContextManager[None]:
        return self.inner.joined()

    def tcp(self) -> SoftAp:
        return self._wrong(self.inner.tcp())

    def http(self) -> SoftAp:
        return self._wrong(self.inner.http())

    def _wrong(self, softap: SoftAp) -> SoftAp:
        def connect(address: tuple[str, int], timeout: float) -> Any:
            return WrongConnection(socket.create_connection(address, timeout), self.watch)

        assert isinstance(softap.transport, TcpSoftAp | HttpSoftAp)
        return SoftAp(replace(softap.transport, connect=connect))


def changed(data: bytes, changes: dict[bytes, bytes]) -> bytes:
    for before, after in changes.items():
        assert before in data
        data = data.replace(before, after)
    return data


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Photon, Stopwatch]]:
    executable = tmp_path / "vphoton"
    executable.write_bytes(changed(TOOLS.native().read_bytes(), SYSTEM_FAULTS))
    executable.chmod(0o700)
    monkeypatch.setattr(Toolchain, "vphoton", executable)
    files = {name: changed(text, FIRMWARE_FAULTS) for name, text in collect_project(PROBE).items()}
    image = tmp_path / "wrong.bin"
    image.write_bytes(compile_project(files, TOOLS.sdk(), "2.3.1").image)
    with virtual_photon(TOOLS, "2.3.1", tmp_path, image) as photon:
        watch, looked = Stopwatch(), photon.eyes
        link = photon.slot.softap_link
        assert link is not None and looked is not None
        photon.slot = replace(photon.slot, softap_link=WrongLink(link, watch))
        photon.eyes = lambda: looked().replace("cyan", "green")
        yield photon, watch


def test_each_fault_is_found_in_its_chapter(right: Recording, wrong: tuple[Photon, Stopwatch]) -> None:
    photon, watch = wrong
    found = compare(right, recorded(photon, now=watch))
    differing = {(each.chapter, each.name): each.kind for each in found.differences}
    # The stopwatch of this one goes by its faults alone.
    own = {key for key, kind in differing.items() if kind != "timing" or key == ("SoftAP", "TCP: scan-ap")}
    assert own == FOUND
    assert differing["SoftAP", "TCP: scan-ap"] == "timing"
    assert len(SYSTEM_FAULTS) + len(FIRMWARE_FAULTS) + len(SOFTAP_FAULTS) + len(("slow", "LED")) == 10
