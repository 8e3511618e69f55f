"""A small world to test against: a cloud, its accounts and devices, and a device service without bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import ASGIApp

from photonrig.localcloud.device.contract import (
    Describe,
    DeviceOffline,
    DeviceTimeout,
    FlashRefused,
    Hello,
    Permit,
    PublishedEvent,
    Subscription,
    VariableType,
    VariableUnknown,
)
from photonrig.localcloud.http.app import make_app
from photonrig.localcloud.service.cloud import Cloud, Settings
from photonrig.localcloud.store import Store

PHOTON = 6
DEVICE = "0123456789abcdef01234567"
OTHER_DEVICE = "aaaaaaaaaaaaaaaaaaaaaaaa"
ADMIN = "ad" * 20
PLAIN = Settings(admin_token=ADMIN)
ERAS = {name: Settings(era=name, admin_token=ADMIN) for name in ("2016-before", "2016-after", "today")}


class FakeDevices:
    """Devices that answer from memory; ``silent`` ones have a session and never answer."""

    def __init__(self) -> None:
        self.connected: set[str] = set()
        self.silent: set[str] = set()
        self.variables: dict[str, Any] = {"position": 42}
        self.calls: list[tuple[str, str, str]] = []
        self.signals: list[tuple[str, bool]] = []
        self.flashed: list[tuple[str, bytes, str]] = []
        self.refuse_flash = False
        self.is_flashing, self.may_flash = asyncio.Event(), asyncio.Event()
        self.may_flash.set()
        self._flashing = self.flashing_most = 0
        self.vitals = {6: 600, 25: 83200, 26: 32992}
        self.listening: dict[str, tuple[Subscription, ...]] = {}
        self.received: asyncio.Queue[tuple[str, str, str | bytes | None]] = asyncio.Queue()
        self.disconnected: list[str] = []

    def _reach(self, device_id: str) -> None:
        if device_id not in self.connected:
            raise DeviceOffline(device_id)
        if device_id in self.silent:
            raise DeviceTimeout(device_id)

    def online(self, device_id: str) -> bool:
        return device_id in self.connected

    async def read_variable(
        self, device_id: str, name: str, kind: VariableType, permit: Permit
    ) -> bool | int | float | str:
        permit()
        self._reach(device_id)
        if name not in self.variables:
            raise VariableUnknown(name)
        value: bool | int | float | str = self.variables[name]
        return value

    async def call_function(self, device_id: str, name: str, argument: str, permit: Permit) -> int:
        permit()
        self._reach(device_id)
        self.calls.append((device_id, name, argument))
        return len(argument)

    async def signal(self, device_id: str, on: bool, permit: Permit) -> None:
        permit()
        self._reach(device_id)
        self.signals.append((device_id, on))

    async def ping(self, device_id: str) -> bool:
        self._reach(device_id)
        return True

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        permit()
        self._reach(device_id)
        if self.refuse_flash:
            raise FlashRefused("the device has no room")
        self.is_flashing.set()
        self._flashing += 1
        self.flashing_most = max(self.flashing_most, self._flashing)
        await self.may_flash.wait()
        self._flashing -= 1
        permit()
        self.flashed.append((device_id, image, name))

    async def metrics(self, device_id: str, permit: Permit) -> dict[int, int]:
        permit()
        self._reach(device_id)
        return self.vitals

    def listeners(self, name: str) -> list[tuple[str, str]]:
        return [
            (device_id, each.scope)
            for device_id, subscriptions in self.listening.items()
            for each in subscriptions
            if name.startswith(each.prefix)
        ]

    def send_event(self, device_id: str, name: str, data: str | bytes | None, *, private: bool = True) -> bool:
        self.received.put_nowait((device_id, name, data))
        return True

    def disconnect(self, device_id: str) -> None:
        self.disconnected.append(device_id)


class ManualClock:
    """Seconds since 1970 that pass only when told to."""

    def __init__(self) -> None:
        self.seconds = 1_760_000_000.0

    def __call__(self) -> float:
        return self.seconds


def public_pem() -> str:
    """The public half of a fresh device key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@dataclass
