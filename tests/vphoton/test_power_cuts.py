"""The power goes at every single write to flash, DCT, EEPROM and Wi-Fi credentials, and comes back."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from photonrig.localcloud.device.contract import Describe, DeviceOffline, DeviceTimeout, Hello

from .conftest import PATIENCE, Cloud, Photon, wait_for

CODE = "c" * 63
NEVER = 10**6
WORKERS = 4
KEYS = ((34, 1216), (1250, 384), (2082, 512))  # device key, its public half, server key with address, in the DCT


class PowerIsGone(Exception):
    """The process has ended in the middle of it."""


class Town(Cloud):
    """A cloud of many devices that remembers each apart."""

    def __init__(self, folder: Path) -> None:
        self.versions: defaultdict[str, list[int]] = defaultdict(list)
        self.presented: defaultdict[str, list[str]] = defaultdict(list)
        self.functions: dict[str, tuple[str, ...]] = {}
        self.answers: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        super().__init__(folder)

    def answer_claims(self, device_id: str, *, now: bool) -> None:
        """From this power-on of a device on, its claim code is answered at once, or not before that is asked for."""

        async def decide() -> None:
            self.answers[device_id].set()
            if not now:
                self.answers[device_id] = asyncio.Event()

        self.run(decide())

    async def came_online(self, device_id: str, hello: Hello) -> None:
        self.versions[device_id].append(hello.product_version)

    async def described(self, device_id: str, describe: Describe) -> None:
        self.functions[device_id] = describe.functions

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        self.presented[device_id].append(code)
        await self.answers[device_id].wait()
        return True


@dataclass
class Subject(Photon):
    """A device whose power may go at any time."""

    town: Town | None = None
    words: tuple[str, ...] = ()  # of every power-on
    hellos: int = 0  # up to this power-on

    @property
    def id(self) -> str:
        return str(self.ready["id"])

    def power_on(self, cut: str = "") -> None:
        assert self.town
        self.town.answer_claims(self.ready.get("id", ""), now=False)  # the DCT stays until the test has looked
        before = {device_id: len(seen) for device_id, seen in list(self.town.versions.items())}
        argv = [str(self.executable), "--state", str(self.state), *self.words]
        argv += ["--power-cut-at-write", cut] if cut else []
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(PATIENCE)
            raise PowerIsGone
        self.ready = json.loads(line)
        self.hellos = before.get(self.id, 0)

    def gone(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def until(self, what: str, holds: Callable[[], Any]) -> None:
        wait_for(what, lambda: self.gone() or holds())
        if self.gone():
            raise PowerIsGone

    def attempt(self, work: Callable[[], Any]) -> Any:
        """``work`` of a peer, which may fail only because the power is gone."""
        try:
            return work()
        except (OSError, AssertionError, ValueError, DeviceOffline, DeviceTimeout) as failure:
            assert self.process
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                raise failure from None
            raise PowerIsGone from failure

    def online(self, version: int | None = None) -> None:
        """Wait for a Hello of this power-on, of firmware ``version`` if it matters."""
        assert self.town
        seen = self.town.versions[self.id]
        self.until("the device online", lambda: len(seen) > self.hellos and version in (None, seen[-1]))

    def dct(self, offset: int, size: int) -> bytes:
        return (self.state / "dct.bin").read_bytes()[offset : offset + size]

    def code(self) -> str:
        return self.dct(1762, 63).rstrip(b"\xff").split(b"\0")[0].decode()

    def claimed(self) -> bool:
        return self.dct(1825, 1) == b"1"

    def keys(self) -> tuple[bytes, ...]:
        return tuple(self.dct(*each) for each in KEYS)


@dataclass
class Story:
    """What happens to a device, in the terms of one test."""

    prepare: Callable[[Subject], None]  # from an empty folder to the state before; ends with the device switched on
    act: Callable[[Subject], None]  # after a power-on; raises PowerIsGone; returns when nothing is left to be written
    check: Callable[[Subject, int], object]  # after the next power-on; what it returns is kept for the test
    keys_exist: bool = True
    outcomes: dict[int, object] = field(default_factory=dict)


def tell(story: Story, subjects: list[Subject], torn: int) -> int:
    """Cut the power at every write of the story, once each; returns how many there are."""

    def make(subject: Subject) -> Path:
        story.prepare(subject)
        if subject.process:
            subject.status()  # asking for it gives the device its SoftAP name
            assert subject.stop()[0] == 0
        return Path(shutil.copytree(subject.state, subject.state.with_suffix(".before"), dirs_exist_ok=True))

    def fresh(subject: Subject, base: Path) -> None:
        subject.kill()
        shutil.rmtree(subject.state)
        shutil.copytree(base, subject.state)

    def one(subject: Subject, base: Path, point: int) -> None:
        fresh(subject, base)
        keys = subject.keys() if story.keys_exist else None
        with pytest.raises(PowerIsGone):
            subject.power_on(f"{point}:{torn}")
            story.act(subject)
        assert subject.process
        assert subject.process.returncode == 0, f"write {point}"
        subject.kill()
        try:
            subject.power_on()
            assert keys is None or subject.keys() == keys
            status = subject.status()
            assert not status["safe_mode"], status["safe_mode_reason"]
            story.outcomes[point] = story.check(subject, point)
        except (AssertionError, PowerIsGone) as failure:
            raise AssertionError(f"after a power cut at write {point}, torn at {torn}: {failure!r}") from failure

    with ThreadPoolExecutor(len(subjects)) as pool:
        bases = list(pool.map(make, subjects))
        fresh(subjects[0], bases[0])
        subjects[0].power_on(str(NEVER))
        story.act(subjects[0])
        writes = NEVER - subjects[0].status()["faults"]["power_cut_at_write"]

        def share(number: int) -> None:
            for point in range(1 + number, writes + 1, len(subjects)):
                one(subjects[number], bases[number], point)

        for _ in pool.map(share, range(len(subjects))):
            pass
    assert sorted(story.outcomes) == list(range(1, writes + 1))
    return writes


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    running = Town(tmp_path)
    yield running
    running.close()


@pytest.fixture
def subjects(executable: Path, tmp_path: Path, town: Town) -> Iterator[list[Subject]]:
    devices = [Subject(executable, tmp_path / f"device{number}", town=town) for number in range(WORKERS)]
    yield devices
    for device in devices:
        device.kill()


torn_or_not = pytest.mark.parametrize("torn", [0, 1, 300])


@torn_or_not
def test_update_over_the_air(subjects: list[Subject], town: Town, build: Callable[..., Path], torn: int) -> None:
    images = [build(1).read_bytes(), build(2).read_bytes()]

    def prepare(subject: Subject) -> None:
        subject.start("--firmware", str(build(1)), *town.words)
        subject.online()

    def update(subject: Subject) -> None:
        subject.online(version=1)
        subject.attempt(lambda: town.run(town.hub.flash(subject.id, images[1], "probe.bin")))
        subject.online(version=2)
        subject.until("the success told", lambda: subject.dct(10, 2) == b"\xff\xff")

    def check(subject: Subject, point: int) -> int:
        version: int = subject.status()["product"]["version"]
        assert version in (1, 2)
        assert (subject.state / "user.bin").read_bytes().startswith(images[version - 1])
        subject.online(version)
        assert subject.status()["application_running"]
        if version == 1:  # what was left lying about does not stand in the way of another try
            update(subject)
        return version

    story = Story(prepare, update, check)
    points = tell(story, subjects, torn)
    print(f"power cuts during an update: {points}")
    assert points >= len(images[1]) // 512 + len(images[1]) // 4096
    versions = [story.outcomes[point] for point in range(1, points + 1)]
    assert versions == sorted(versions)  # from one write on it is the new image
    assert versions.count(1) > len(images[1]) // 512
    assert versions.count(2) > len(images[1]) // 4096


def set_up(subject: Subject) -> None:
    """What an installer's client does, from listening mode to the claim."""

    def talk() -> None:
        assert subject.softap("set", {"k": "cc", "v": CODE}) == {"r": 0}
        key = load_der_public_key(bytes.fromhex(subject.softap("public-key")["b"])[:162])
        password = key.encrypt(b"photonrig-lab", padding.PKCS1v15()).hex()  # type: ignore[union-attr]
        network = {"idx": 0, "ssid": "photonrig", "pwd": password, "sec": 4194308, "ch": 6}
        assert subject.softap("configure-ap", network) == {"r": 0}
        assert subject.softap("connect-ap", {"idx": 0}) == {"r": 0}

    subject.attempt(talk)
    await_claim(subject)


