"""The connection breaks after every single byte of handshake, Hello and claim, either way; the device recovers.

Device service, claims and store are the local cloud's own; between them and the device stands a link that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.service.cloud import Cloud, Settings
from photonrig.localcloud.store import Store
from photonrig.ownership.model import Owner

from ..patience import wait_for_async
from .conftest import Photon
from .faulty_link import WAYS, Faults, FaultyLink, Way

AT_ONCE = 24  # devices; each waits a second before its second attempt
STRIDE = 17  # bytes; prime, so that no message is always hit in the same place
CODE_AT, CLAIMED_AT = 1762, 1825  # in the DCT


class CountingReports:
    """The reports of a cloud, with a note of how often a code changed a device's owner, and of who went offline."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.claims: Counter[str] = Counter()
        self.offline: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cloud.reports, name)

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        before = self._cloud.store.devices.get(device_id)
        confirmed = await self._cloud.reports.claim_code_presented(device_id, code)
        after = self._cloud.store.devices.get(device_id)
        assert before is not None
        assert after is not None
        self.claims[device_id] += before.state.owner != after.state.owner
        return confirmed

    async def went_offline(self, device_id: str) -> None:
        self.offline[device_id] = time.monotonic()
        await self._cloud.reports.went_offline(device_id)


@dataclass
class Device:
    """One virtual Photon behind a link of its own."""

    id: str
    state: Path
    process: asyncio.subprocess.Process
    link: FaultyLink

    def claimed(self) -> bool:
        """By its own account, and with nothing left to present."""
        dct = (self.state / "dct.bin").read_bytes()
        return dct[CLAIMED_AT : CLAIMED_AT + 1] == b"1" and dct[CODE_AT] == 0


@dataclass
class Place:
    """Where it all happens."""

    executable: Path
    folder: Path
    base: Path
    cloud: Cloud
    reports: CountingReports
    hub: DeviceHub
    port: int
    owner: Owner
    number: int = 0
    running: dict[str, Device] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def device(self, faults_of: Callable[[int], Faults]) -> AsyncIterator[Device]:
        """A device that has never been online, with Wi-Fi and a claim code, switched on."""
        self.number += 1
        device_id = f"{self.number:024x}"
        state = self.folder / device_id
        shutil.copytree(self.base, state)
        with self.cloud.store.write():
            code = self.cloud.store.claim_codes.issue(self.owner).encode()
        with (state / "dct.bin").open("r+b") as dct:
            dct.seek(CODE_AT)
            dct.write(code)
        link = FaultyLink(self.port, faults_of)
        words = ["--state", str(state), "--device-id", device_id, "--server", f"127.0.0.1:{await link.start()}"]
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(self.executable, *words, stdout=quiet, stderr=quiet)
        try:
            yield Device(device_id, state, process, link)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await link.close()
            shutil.rmtree(state)

    async def recover(self, faults: Faults, connections: int) -> Device:
        """A device whose first connection suffers ends up online and claimed once, by a later one."""
        async with self.device(lambda number: faults if number == 0 else Faults()) as device:

            def holds() -> bool:
                return (
                    len(device.link.passed) >= connections
                    and device.claimed()
                    and self.hub.online(device.id)
                    and self.reports.claims[device.id] > 0
                )

            try:
                await wait_for_async("the claim", holds)
            except AssertionError:
                raise AssertionError(f"{faults}: passed {device.link.passed}, claimed {device.claimed()}") from None
            assert device.process.returncode is None
            assert self.reports.claims[device.id] == 1
            assert len(device.link.passed) == connections, faults
            return device


