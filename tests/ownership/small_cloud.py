"""A local cloud over real HTTP with accounts and devices to move about, and ways to lose its answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx

from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.local_cloud_admin import LocalAdmin
from photonrig.errors import NetworkError
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities, Offers, Whereabouts
from photonrig.particle.cloud import ClientCredentials, Cloud, product
from photonrig.particle.cloud_types import CloudDevice
from photonrig.particle.keys import generate_device_key, private_key_der, public_key_pem

from ..patience import PATIENCE

T = TypeVar("T")

DEVICE = "0123456789abcdef01234567"
STRAY = "fedcba987654321001234567"
CENTRAL, MATE, STRANGER = "central@example.com", "mate@example.com", "stranger@example.com"
PASSWORD = "secret"


class Wire(httpx.BaseTransport):
    """A transport that calls ``before`` and ``after`` around each request; what they raise is what the caller gets.

    The request of number ``refuses`` does not arrive and is answered with a refusal. What is asked again and again,
    until something has happened, is one request.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.before: Callable[[int, str], None] = lambda number, request: None
        self.after: Callable[[int, str], None] = lambda number, request: None
        self.refuses = -1
        self.refuses_changes = False  # of the cloud: what is no GET
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        def send() -> httpx.Response:
            response = self._inner.handle_request(request)
            response.read()
            return response

        def refusal() -> httpx.Response:
            return httpx.Response(418, json={"ok": False, "error": "no"}, request=request)

        if self.refuses_changes and request.method != "GET":
            return refusal()
        return self.carry(f"{request.method} {request.url.path}", send, refusal)

    def carry(self, name: str, send: Callable[[], T], refusal: Callable[[], T]) -> T:
        """Send one request, by whatever way it goes."""
        if self.requests[-1:] == [name]:
            return send()
        number = len(self.requests)
        self.requests.append(name)
        if number == self.refuses:
            return refusal()
        self.before(number, name)
        answer = send()
        self.after(number, name)
        return answer

    def close(self) -> None:
        self._inner.close()


@dataclass
class World:
    """Central user and team mate on the teams of two products, a stranger, and one device in the first product."""

    local: LocalCloud
    team: Cloud
    mate: Cloud
    stranger: Cloud
    shades: int
    drapes: int
    clients: dict[int, ClientCredentials]
    admin: LocalAdmin
    key: Path  # the device's private key
    wire: Wire = field(default_factory=Wire)

    def keys(self, *, offers: Offers = Offers(), cloud: Cloud | None = None) -> Identities:  # noqa: B008
        """Keys of the team, with the mate's; as a new process would have them."""
        team = (cloud or self.team).using(self.team.token)
        return Identities(team, CENTRAL, clients=self.clients, users={MATE: team.using(self.mate.token)}, offers=offers)

    def keys_of_both(self, *, offers: Offers = Offers(), cloud: Cloud | None = None) -> Identities:  # noqa: B008
        """The same, and owners answer to requests for transfer at once."""
        keys = self.keys(offers=offers, cloud=cloud)
        keys.approve = self._approve
        return keys

    def _approve(self, transfer: str) -> CloudDevice:
        def deny() -> CloudDevice:
            self.admin.deny(transfer)
            return self.admin.device(DEVICE)

        try:
            return self.wire.carry("the owner's answer", lambda: self.admin.approve(transfer), deny)
        except httpx.ReadError as error:
            raise NetworkError(str(error)) from None

    @contextmanager
    def wired(self, *, offers: Offers = Offers()) -> Iterator[Identities]:  # noqa: B008
        """Keys whose requests go through :attr:`wire`."""
        with Cloud(self.local.api) as cloud:
            cloud._client.close()
            self.wire = Wire()
            cloud._client = httpx.Client(transport=self.wire, timeout=PATIENCE)
            yield self.keys_of_both(offers=offers, cloud=cloud)

    def customer(self, name: str, of: int | None = None) -> Account:
        return Account.customer(f"{name}@example.com", of or self.shades)

    def where(self, device: str = DEVICE) -> Whereabouts:
        return self.keys().find(device, (self.shades, self.drapes), [Account.user(CENTRAL), Account.user(MATE)])

    def owner(self, device: str = DEVICE) -> Account | None:
        return self.where(device).owner

    def product(self, device: str = DEVICE) -> int | None:
        return self.where(device).product

    def reset(self, owner: Account | None, device: str = DEVICE) -> None:
        """Bring the device back into the first product with this owner, whatever became of it."""
        for each in (self.shades, self.drapes):
            if device in {found.id for found in self.team.devices(product(each))}:
                self.team.release(device, product(each))
                if each != self.shades:
                    self.team.remove_device(each, device)
        for user in (self.team, self.mate):
            if device in {found.id for found in user.devices()}:
                user.release(device)
        self.team.import_devices(self.shades, [device])
        if owner is not None:
            self.keys().claim(device, owner)

    def take(self, plan: Plan, **more: object) -> Progress:
        return take(plan, self.keys(), **more)  # type: ignore[arg-type]


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """An world on a local cloud of its own, which also offers what Particle's does not."""
    with (
        LocalCloud(folder / "cloud", extensions=True) as local,
        local.admin() as admin,
        Cloud(local.api) as anybody,
    ):
        acting = {}
        for name in (CENTRAL, MATE, STRANGER):
            anybody.create_user(name, PASSWORD)
            acting[name] = anybody.using(anybody.log_in(name, PASSWORD))
        team = acting[CENTRAL]
        made = {name: team.create_product(name).id for name in ("shades", "drapes")}
        for each in made.values():
            team.request("POST", f"/v1/products/{each}/team", json={"username": MATE, "role": "Developer"})
        for device in (DEVICE, STRAY):
            key = generate_device_key()
            (folder / f"{device}.der").write_bytes(private_key_der(key))
            team.provision(device, public_key_pem(key))
        team.import_devices(made["shades"], [DEVICE])
        yield World(
            local,
            team,
            acting[MATE],
            acting[STRANGER],
            made["shades"],
            made["drapes"],
            {each: team.create_client(name, product=each) for name, each in made.items()},
            admin,
            folder / f"{DEVICE}.der",
        )
