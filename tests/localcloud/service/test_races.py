"""Changes of ownership that meet: over real sockets, exactly one of those who want a device gets it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from ...patience import PATIENCE
from ..process import Process, running
from ..world import public_pem

FOREIGN = {"ok": False, "errors": ["That belongs to someone else."]}


class _Shop:
    """A product with devices and customers on a running cloud; each customer acts through a connection of its own."""

    def __init__(self, cloud: Process, devices: int) -> None:
        self.cloud = cloud
        cloud.ok("POST", "/v1/users", data={"username": "m@example.com", "password": "x"})
        form = {"grant_type": "password", "username": "m@example.com", "password": "x"}
        auth = ("particle", "particle")
        self.team = cloud.ok("POST", "/oauth/token", data=form, auth=auth)["access_token"]
        product = cloud.ok("POST", "/v1/user/products", self.team, json={"name": "Shades"})["product"]
        self.product = f"/v1/products/{product['id']}"
        made = cloud.ok("POST", f"{self.product}/clients", self.team, json={"name": "app", "type": "installed"})
        self.client = (made["client"]["id"], made["client"]["secret"])
        self.devices = [f"{number:024x}" for number in range(devices)]
        key = public_pem()
        for device in self.devices:
            cloud.ok("POST", f"/v1/provisioning/{device}", self.team, data={"publicKey": key})
        cloud.ok("POST", f"{self.product}/devices", self.team, json={"ids": self.devices})

    def customer(self, name: str) -> httpx.Client:
        form = {"email": name, "no_password": "true"}
        granted = self.cloud.ok("POST", f"{self.product}/customers", data=form, auth=self.client)
        return self.acting(granted["access_token"])

    def acting(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.cloud.ready["api"], headers=headers, timeout=PATIENCE)

    def owner(self, device: str) -> Any:
        return self.cloud.ok("GET", f"{self.product}/devices/{device}", self.team)["owner"]


def _at_once(calls: list[Callable[[], httpx.Response]]) -> list[httpx.Response]:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], httpx.Response]) -> httpx.Response:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_two_claims_at_once_exactly_one_wins_and_the_other_is_told_so(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        shop = _Shop(cloud, devices=12)
        names = ("a", "b", "c", "d")
        customers = [shop.customer(name) for name in names]
        won = dict.fromkeys(names, 0)
        for device in shop.devices:
            answers = _at_once([partial(each.post, "/v1/devices", json={"id": device}) for each in customers])
            winners = [name for name, answer in zip(names, answers, strict=True) if answer.status_code == 200]
            assert len(winners) == 1, [answer.text for answer in answers]
            won[winners[0]] += 1
            for answer in answers:
                assert answer.status_code == 200 or (answer.status_code, answer.json()) == (403, FOREIGN)
            assert shop.owner(device) == winners[0]
        assert sum(won.values()) == len(shop.devices)
        for each in customers:
            each.close()


def test_a_claim_meets_a_release_and_the_device_is_the_claimants_or_nobodys(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        shop = _Shop(cloud, devices=10)
        owner, other, team = shop.customer("a"), shop.customer("b"), shop.acting(shop.team)
        for device in shop.devices:
            assert owner.post("/v1/devices", json={"id": device}).status_code == 200
            claimed, released = _at_once(
                [
                    partial(other.post, "/v1/devices", json={"id": device}),
                    partial(team.delete, f"{shop.product}/devices/{device}/owner"),
                ]
            )
            assert released.status_code == 200
            # Whichever came first: the answer of the claim tells what became of it.
            assert shop.owner(device) == {200: "b", 403: None}[claimed.status_code]
        for each in (owner, other, team):
            each.close()


@pytest.mark.parametrize("changes", [30])
def test_an_owner_change_is_never_seen_half_done(tmp_path: Path, changes: int) -> None:
    """With the extension there is no moment at which the device is nobody's, however many look."""
    with running(tmp_path, "--extensions") as cloud:
        shop = _Shop(cloud, devices=1)
        device = shop.devices[0]
        with shop.customer("a") as first, shop.customer("b") as second, shop.acting(shop.team) as team:
            assert first.post("/v1/devices", json={"id": device}).status_code == 200
            done = threading.Event()

            def look(path: str, of: httpx.Client) -> set[Any]:
                seen = set()
                while not done.is_set():
                    answer = of.get(path).json()
                    seen.add(answer["owner"] if isinstance(answer, dict) else len(answer))
                return seen

            with shop.acting(shop.team) as watching, ThreadPoolExecutor(1) as pool:
                seen = pool.submit(look, f"{shop.product}/devices/{device}", watching)
                try:
                    for number in range(changes):
                        body = {"customer": "ba"[number % 2]}
                        assert team.put(f"{shop.product}/devices/{device}/owner", json=body).status_code == 200
                        new, old = (second, first) if number % 2 == 0 else (first, second)
                        assert [each["id"] for each in new.get("/v1/devices").json()] == [device]
                        assert old.get("/v1/devices").json() == []
                finally:
                    done.set()
            assert seen.result() == {"a", "b"}