@contextlib.asynccontextmanager
async def in_place(executable: Path, module: Path, folder: Path) -> AsyncIterator[Place]:
    key = rsa.generate_private_key(65537, 2048)
    key_file = folder / "cloud.der"
    key_file.write_bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    maker = Photon(executable, folder / "base")
    maker.start("--server-key", str(key_file), "--firmware", str(module), "--wifi", "photonrig:photonrig-lab")
    maker.status()
    maker.stop()
    with contextlib.closing(Store(folder / "cloud.sqlite", time.time)) as store:
        hub = DeviceHub(key)
        cloud = Cloud(store, hub, Settings(admit_unknown=True))
        reports = CountingReports(cloud)
        with store.write():
            user = store.users.create("owner@example.com", "secret", {})
        assert user
        port = await hub.start(reports, "127.0.0.1", 0)
        try:
            yield Place(executable, folder, maker.state, cloud, reports, hub, port, Owner("user", user.id))
        finally:
            await hub.close()
            await cloud.close()


async def bytes_to_claim(place: Place) -> dict[Way, int]:
    """How many bytes go each way until a device is claimed: what three undisturbed devices have in common."""
    seen = [(await place.recover(Faults(), 1)).link.passed[0] for _ in range(3)]
    return {way: min(each[way] for each in seen) for way in WAYS}


async def cut_everywhere(place: Place, stride: int) -> None:
    least = {"up": 256 + 18 + 34, "down": 40 + 384 + 18}  # handshake and Hello alone
    ends = await bytes_to_claim(place)
    assert all(ends[way] > least[way] for way in WAYS)
    points = [(way, at) for way in WAYS for at in {*range(0, ends[way], stride), ends[way] - 1}]
    waiting = iter(points)
    tried = Counter[str]()

    async def work() -> None:
        for way, at in waiting:
            await place.recover(Faults(cut_after={way: at}, reset=at % 2 == 1), 2)
            tried[way] += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    print(f"connections cut: {tried['up']} of {ends['up']} bytes up, {tried['down']} of {ends['down']} bytes down")
    assert tried.total() == len(points) >= (ends["up"] + ends["down"]) // stride


@pytest.mark.parametrize(
    "stride", [STRIDE, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(1800)], id="every byte")]
)
async def test_cut_in_handshake_hello_and_claim(
    executable: Path, build: Callable[..., Path], tmp_path: Path, stride: int
) -> None:
    async with in_place(executable, build(), tmp_path) as place:
        await cut_everywhere(place, stride)


@pytest.mark.parametrize("seed", range(4))
async def test_a_bad_network(executable: Path, build: Callable[..., Path], tmp_path: Path, seed: int) -> None:
    """Connections that are cut, late and slow, one after the other, as the seed draws them; then a good one."""
    async with in_place(executable, build(), tmp_path) as place:
        source = random.Random(seed)
        bad = [Faults.drawn(source, 2000) for _ in range(3)]
        async with place.device(lambda number: bad[number] if number < len(bad) else Faults()) as device:
            await wait_for_async("the claim", lambda: device.claimed() and place.hub.online(device.id))
            assert place.reports.claims[device.id] == 1


@pytest.mark.soak
async def test_half_open(executable: Path, build: Callable[..., Path], tmp_path: Path) -> None:
    """Nothing gets through any more and nobody is told: the device gives up after 15 + 10 s, the cloud after 40 s."""
    async with in_place(executable, build(), tmp_path) as place:
        whole = await bytes_to_claim(place)
        silent = Faults(silent_after={way: whole[way] for way in WAYS})

        async def device_drops() -> None:
            async with place.device(lambda number: silent if number == 0 else Faults()) as device:
                await wait_for_async("silence", lambda: device.link.silent(0))
                begun = time.monotonic()
                await wait_for_async("a second connection", lambda: len(device.link.passed) == 2)
                assert time.monotonic() - begun > 20
                await wait_for_async("the claim", lambda: device.claimed() and place.hub.online(device.id))
                assert place.reports.claims[device.id] == 1

        async def cloud_drops() -> None:
            async with place.device(lambda number: silent) as device:
                await wait_for_async("silence", lambda: device.link.silent(0) and place.hub.online(device.id))
                device.process.kill()  # the end of the connection is lost, too
                begun = time.monotonic()
                await wait_for_async("the cloud to give up", lambda: device.id in place.reports.offline)
                assert time.monotonic() - begun > 35

        await asyncio.gather(device_drops(), cloud_drops())
