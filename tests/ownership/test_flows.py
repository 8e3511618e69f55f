"""Transfers against a real local cloud: what is left behind when a step is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.bench.virtual.cloud import LocalCloud
from photonrig.errors import NetworkError, UsageError
from photonrig.ownership.flows import DeviceUnowned, transfer_to_customer
from photonrig.particle.cloud import ClientCredentials, Cloud, Owner, Scope, product
from photonrig.particle.cloud_errors import ApiError, NotFound
from photonrig.particle.keys import generate_device_key, public_key_pem

DEVICE = "0123456789abcdef01234567"
STRAY = "fedcba987654321001234567"


@dataclass
class World:
    """A team with one device in its product, claimed to the team's user, and customers of two products."""

    team: Cloud
    product: Scope
    product_id: int
    client: ClientCredentials
    other_product_id: int
    other_client: ClientCredentials

    def customer(self, email: str, *, of_other_product: bool = False) -> Cloud:
        ref, client = (self.other_product_id, self.other_client) if of_other_product else (self.product_id, self.client)
        return self.team.using(self.team.create_customer(ref, email, client=client))

    def owner(self) -> str | None:
        return self.team.device(DEVICE, self.product).owner_name


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with LocalCloud(tmp_path / "cloud") as local, Cloud(local.api) as anybody:
        anybody.create_user("central@example.com", "secret")
        team = anybody.using(anybody.log_in("central@example.com", "secret"))
        made, other = team.create_product("shades"), team.create_product("others")
        for device in (DEVICE, STRAY):
            team.provision(device, public_key_pem(generate_device_key()))
        team.import_devices(made.id, [DEVICE])
        team.claim(DEVICE)
        yield World(
            team,
            product(made.id),
            made.id,
            team.create_client("shades", product=made.id),
            other.id,
            team.create_client("others", product=other.id),
        )


def test_a_device_moves_and_the_window_is_stated(world: World) -> None:
    moved = transfer_to_customer(
        DEVICE, team=world.team, product=world.product, customer=world.customer("a@example.com")
    )
    assert moved.new_owner.kind == "customer"
    assert 0 < moved.unowned_seconds < 30
    assert world.owner() == "a@example.com"


def test_it_moves_on_to_the_next_customer(world: World) -> None:
    first, second = world.customer("a@example.com"), world.customer("b@example.com")
    transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=first, release_as=world.team)
    transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=second, former_owner=first)
    assert world.owner() == "b@example.com"
    assert first.devices() == ()


def test_a_refused_claim_gives_the_device_back(world: World) -> None:
    stranger = world.customer("a@example.com", of_other_product=True)
    with pytest.raises(ApiError):
        transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=stranger, former_owner=world.team)
    assert world.owner() == "central@example.com"


def test_without_a_former_owner_the_error_says_that_it_is_nobodys(world: World) -> None:
    stranger = world.customer("a@example.com", of_other_product=True)
    with pytest.raises(DeviceUnowned, match=DEVICE):
        transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=stranger)
    assert world.owner() is None
    # Nobody's, not lost: it is still in the product, and a customer of that product can claim it.
    transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=world.customer("b@example.com"))
    assert world.owner() == "b@example.com"


def test_a_device_outside_the_product_is_left_alone(world: World) -> None:
    with pytest.raises((NotFound, UsageError)):
        transfer_to_customer(STRAY, team=world.team, product=world.product, customer=world.customer("a@example.com"))


def test_a_lost_answer_to_the_claim_is_no_lost_device(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = world.customer("a@example.com")
    claim, lost = customer.claim, []

    def claim_and_lose_the_first_answer(device: str, *, request_transfer: bool = False) -> Owner | None:
        owner = claim(device, request_transfer=request_transfer)
        if not lost:
            lost.append(device)
            raise NetworkError("the connection broke before the answer came")
        return owner

    monkeypatch.setattr(customer, "claim", claim_and_lose_the_first_answer)
    transfer_to_customer(DEVICE, team=world.team, product=world.product, customer=customer, former_owner=world.team)
    assert lost == [DEVICE]
    assert world.owner() == "a@example.com"
