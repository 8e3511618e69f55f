"""Matrix target of virtual Photons on a local cloud of one era, also for the forum thread of 2016."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from photonrig.bench.lab import Lab
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.local_cloud_admin import LocalAdmin
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.ownership.identities import Identities, Offers
from photonrig.particle.cloud import USER, ClientCredentials, Cloud, Scope, Token, legacy_org, product
from photonrig.particle.events import EventStream
from photonrig.particle.keys import generate_device_key, public_key_pem
from photonrig.scenarios.matrix import move
from photonrig.scenarios.matrix_cells import Family

# The device states of each era's cells, one device each.
STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "today": ("customer-owned", "user-owned", "unowned", "sandbox", "customer-owned offline", "unowned offline"),
    "2016-after": ("customer-owned", "user-owned", "unowned", "unowned offline"),
    "2016-before": ("customer-owned", "orphaned"),
}
_ROLES: Final = {"V": "View-only", "S": "Support", "D": "Developer"}
_TRAVEL: Final = "500,500"  # milliseconds from closed to open and back, the least the firmware accepts


@dataclass(slots=True)
class VirtualTarget:
    """See :class:`~photonrig.scenarios.matrix.MatrixTarget`; ``spare`` is one more device, out of the box."""

    lab: Lab
    era: str
    admin: LocalAdmin
    tokens: dict[str, Cloud]
    devices: dict[str, VirtualPhoton]
    spare: VirtualPhoton
    emails: dict[str, str]
    _other: int
    _other_client: ClientCredentials
    _targets: dict[str, int] = field(default_factory=dict)
    clock: Clock = SYSTEM

    @property
    def name(self) -> str:
        """Name in reports and baselines."""
        return "local cloud"

    @property
    def scope(self) -> Scope:
        """API scope of the product's devices in this era."""
        return product(self.lab.product.id) if self.era == "today" else legacy_org(self.slug, self.lab.product.id)

    @property
    def slug(self) -> str:
        """The product's slug, also its organization's."""
        return self.lab.product.slug

    def names(self, state: str) -> dict[str, str]:
        """Values of ``{d}``, ``{p}`` and ``{o}`` in a state."""
        product_ref = str(self.lab.product.id) if self.era == "today" else self.slug
        return {"d": self.device(state), "p": product_ref, "o": self.slug}

    def device(self, state: str) -> str:
        """The id of a state's device."""
        return self.devices[state].device_id

    def has(self, state: str) -> bool:
        """Whether there is a device for this state."""
        return state in self.devices

    def acting(self, token: str) -> Cloud | None:
        """The cloud with a token of this kind; None without one."""
        return self.tokens.get(token)

    def owner(self, device: str) -> tuple[str, str] | None:
        """Kind and name of the owner, by the /admin API; of a corrupt claim ("nobody", id)."""
        seen = self.admin.device(device)
        if self.admin.owned_by_nobody(device):
            return "nobody", seen.owner.id if seen.owner is not None else ""
        return None if seen.owner is None else (seen.owner.kind, str(seen.owner_name))

    def arrange(self, state: str) -> None:
        """Bring the state's device into its state and prove it; repairs only differences.

        :raises ExpectationFailed: it could not be brought there
        """
        wanted = state.removesuffix(" offline")
        self.put(self.device(state), wanted)
        photon = self.devices[state]
        if state.endswith(" offline") and photon.alive:
            photon.stop()
            self.clock.wait_until(lambda: not self.admin.device(photon.device_id).online, 30, f"{state}: offline")

    def put(self, device: str, wanted: str) -> None:
        """Give a device the owner and product of a state.

        :raises ExpectationFailed: it does not have them
        """
        who = {"customer-owned": "C", "user-owned": "M", "orphaned": "C"}.get(wanted)
        owner = None if who is None else ("user" if who == "M" else "customer", self.emails[who])
        if wanted == "orphaned":
            owner = ("nobody", "")
        if not self._is(device, wanted, owner):
            self.admin.unclaim(device)
            inside = self.admin.device(device).product_id is not None
            if wanted == "sandbox" and inside:
                self.admin.leave_product(device)
            elif wanted != "sandbox" and not inside:
                self.tokens["M"].import_devices(self.lab.product.id, [device])
            if who is not None:
                self.tokens[who].claim(device)
            if wanted == "customer-owned" and self.admin.owned_by_nobody(device):
                self.admin.repair(device)
        if not self._is(device, wanted, owner):
            raise ExpectationFailed(f"cannot be brought into the state {wanted}: {self.owner(device)}", device=device)

    def _is(self, device: str, wanted: str, owner: tuple[str, str] | None) -> bool:
        seen = self.owner(device)
        right = seen == owner or (seen is not None and owner is not None and seen[0] == owner[0] == "nobody")
        return right and (self.admin.device(device).product_id is None) == (wanted == "sandbox")

    def witness(self, state: str) -> EventStream:
        """The product's stream, which shows all its devices."""
        return EventStream(self.tokens["M"], self.scope.events)

    def provoke(self, state: str) -> None:
        """Move the device a little, which publishes an event."""
        device = self.device(state)
        move(self.tokens["M"], device, self.next_target(device), self.scope)

    def next_target(self, device: str) -> str:
        """A nearby position other than the current one."""
        self._targets[device] = 6 - self._targets.get(device, 2)
        return str(self._targets[device])

    @property
    def other_product(self) -> int:
        """Another product of the team."""
        return self._other

    def keys(self) -> Identities:
        """Identities for flows: the team, customers of both products, a developer; requests are approved at once."""
        clients = {self.lab.product.id: self.lab.client, self._other: self._other_client}
        users = {self.emails["D"]: self.tokens["D"]} if "D" in self.tokens else {}
        return Identities(self.lab.team, self.emails["M"], clients=clients, users=users, approve=self.admin.approve)

    def asks(self, family: str) -> bool:
        """Everything: this cloud is temporary."""
        return True

    def opening(self, path: str) -> None:
        """No cost here."""

    def swept(self, family: Family, body: Any) -> None:
        """Delete a customer that a question has created."""
        if family.name == "customer-create":
            self.tokens["M"].remove_customer(self.lab.product.id, body["email"])