def await_claim(subject: Subject) -> None:
    assert subject.town
    subject.town.answer_claims(subject.id, now=True)
    subject.online()
    subject.until("the claim", lambda: subject.claimed() and not subject.code())


@torn_or_not
def test_set_up_over_softap(subjects: list[Subject], town: Town, build: Callable[..., Path], torn: int) -> None:
    def prepare(subject: Subject) -> None:
        subject.start("--firmware", str(build()), *town.words[:4])
        assert subject.status()["listening"]

    def check(subject: Subject, point: int) -> tuple[bool, bool, bool]:
        """Credentials, code, claim as found; then it goes on from there."""
        status = subject.status()
        assert subject.code() in ("", CODE)
        found = (status["wifi"]["credentials"], bool(subject.code()), subject.claimed())
        assert status["listening"] == (not found[0])
        if status["listening"]:
            set_up(subject)
        elif found[1]:
            await_claim(subject)
        else:
            subject.online()
        assert subject.claimed()
        assert set(town.presented[subject.id]) == {CODE}
        return found

    story = Story(prepare, set_up, check)
    points = tell(story, subjects, torn)
    print(f"power cuts during a set-up over SoftAP: {points}")
    assert [story.outcomes[point] for point in sorted(story.outcomes)] == [
        (False, False, False),  # the claim code was not written
        (False, True, False),  # the credentials were not
        (True, True, False),  # the claimed flag was not
        (True, True, True),  # the code was not cleared
    ]


