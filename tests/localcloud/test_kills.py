"""kill -9 under load: every change of owner that was acknowledged is there after the restart."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from ..patience import PATIENCE
from .process import Process, running
from .world import public_pem

CUSTOMERS = ("c@example.com", "c2@example.com")
DEVICES = tuple(f"{number:024x}" for number in range(12))
WRITERS = 4


@dataclass
class World:
    """A product with devices that go from customer to customer, and what the cloud said of each."""

    product: int
    team: str
    tokens: dict[str, str]
    owners: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(DEVICES))
    wanted: dict[str, str | None] = field(default_factory=dict)  # asked for, not acknowledged when the cloud died
    acknowledged: int = 0

    def change(self, http: httpx.Client, device: str, owner: str | None) -> None:
        """Release a device, or claim it for a customer; noted only once the cloud has said that it is done."""
        self.wanted[device] = owner
        if owner is None:
            path, token, body = f"/v1/products/{self.product}/devices/{device}/owner", self.team, None
        else:
            path, token, body = "/v1/devices", self.tokens[owner], {"id": device}
        headers = {"Authorization": f"Bearer {token}"}
        http.request("POST" if body else "DELETE", path, json=body, headers=headers).raise_for_status()
        self.owners[device] = self.wanted.pop(device)

    def compare(self, cloud: Process) -> None:
        """What the restarted cloud says; a change that was under way when it died may have happened or not."""
        listed = cloud.ok("GET", f"/v1/products/{self.product}/devices", self.team, params={"perPage": 100})["devices"]
        assert len(listed) == len(DEVICES)
        for each in listed:
            device, owner = each["id"], each.get("owner")
            possible = {self.owners[device], self.wanted.get(device, self.owners[device])}
            assert owner in possible, f"{device} belongs to {owner}; the cloud acknowledged {self.owners[device]}"
            self.owners[device] = owner
        for customer, token in self.tokens.items():
            theirs = {each["id"] for each in cloud.ok("GET", "/v1/devices", token)}
            assert theirs == {device for device, owner in self.owners.items() if owner == customer}
        self.wanted.clear()


def settle(cloud: Process) -> World:
    """The world, all devices unowned."""
    cloud.ok("POST", "/v1/users", data={"username": "m@example.com", "password": "secret"})
    form = {"grant_type": "password", "username": "m@example.com", "password": "secret"}
    team = cloud.ok("POST", "/oauth/token", data=form, auth=("particle-cli", "particle-cli"))["access_token"]
    product = cloud.ok("POST", "/v1/user/products", team, json={"product": {"name": "Shades"}})["product"]["id"]
    client = cloud.ok("POST", f"/v1/products/{product}/clients", team, json={"name": "s"})["client"]
    key = public_pem()
    for device in DEVICES:
        cloud.ok("POST", f"/v1/provisioning/{device}", team, data={"publicKey": key})
    cloud.ok("POST", f"/v1/products/{product}/devices", team, json={"ids": list(DEVICES)})
    tokens = {}
    for customer in CUSTOMERS:
        form = {"email": customer, "no_password": "true"}
        auth = (client["id"], client["secret"])
        granted = cloud.ok("POST", f"/v1/products/{product}/customers", data=form, auth=auth)
        tokens[customer] = granted["access_token"]
    return World(product, team, tokens)


@contextlib.contextmanager
def load(world: World, api: str, seed: int) -> Iterator[threading.Semaphore]:
    """Writers that change owners until the cloud is gone; the semaphore counts what was acknowledged."""
    acknowledged = threading.Semaphore(0)
    faults: list[BaseException] = []
    counting = threading.Lock()

    def write(devices: tuple[str, ...], chance: random.Random) -> None:
        with httpx.Client(base_url=api, timeout=PATIENCE) as http:
            try:
                while True:
                    device = chance.choice(devices)
                    owner = chance.choice(CUSTOMERS) if world.owners[device] is None else None
                    world.change(http, device, owner)
                    with counting:
                        world.acknowledged += 1
                    acknowledged.release()
            except httpx.TransportError:
                return
            except BaseException as fault:
                faults.append(fault)
                acknowledged.release(1000)

    threads = [
        threading.Thread(target=write, args=(DEVICES[number::WRITERS], random.Random(f"{seed} {number}")))
        for number in range(WRITERS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        for thread in threads:
            thread.join()
    assert not faults, faults[0]


def kill(state: Path, times: int, seed: int) -> World:
    """So many kills in a row on one state, each at a moment drawn by the seed, with a comparison after each."""
    chance = random.Random(seed)
    with running(state) as cloud:
        world = settle(cloud)
    for number in range(times):
        with running(state) as cloud:
            world.compare(cloud)
            with load(world, cloud.ready["api"], seed * 1000 + number) as acknowledged:
                try:
                    for _ in range(chance.randint(1, 60)):
                        assert acknowledged.acquire(timeout=PATIENCE)
                finally:
                    cloud.end(signal.SIGKILL)
    with running(state) as cloud:
        world.compare(cloud)
    return world


def test_twelve_kills_lose_no_owner(tmp_path: Path) -> None:
    world = kill(tmp_path, times=12, seed=1)
    assert world.acknowledged >= 12


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills_lose_no_owner(tmp_path: Path) -> None:
    world = kill(tmp_path, times=200, seed=2)
    print(f"200 kills, {world.acknowledged} changes of owner acknowledged, none lost")
