"""One trouble after the other, as a seed draws them; after each the device is online, whole, and knows what it knew."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused

from .conftest import Cloud, Photon, wait_for
from .faulty_link import Faults, FaultyLink

KEYS = ((34, 1216), (1250, 384), (2082, 294))  # device key, its public half, the server's, in the DCT
WRITES = 12  # the power goes at one of the next so many
BYTES = 2000  # a connection fails within so many

GONE = (OSError, ValueError, DeviceOffline, DeviceTimeout, FlashRefused)  # what a peer of a device in trouble sees


def server_key() -> str:
    public = rsa.generate_private_key(65537, 2048).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


@dataclass
class Subject:
    """A device, its link to the cloud, and what it has been told."""

    photon: Photon
    cloud: Cloud
    modules: tuple[Path, Path]
    source: random.Random
    link_faults: list[Faults]  # of the connections to come
    words: list[str]
    kept: set[int] = field(default_factory=set)  # what the EEPROM may hold: more than one value if an answer was lost
    keys: tuple[bytes, ...] = ()
    met: list[str] = field(default_factory=list)
    cut_planned: bool = False

    def dct(self, offset: int, size: int) -> bytes:
        return (self.photon.state / "dct.bin").read_bytes()[offset : offset + size]

    def control(self, **request: Any) -> None:
        """Done, as soon as the device is not on its way through a reset."""

        def probe() -> bool:
            try:
                answer = self.photon.control(**request)
            except GONE:
                assert self.has_power(), f"no power for {request}"
                return False
            assert answer == {"ok": True}, answer
            return True

        wait_for(f"{request} done", probe)

    def has_power(self) -> bool:
        return self.photon.process is not None and self.photon.process.poll() is None

    def power(self) -> None:
        """Switched on again if it went off."""
        if not self.has_power():
            self.photon.kill()
            self.photon.start(*self.words)
            self.cut_planned = False

    def keep(self) -> None:
        """Told a number to remember; until it has said yes, it may or may not know it."""
        number = self.source.randrange(1 << 20)
        self.kept.add(number)
        try:
            answer = self.cloud.call(self.photon.ready["id"], "keep", str(number))
        except GONE:
            return
        assert answer == number
        self.kept = {number}

    def update(self) -> None:
        """Given the other firmware, which it takes or not."""
        image = self.source.choice(self.modules).read_bytes()
        try:
            self.cloud.run(self.cloud.hub.flash(self.photon.ready["id"], image, "probe.bin"))
        except GONE:
            return

    def whole(self) -> None:
        """Online again, by itself, with its keys, its firmware and its memory."""
        self.power()
        device = self.photon.ready["id"]

        def answers() -> bool:
            if not self.has_power():
                assert self.cut_planned, "it ended by itself"
                self.power()
            try:
                status = self.photon.status()
                held = self.cloud.read(device, "kept")
            except GONE:
                return False
            return status["cloud"] == "connected" and status["application_running"] and held in self.kept

        try:
            wait_for("the device with what it was told", answers, 60)
        except AssertionError as failure:
            held = int.from_bytes((self.photon.state / "eeprom.bin").read_bytes()[:4], "little", signed=True)
            raise AssertionError(f"{failure}; after {self.met}; EEPROM {held}, told {self.kept}") from None
        assert tuple(self.dct(*each) for each in KEYS) == self.keys
        status = self.photon.status()
        assert not status["safe_mode"], status["safe_mode_reason"]
        assert status["product"]["version"] in (1, 2)

    def hang_up(self) -> None:
        """The cloud ends the connection."""
        self.cloud.loop.call_soon_threadsafe(self.cloud.hub.disconnect, self.photon.ready["id"])


def power_cut(subject: Subject) -> None:
    subject.photon.kill()


def power_cut_at_a_write(subject: Subject) -> None:
    cut = subject.source.randint(1, WRITES)
    subject.cut_planned = True
    subject.control(do="fault", power_cut_at_write=cut, torn=subject.source.choice((0, 1, 300)))
    subject.source.choice((subject.keep, subject.update))()
    subject.keep()
    subject.whole()
    if (
        subject.cut_planned and subject.has_power()
    ):  # too few writes: what follows is to meet no more than its own trouble
        subject.photon.kill()


def reset(subject: Subject) -> None:
    subject.control(do="reset")


def wifi_lost(subject: Subject) -> None:
    subject.control(do="wifi", available=False)
    subject.photon.wait("the connection lost", lambda status: status["cloud"] != "connected")
    subject.control(do="wifi", available=True)


def clock_jump(subject: Subject) -> None:
    subject.control(do="fault", clock_jump_s=subject.source.randint(-(10**6), 10**6))


def slow_loop(subject: Subject) -> None:
    subject.control(do="fault", block_loop_ms=subject.source.randint(1, 500))
    subject.keep()


def wrong_server_key(subject: Subject) -> None:
    right = subject.dct(*KEYS[2]).hex()
    subject.control(do="fault", server_key=server_key())
    subject.hang_up()
    subject.photon.wait("an attempt", lambda status: status["cloud"] != "connected")
    subject.control(do="fault", server_key=right)


def bad_network(subject: Subject) -> None:
    subject.link_faults += [Faults.drawn(subject.source, BYTES) for _ in range(2)]
    subject.hang_up()
    subject.whole()
    subject.link_faults.clear()
    subject.hang_up()  # a connection that is only slow would be so for what follows, too


def listening_mode(subject: Subject) -> None:
    for wanted in (True, False):
        subject.control(do="setup_button", hold_ms=4000)
        subject.photon.wait(f"listening {wanted}", lambda status, wanted=wanted: status["listening"] == wanted)


TROUBLES: tuple[Callable[[Subject], None], ...] = (
    power_cut,
    power_cut_at_a_write,
    reset,
    wifi_lost,
    clock_jump,
    slow_loop,
    wrong_server_key,
    bad_network,
    listening_mode,
    Subject.update,
)


@pytest.fixture
def subject(photon: Photon, cloud: Cloud, build: Callable[..., Path]) -> Iterator[Subject]:
    """Online, through a link of its own, and told a first number."""
    faults: list[Faults] = []
    link = FaultyLink(cloud.port, lambda number: faults.pop(0) if faults else Faults())
    words = ["--server", f"127.0.0.1:{cloud.run(link.start())}", *cloud.words[2:]]
    photon.start("--firmware", str(build(1)), *words)
    device = Subject(photon, cloud, (build(1), build(2)), random.Random(), faults, words)
    cloud.wait_for_function("keep")
    device.keep()
    device.keys = tuple(device.dct(*each) for each in KEYS)
    yield device
    photon.kill()
    cloud.run(link.close())


def trouble(subject: Subject, seed: int) -> None:
    """Every trouble once, in the seed's order and measure."""
    subject.source.seed(seed)
    for befall in subject.source.sample(TROUBLES, len(TROUBLES)):
        subject.met.append(befall.__name__)
        befall(subject)
        subject.whole()


@pytest.mark.parametrize("seed", range(3))
def test_one_trouble_after_the_other(subject: Subject, seed: int) -> None:
    trouble(subject, seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_many_troubles(subject: Subject) -> None:
    for seed in range(100, 140):
        subject.met[:] = [f"seed {seed}"]
        trouble(subject, seed)