@torn_or_not
def test_claim(subjects: list[Subject], town: Town, build: Callable[..., Path], torn: int) -> None:
    def prepare(subject: Subject) -> None:
        subject.start("--firmware", str(build()), *town.words, "--listening")
        assert subject.softap("set", {"k": "cc", "v": CODE}) == {"r": 0}

    def check(subject: Subject, point: int) -> bool:
        claimed = subject.claimed()
        assert subject.code() == CODE
        await_claim(subject)
        return claimed

    story = Story(prepare, await_claim, check)
    points = tell(story, subjects[:2], torn)
    print(f"power cuts during a claim: {points}")
    assert story.outcomes == {1: False, 2: True}


@torn_or_not
def test_first_power_on(subjects: list[Subject], town: Town, build: Callable[..., Path], torn: int) -> None:
    """The device makes itself: id, keys, what the command line gives, the firmware."""

    def prepare(subject: Subject) -> None:
        subject.state.mkdir(exist_ok=True)
        subject.words = ("--firmware", str(build()), *town.words)

    def check(subject: Subject, point: int) -> bytes:
        subject.online()
        assert subject.status()["application_running"]
        return subject.keys()[0]

    def come_online(subject: Subject) -> None:
        subject.online()
        subject.attempt(subject.status)  # asking for it gives the device its SoftAP name

    story = Story(prepare, come_online, check, keys_exist=False)
    points = tell(story, subjects, torn)
    print(f"power cuts during the first power-on: {points}")
    assert points >= len(build().read_bytes()) // 4096 + 8


@torn_or_not
def test_eeprom(subjects: list[Subject], town: Town, build: Callable[..., Path], torn: int) -> None:
    def prepare(subject: Subject) -> None:
        subject.start("--firmware", str(build()), *town.words)
        subject.online()

    def keep(subject: Subject) -> None:
        subject.online()
        for value in (11111111, 22222222):
            subject.attempt(lambda value=value: call(subject, "keep", str(value)))

    def call(subject: Subject, function: str, argument: str) -> int:
        wait_for("the describe", lambda: subject.gone() or described(subject, function))
        return town.call(subject.id, function, argument)

    def described(subject: Subject, function: str) -> bool:
        return function in town.functions.get(subject.id, ())

    def check(subject: Subject, point: int) -> int:
        return int.from_bytes((subject.state / "eeprom.bin").read_bytes()[:4], "little", signed=True)

    story = Story(prepare, keep, check)
    points = tell(story, subjects[:1], torn)
    print(f"power cuts during writes to the EEPROM: {points}")
    assert story.outcomes == {1: -1, 2: 11111111}
