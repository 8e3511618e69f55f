"""A hub on a loopback port, a core that writes down what it is told, and devices to connect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.localcloud.device.contract import Describe, Hello, PublishedEvent
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.device.limits import Limits

from .peer import ANY, DevicePeer

DEVICE_ID = "0123456789abcdef01234567"
OTHER_ID = "fedcba987654321001234567"


class RecordingCore:
    """DeviceCallbacks that keeps what happened, in order, as (what, device id, detail)."""

    def __init__(self) -> None:
        self.keys: dict[str, bytes] = {}
        self.admits = False
        self.claims = True
        self.events: list[tuple[str, str, object]] = []
        self.event_gate: asyncio.Event | None = None
        self._news = asyncio.Condition()

    def now(self) -> float:
        return 1_700_000_000.0

    def public_key(self, device_id: str) -> bytes | None:
        return self.keys.get(device_id)

    def admit(self, device_id: str, public_key: bytes) -> bool:
        if self.admits:
            self.keys[device_id] = public_key
        return self.admits

    async def came_online(self, device_id: str, hello: Hello) -> None:
        await self._note("online", device_id, hello)

    async def went_offline(self, device_id: str) -> None:
        await self._note("offline", device_id, None)

    async def described(self, device_id: str, describe: Describe) -> None:
        await self._note("described", device_id, describe)

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        if self.event_gate is not None:
            await self.event_gate.wait()
        await self._note("event", device_id, event)
        if event.name == "poison":
            raise RuntimeError("the core has a fault")

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        await self._note("claim", device_id, code)
        return self.claims

    async def update_progress(self, device_id: str, status: str) -> None:
        await self._note("update", device_id, status)

    def publications(self) -> list[PublishedEvent]:
        return [detail for detail in self.all("event") if isinstance(detail, PublishedEvent)]

    def all(self, what: str) -> list[object]:
        return [detail for kind, _, detail in self.events if kind == what]

    async def saw(self, what: str, count: int = 1) -> object:
        """The ``count``-th detail of this kind, waiting for it if need be."""
        async with asyncio.timeout(ANY), self._news:
            await self._news.wait_for(lambda: len(self.all(what)) >= count)
        return self.all(what)[count - 1]

    async def _note(self, what: str, device_id: str, detail: object) -> None:
        async with self._news:
            self.events.append((what, device_id, detail))
            self._news.notify_all()


@pytest.fixture(scope="session")
def server_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="session")
def device_keys() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(65537, 1024) for _ in range(2)]


@pytest.fixture
def core() -> RecordingCore:
    return RecordingCore()


@pytest.fixture
def limits() -> Limits:
    """Patient with peers that work; a test that waits for a limit asks for a short one."""
    return Limits(describe_grace=0.2)


class LocalHub(DeviceHub):
    """A hub that knows its port."""

    port = 0


@pytest.fixture
async def hub(core: RecordingCore, server_key: rsa.RSAPrivateKey, limits: Limits) -> AsyncIterator[LocalHub]:
    hub = LocalHub(server_key, limits)
    hub.port = await hub.start(core, "127.0.0.1", 0)
    yield hub
    await hub.close()


@pytest.fixture
async def new_device(
    hub: LocalHub,
    core: RecordingCore,
    server_key: rsa.RSAPrivateKey,
    device_keys: list[rsa.RSAPrivateKey],
) -> AsyncIterator[Callable[..., DevicePeer]]:
    """Makes a device whose key is enrolled; the device has yet to join."""
    made: list[DevicePeer] = []

    def make(device_id: str = DEVICE_ID, key: int = 0, *, enrolled: bool = True) -> DevicePeer:
        peer = DevicePeer(device_id, device_keys[key], server_key.public_key(), hub.port)
        if enrolled:
            core.keys[device_id] = peer.public_key
        made.append(peer)
        return peer

    yield make
    for peer in made:
        await peer.leave()
