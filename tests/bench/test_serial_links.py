"""What every serial link must do, whatever it is made of: path, RFC 2217, raw TCP, virtual Photon."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.lines import SerialLines
from photonrig.bench.slots.real.serial import UrlSerial, UsbSerial
from photonrig.bench.slots.slot import SerialLink
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.errors import ExpectationFailed, LinkLost
from photonrig.particle.keys import generate_device_key, private_key_der
from photonrig.testing import check_serial_link

CLOCK = SystemClock()
TOOLS = Toolchain(Path(__file__).parents[2])


@dataclass
class Plugged:
    """A link, and the plug at the other end of it."""

    link: SerialLink
    unplug: Callable[[], None]
    replug: Callable[[], None]


@contextmanager
def usb(tmp_path: Path, pty_photon: Any) -> Iterator[Plugged]:
    yield Plugged(UsbSerial(pty_photon.usb, comports=pty_photon.comports), pty_photon.unplug, pty_photon.replug)


@contextmanager
def ser2net(folder: Path, port: Path, accepter: str) -> Iterator[int]:
    """The real ser2net, offering ``port`` on loopback; the number of its TCP port."""
    program = shutil.which("ser2net") or shutil.which("ser2net", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("ser2net is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = int(free.getsockname()[1])
    config = folder / "ser2net.yaml"
    config.write_text(
        f"connection: &photon\n  accepter: {accepter},127.0.0.1,{number}\n"
        f"  connector: serialdev,{port},115200n81,local\n  options:\n    kickolduser: true\n"
    )
    with subprocess.Popen([program, "-n", "-c", str(config)], stderr=subprocess.DEVNULL) as server:
        try:
            CLOCK.wait_until(lambda: answers(number), 20, "ser2net")
            yield number
        finally:
            server.kill()


def answers(number: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", number)) == 0


@contextmanager
def rfc2217(tmp_path: Path, pty_photon: Any) -> Iterator[Plugged]:
    with ser2net(tmp_path, pty_photon.link, "telnet(rfc2217),tcp") as number:
        yield Plugged(UrlSerial(f"rfc2217://127.0.0.1:{number}"), pty_photon.unplug, pty_photon.replug)


@contextmanager
def raw_tcp(tmp_path: Path, pty_photon: Any) -> Iterator[Plugged]:
    with ser2net(tmp_path, pty_photon.link, "tcp") as number:
        yield Plugged(UrlSerial(f"socket://127.0.0.1:{number}"), pty_photon.unplug, pty_photon.replug)


@contextmanager
def virtual(tmp_path: Path, pty_photon: Any) -> Iterator[Plugged]:
    key = tmp_path / "key.der"
    key.write_bytes(private_key_der(generate_device_key()))
    photon = VirtualPhoton(TOOLS.vphoton, tmp_path / "device")
    photon.start(Provision("a" * 24, key, build_variant(TOOLS, "roller")), wifi=AIR[0])
    try:
        slot = photon.slot
        assert slot.serial is not None and slot.power is not None
        yield Plugged(slot.serial, slot.power.off, slot.power.on)
    finally:
        photon.kill()


Kind = Callable[[Path, Any], AbstractContextManager[Plugged]]


@pytest.fixture(params=[usb, rfc2217, raw_tcp, virtual], ids=lambda kind: kind.__name__)
def plugged(request: pytest.FixtureRequest, tmp_path: Path, pty_photon: Any) -> Iterator[Plugged]:
    kind: Kind = request.param
    with kind(tmp_path, pty_photon) as made:
        yield made


def test_every_link_conforms(plugged: Plugged) -> None:
    check_serial_link(plugged.link, plugged.unplug, plugged.replug)


def test_expecting_shows_what_came_instead(pty_photon: Any) -> None:
    with SerialLines(pty_photon.port, device="slot 1") as lines:
        for text in ("one", "two", "three", "panic: stack", "four"):
            pty_photon.say(text)
        assert lines.expect(["t(w)o", "three"], 5).group(1) == "w"
        with pytest.raises(ExpectationFailed, match=r"slot 1: 'panic' came: 'panic: stack'"):
            lines.expect("five", 5, not_matching=["panic", "assert"])
        with pytest.raises(ExpectationFailed, match=r"no 'five' on .* within 0.05 s; last heard: 'four'"):
            lines.expect("five", 0.05)


def test_the_place_counts_and_not_the_name(pty_photon: Any) -> None:
    link = UsbSerial(pty_photon.usb, comports=pty_photon.comports)
    first = link.port
    pty_photon.unplug()
    with pytest.raises(LinkLost, match=r"no Photon with a serial port at USB 1-1.4"):
        _ = link.port
    pty_photon.replug()
    assert link.port == pty_photon.port
    assert not UsbSerial("1-1.5", comports=pty_photon.comports).present
    assert first