@dataclass(frozen=True, slots=True)
class Extended:
    """A local cloud of today with its extensions: a team, a product and a device of the central user."""

    keys: Identities
    product: int
    device: str

    @property
    def team(self) -> Cloud:
        """The cloud as the central user."""
        return self.keys.team


@contextmanager
def virtual_target(tools: Toolchain, era: str, state: Path, firmware: Path) -> Iterator[VirtualTarget]:
    """A target of an era; runs inside the block.

    :raises UsageError: no such era
    """
    if era not in STATES:
        raise UsageError(f"there is no era {era!r}; there are {', '.join(STATES)}")
    states = STATES[era]
    lab = Lab(
        state,
        vphoton=tools.vphoton,
        sdk=tools.sdk(),
        firmware={"roller": firmware},
        photons=len(states),
        fresh=1,
        era=era,
    )
    with ExitStack() as stack:
        stack.enter_context(lab)
        admin = stack.enter_context(lab.local_cloud.admin())
        other = lab.team.create_product("another product").id
        client = lab.team.create_client("another", product=other)
        tokens, emails = _people(lab, era, other, client)
        devices = dict(zip(states, lab.fielded(), strict=True))
        for photon in devices.values():
            lab.team.call(photon.device_id, "calibrate", _TRAVEL, USER)
        yield VirtualTarget(lab, era, admin, tokens, devices, lab.fresh()[0], emails, other, client)


def _people(lab: Lab, era: str, other: int, others: ClientCredentials) -> tuple[dict[str, Cloud], dict[str, str]]:
    cloud, team, ours = lab.cloud, lab.team, lab.product.id
    emails = {name: f"{name.lower()}@example.com" for name in ("O", "C", "C2", "F", *_ROLES)}
    emails["M"] = team.username()
    tokens = {
        "M": team,
        "C": cloud.using(cloud.create_customer(ours, emails["C"], client=lab.client)),
        "C2": cloud.using(cloud.create_customer(ours, emails["C2"], client=lab.client)),
        "F": cloud.using(cloud.create_customer(other, emails["F"], client=others)),
        "P": cloud.using(cloud.product_token(lab.client)),
        "N": cloud.using(None),
        "X": cloud.using(Token("0" * 40)),
    }
    for name in ("O", *(_ROLES if era == "today" else ())):
        password = secrets.token_urlsafe(12)
        cloud.create_user(emails[name], password)
        if name in _ROLES:
            body = {"username": emails[name], "role": _ROLES[name]}
            team.request("POST", f"/v1/products/{ours}/team", json=body)
        tokens[name] = cloud.using(cloud.log_in(emails[name], password))
    return tokens, emails


@contextmanager
def extended(state: Path) -> Iterator[Extended]:
    """A cloud of today with its extensions; runs inside the block. Its device needs no process to change owner."""
    name = "central@example.com"
    with LocalCloud(state, extensions=True) as local, Cloud(local.api) as cloud:
        password, device = secrets.token_urlsafe(12), secrets.token_hex(12)
        cloud.create_user(name, password)
        team = cloud.using(cloud.log_in(name, password))
        made = team.create_product("extended").id
        client = team.create_client("extended", product=made)
        team.provision(device, public_key_pem(generate_device_key()))
        team.import_devices(made, [device], claim_user=name)
        yield Extended(Identities(team, name, clients={made: client}, offers=Offers(atomic=True)), made, device)