class World:
    """A cloud with helpers that go through its HTTP API; ids and tokens by name."""

    cloud: Cloud
    devices: FakeDevices
    clock: ManualClock
    app: ASGIApp
    http: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    slept: list[float] = field(default_factory=list)  # what the cloud waited for; it took no time
    may_sleep: asyncio.Event = field(default_factory=asyncio.Event)  # while cleared, the cloud waits on

    async def call(self, method: str, path: str, who: str | None = None, **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return await self.http.request(method, path, headers=headers, **more)

    async def ok(self, method: str, path: str, who: str | None = None, **more: Any) -> Any:
        answer = await self.call(method, path, who, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    async def user(self, name: str) -> str:
        """Create a user and log in; the token is kept under the name."""
        email = f"{name}@example.com"
        await self.ok("POST", "/v1/users", data={"username": email, "password": "secret"})
        granted = await self.log_in(email)
        self.tokens[name] = granted["access_token"]
        return self.tokens[name]

    async def log_in(self, email: str, **more: str) -> Any:
        form = {"grant_type": "password", "username": email, "password": "secret", **more}
        return await self.ok("POST", "/oauth/token", data=form, auth=("particle-cli", "particle-cli"))

    async def product(self, owner: str, name: str = "Shades") -> dict[str, Any]:
        answer = await self.ok("POST", "/v1/user/products", owner, json={"product": {"name": name, "platform_id": 6}})
        return dict(answer["product"])

    async def client(self, owner: str, product: int) -> tuple[str, str]:
        body = {"name": "server", "type": "installed"}
        client = (await self.ok("POST", f"/v1/products/{product}/clients", owner, json=body))["client"]
        return client["id"], client["secret"]

    async def customer(self, name: str, product: int, client: tuple[str, str]) -> str:
        form = {"email": f"{name}@example.com", "no_password": "true"}
        granted = await self.ok("POST", f"/v1/products/{product}/customers", data=form, auth=client)
        self.tokens[name] = granted["access_token"]
        return self.tokens[name]

    @property
    def pem(self) -> str:
        """A device key that cannot be used."""
        return _PEM

    async def enrol(self, who: str, device_id: str = DEVICE) -> None:
        form = {"deviceID": device_id, "publicKey": _PEM, "filename": "cli", "order": "manual_1", "algorithm": "rsa"}
        await self.ok("POST", f"/v1/provisioning/{device_id}", who, data=form)

    async def go_online(self, device_id: str = DEVICE, product_id: int = 0xFFFF, version: int = 1) -> None:
        self.devices.connected.add(device_id)
        await self.cloud.reports.came_online(device_id, Hello(product_id, version, PHOTON, 0, "127.0.0.1"))
        await self.cloud.reports.described(device_id, Describe({"position": "int32"}, ("move",), (), "2.3.1"))

    async def user_with_device(self, name: str) -> None:
        """Create a user, whose device is online."""
        await self.user(name)
        await self.enrol(name)
        await self.go_online()
        await self.ok("POST", "/v1/devices", name, json={"id": DEVICE})

    async def go_offline(self, device_id: str = DEVICE) -> None:
        self.devices.connected.discard(device_id)
        await self.cloud.reports.went_offline(device_id)

    async def device_publishes(self, name: str, data: str | None = None, device_id: str = DEVICE) -> None:
        await self.cloud.reports.published(device_id, PublishedEvent(name, data, 60, True))

    def owner(self, device_id: str = DEVICE) -> tuple[str, str] | None:
        device = self.cloud.store.devices.get(device_id)
        assert device is not None
        return None if device.state.owner is None else (device.state.owner.kind, device.state.owner.id)


_PEM = public_pem()


@contextlib.asynccontextmanager
async def world(folder: Path, settings: Settings = PLAIN) -> AsyncIterator[World]:
    """A cloud on a state file in ``folder``, spoken to without sockets."""
    clock = ManualClock()
    with contextlib.closing(Store(folder / "cloud.sqlite", clock)) as store:
        slept: list[float] = []
        may_sleep = asyncio.Event()
        may_sleep.set()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await may_sleep.wait()

        devices = FakeDevices()
        cloud = Cloud(store, devices, settings, now=clock, sleep=sleep)
        app = make_app(cloud)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:1") as http:
            yield World(cloud, devices, clock, app, http, {"admin": ADMIN}, slept=slept, may_sleep=may_sleep)
        await cloud.close()


@dataclass(frozen=True)
class Fixture:
    """The usual people: team member ``m`` with product ``p`` and client, customers ``c`` and ``c2``, stranger ``o``."""

    product: int
    slug: str
    client: tuple[str, str]

    @property
    def organization(self) -> str:
        """In 2016 one was made with the product, under its slug."""
        return self.slug


async def populate(there: World) -> Fixture:
    """Users m, o; product; client; customers c, c2; product token p; device D imported and online, unowned."""
    await there.user("m")
    await there.user("o")
    product = await there.product("m")
    client = await there.client("m", product["id"])
    await there.customer("c", product["id"], client)
    await there.customer("c2", product["id"], client)
    granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    there.tokens["p"] = granted["access_token"]
    await there.enrol("m")
    await there.ok("POST", f"/v1/products/{product['id']}/devices", "m", json={"id": DEVICE})
    await there.go_online(product_id=product["id"])
    return Fixture(product["id"], product["slug"], client)
