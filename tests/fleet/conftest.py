"""A local cloud with a fleet in one product, none of it online: ownership needs no device that answers."""

from __future__ import annotations

import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.rack import PhotonRack
from photonrig.bench.slots.virtual.photon import Server
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import FleetPlan, make_plan
from photonrig.fleet.snapshot import snapshot
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import MoveResult, Rules
from photonrig.ownership.identities import Account, Offers
from photonrig.particle.cloud import ClientCredentials, Cloud, Product, Token, product
from photonrig.particle.keys import generate_device_key, public_key_pem
from photonrig.particle.throttle import LIMITS

from ..patience import PATIENCE

ROOT = Path(__file__).parents[2]
CENTRAL = "central@example.com"
PASSWORD = "a password"


NOTHING_MORE = Permit()


class Quiet:
    """Watches, and remembers."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.waves: list[int] = []
        self.outcomes: list[Transfer] = []

    def begins(self, devices: int) -> None:
        self.total = devices

    def wave(self, number: int, of: int, devices: int) -> None:
        self.waves.append(devices)

    def settled(self, transfer: Transfer) -> None:
        self.outcomes.append(transfer)


@dataclass
class World:
    """The company's side of a cloud: products, clients and devices of one central user."""

    folder: Path
    local: LocalCloud
    team: Cloud
    token: Token
    products: list[Product]
    clients: dict[int, ClientCredentials]
    devices: list[str] = field(default_factory=list)

    @property
    def product(self) -> int:
        return self.products[0].id

    def enrol(self, count: int, *, claimed: bool = True) -> list[str]:
        """Devices in the first product, claimed to the central user."""
        pem = public_key_pem(KEY)
        new = [secrets.token_hex(12) for _ in range(count)]
        for device in new:
            self.team.provision(device, pem)
        self.team.import_devices(self.product, new)
        if claimed:
            for device in new:
                self.team.claim(device)
        self.devices += new
        return new

    @property
    def server(self) -> Server:
        return Server(self.local.key_file, self.local.device_host, self.local.device_port)

    def rack(self, devices: list[str], folder: Path) -> PhotonRack:
        firmware = build_variant(TOOLS, "roller")
        return PhotonRack(
            TOOLS.vphoton, folder, devices, key=KEY, firmware=firmware, server=self.server, wired_to="roller"
        )

    def online(self) -> set[str]:
        return {device.id for device in self.team.devices(product(self.product)) if device.online}

    def config(self, api: str | None = None, **offers: bool) -> FleetConfig:
        return FleetConfig(api or self.local.api, CENTRAL, self.token, self.clients, Offers(**offers), LIMITS["none"])

    def write_config(self, folder: Path) -> Path:
        """fleet.toml, with its secrets."""
        client = self.clients[self.product]
        for name, text in (("central.token", self.token.access_token), ("client.secret", client.secret)):
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(text)
        path = folder / "fleet.toml"
        path.write_text(
            f'api = "{self.local.api}"\naccount = "{CENTRAL}"\ntoken-file = "central.token"\n'
            f'[[client]]\nproduct = {self.product}\nid = "{client.id}"\nsecret-file = "client.secret"\n'
        )
        return path

    def plan(self, assignments: list[Transfer], permit: Permit = NOTHING_MORE, api: str | None = None) -> FleetPlan:
        config = self.config(api)
        operator = Operator.of(self.config())
        seen = snapshot(operator.team, CENTRAL, [each.id for each in self.products])
        operator.close()
        return make_plan(assignments, seen, config, permit)

    def owner(self, device: str, product_id: int | None = None) -> str | None:
        return self.team.device(device, product(product_id or self.product)).owner_name

    def customer(self, name: str, product_id: int | None = None) -> Cloud:
        """A customer who exists."""
        at = product_id or self.product
        return self.team.using(self.team.create_customer(at, name, client=self.clients[at]))


KEY = generate_device_key()
TOOLS = Toolchain(ROOT)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with LocalCloud(folder / "cloud") as local, Cloud(local.api) as anybody:
        anybody.create_user(CENTRAL, PASSWORD)
        token = anybody.log_in(CENTRAL, PASSWORD, expires_in=0)
        team = anybody.using(token)
        products = [team.create_product(name) for name in ("shades", "blinds")]
        clients = {each.id: team.create_client("fleet", product=each.id) for each in products}
        yield World(folder, local, team, token, products, clients)


@pytest.fixture
def assignments(world: World) -> Callable[[int], list[Transfer]]:
    """So many fresh devices, each to a customer of its own."""

    def make(count: int) -> list[Transfer]:
        return [Transfer(row, device, f"{device[:8]}@example.com") for row, device in enumerate(world.enrol(count), 2)]

    return make


@pytest.fixture
def journal(tmp_path: Path) -> Callable[[FleetPlan], Journal]:
    return lambda plan: Journal(tmp_path / "fleet.journal", digest=plan.digest, plan=plan.text())


@pytest.fixture
def switch_on(world: World, tmp_path: Path) -> Iterator[Callable[[list[str]], None]]:
    """Brings devices online, until the end of the test."""
    with ExitStack() as stack:

        def join(devices: list[str]) -> None:
            stack.enter_context(world.rack(devices, tmp_path / "rack"))

        yield join


RULES = Rules(canary=2, wave=10, at_once=4, stop_at=0.0, patience=PATIENCE)


def all_given(world: World, assignments: list[Transfer]) -> bool:
    return all(world.owner(assignment.device) == assignment.customer for assignment in assignments)


def to(name: str, product_id: int) -> Account:
    return Account.customer(name, product_id)


def outcomes(carried: MoveResult) -> dict[str | None, int]:
    found: dict[str | None, int] = {}
    for transfer in carried.transfers.values():
        found[transfer.outcome] = found.get(transfer.outcome, 0) + 1
    return found


def rig_fleet(*words: str) -> subprocess.Popen[str]:
    """photonrig fleet as a process of its own; both its outputs are in one."""
    return subprocess.Popen(
        [sys.executable, "-m", "photonrig.cli.main", "fleet", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def begun(journal: Path) -> int:
    """Steps that were ever written down."""
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM steps").fetchone()[0])
        except sqlite3.OperationalError:
            return 0
