"""Anything in any order, against the model and a local cloud over real HTTP, with what goes wrong in the world."""

from __future__ import annotations

import secrets
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.local_cloud_admin import LocalAdmin
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities, Offers
from photonrig.ownership.model import DeviceState, Owner, Refusal, Refused
from photonrig.particle.cloud import ClientCredentials, Cloud, product
from photonrig.particle.cloud_errors import ApiError, AuthError, OwnedByAnother
from photonrig.particle.keys import generate_device_key, public_key_pem

from ..patience import PATIENCE
from .peers import Peer, Peers
from .small_cloud import Wire
from .world import Request, World, broken

CENTRAL, MATE, STRANGER = (Owner("user", f"{name}@example.com") for name in ("central", "mate", "stranger"))
TOKEN_SECONDS = 2 * 3600
CONFIRMED, UNCONFIRMED = PATIENCE, 0.15  # seconds to wait for what must come, and for what must not
CUSTOMERS = ((0, "jane"), (0, "john"), (1, "jane"))  # product and name: one name is a customer of both

ACCOUNTS = st.integers(0, 5)
OWNERS = st.integers(0, 9)  # an account, or beyond the accounts the owner of the device at hand
DEVICES = st.integers(0, 2)
PRODUCTS = st.integers(0, 1)
FAULTS = st.sampled_from(("none", "none", "none", "request lost", "answer lost", "twice"))

Transition = Callable[[World], World | Refused]


class Disagreement(AssertionError):
    """Cloud and model do not tell the same story.

    Races have no set winner, so the same steps may not lead here twice; the first words of each are kept.
    """

    seen: ClassVar[list[str]] = []

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.seen.append(text)


@dataclass
class Town:
    """The cloud all runs share, with its users and products; devices and customers are each run's own."""

    local: LocalCloud
    clock: Path
    cloud: Cloud
    admin: LocalAdmin
    users: dict[Owner, Cloud]
    products: tuple[int, int]
    clients: dict[int, ClientCredentials]
    peers: Peers
    keys: list[rsa.RSAPrivateKey]
    offset: float = 0.0
    steps: int = 0
    counted: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.counted[what] = self.counted.get(what, 0) + 1

    def move_clock(self, seconds: float) -> None:
        self.offset += seconds
        with self.clock.open("r+b") as file:
            file.write(struct.pack("d", self.offset))


@contextmanager
def town(folder: Path, bug: str = "-") -> Iterator[Town]:
    """A town on a local cloud with this bug, or with none."""
    clock = folder / "clock"
    clock.write_bytes(struct.pack("d", 0.0))
    local = LocalCloud(folder / "cloud")
    local.program = (str(Path(__file__).with_name("spoilt_cloud.py")), bug, str(clock))
    with ExitStack() as stack:
        stack.enter_context(local)
        cloud = stack.enter_context(Cloud(local.api))
        admin = stack.enter_context(local.admin())
        users = {}
        for account in (CENTRAL, MATE, STRANGER):
            cloud.create_user(account.id, "secret")
            users[account] = cloud.using(cloud.log_in(account.id, "secret", expires_in=0))
        team = users[CENTRAL]
        made = tuple(team.create_product(name).id for name in ("shades", "drapes"))
        for each in made:
            team.request("POST", f"/v1/products/{each}/team", json={"username": MATE.id, "role": "Developer"})
        clients = {each: team.create_client(f"client {each}", product=each) for each in made}
        peers = stack.enter_context(Peers())
        keys = [generate_device_key() for _ in range(3)]
        yield Town(local, clock, cloud, admin, users, (made[0], made[1]), clients, peers, keys)


class AnythingInAnyOrder(RuleBasedStateMachine):
    """Rules do one thing to the cloud and the same to the model; after each, both must tell the same story."""

    town: Town

    @initialize(restarts=st.integers(0, 7), owners=st.tuples(OWNERS, OWNERS))
    def begin(self, restarts: int, owners: tuple[int, int]) -> None:
        town = self.town
        self.restarts_left = int(restarts == 0)
        self.team = town.users[CENTRAL]
        self.now = town.offset
        self.run = secrets.token_hex(4)
        self.devices = tuple(secrets.token_hex(12) for _ in range(3))
        self.peers = {}
        for device, key in zip(self.devices, town.keys, strict=True):
            self.team.provision(device, public_key_pem(key))
            self.peers[device] = Peer(town.peers, device, key, town.local.key_file, town.local.device_port)
        self.customers = {
            Owner("customer", f"{town.products[of]}/{name}-{self.run}@example.com"): town.products[of]
            for of, name in CUSTOMERS
        }
        self.accounts = (*town.users, *self.customers)
        self.acting = dict(town.users)
        self.world = World(
            devices=dict.fromkeys(self.devices, DeviceState()),
            users=frozenset(town.users),
            customers=self.customers,
            teams=dict.fromkeys(town.products, frozenset({CENTRAL, MATE})),
        )
        self.checked: World | None = None
        self.codes: list[str] = []
        for account in town.users:
            self.world = self.world.grant(account.id, account)
        for account, of in self.customers.items():
            self.acting[account] = town.cloud.using(
                town.cloud.create_customer(of, self.name(account), client=town.clients[of])
            )
            self.world = self.world.grant(account.id, account, self.now + 90 * 86400)
        self.team.import_devices(town.products[0], self.devices[:2])
        for device in self.devices[:2]:
            self.become(self.world.import_into(device, town.products[0]))
        for device, number in zip(self.devices, owners, strict=False):
            if number < len(self.accounts):
                self.claim_first(device, self.accounts[number])

    def claim_first(self, device: str, owner: Owner) -> None:
        if self.become(self.world.claim(device, owner, online=False)):
            self.acting[owner].claim(device)

    def teardown(self) -> None:
        for peer in getattr(self, "peers", {}).values():
            peer.leave()

    # --- names -------------------------------------------------------------------------------------------------------

    @staticmethod
    def name(account: Owner) -> str:
        return account.id.rpartition("/")[2]

    def account(self, owner: Owner) -> Account:
        return Account(owner.kind, self.name(owner), self.customers.get(owner))

    def become(self, outcome: World | Refused | None) -> bool:
        if isinstance(outcome, World):
            self.world = outcome
            return True
        return False

    # --- asking ------------------------------------------------------------------------------------------------------

    def ask(self, who: Owner, what: Callable[[Cloud], object], means: Transition, fault: str) -> None:
        """Do ``what`` as ``who``, and let it mean the same to the model, or nothing if the token is no good."""
        self.town.count(fault)
        for _ in range({"request lost": 0, "twice": 2}.get(fault, 1)):
            expected: World | Refused | None = None
            if self.world.exists(who) and self.world.tokens[who.id].good(self.now):
                expected = means(self.world)
            try:
                what(self.acting[who])
                refusal = None
            except ApiError as error:
                refusal = error
            if fault != "answer lost":
                self.compare(expected, refusal)
            self.become(expected)

    @staticmethod
    def compare(expected: World | Refused | None, refusal: ApiError | None) -> None:
        match expected:
            case World() if refusal is not None:
                raise Disagreement(f"refused, and the model allows it: {refusal}")
            case Refused(reason) if refusal is None or isinstance(refusal, AuthError):
                raise Disagreement(f"the model refuses ({reason.value}), the cloud says {refusal or 'yes'}")
            case Refused(Refusal.OWNED_BY_ANOTHER) if not isinstance(refusal, OwnedByAnother):
                raise Disagreement(f"it belongs to someone else, and the cloud says {refusal}")
            case None if not isinstance(refusal, AuthError):
                raise Disagreement(f"the token is no good, and the cloud says {refusal or 'yes'}")

    # --- claims ------------------------------------------------------------------------------------------------------

    @rule(by=ACCOUNTS, device=DEVICES, fault=FAULTS)
    def claim(self, by: int, device: int, fault: str) -> None:
        who, which = self.accounts[by], self.devices[device]
        online = self.peers[which].online
        self.ask(who, lambda cloud: cloud.claim(which), lambda world: world.claim(which, who, online=online), fault)

    @rule(device=DEVICES, first=ACCOUNTS, others=st.sets(ACCOUNTS, min_size=1, max_size=3))
    def claims_at_once(self, device: int, first: int, others: set[int]) -> None:
        which = self.devices[device]
        claimants = [
            self.accounts[number]
            for number in sorted({first, *others})
            if self.world.exists(self.accounts[number]) and self.world.tokens[self.accounts[number].id].good(self.now)
        ]
        self.town.count("race")
        online = self.peers[which].online
        winners, answers = race(self.acting, claimants, which)
        allowed = [who for who in claimants if isinstance(self.world.claim(which, who, online=online), World)]
        owner = self.world.devices[which].owner
        if owner is None and allowed:
            if len(winners) != 1 or winners[0] not in allowed:
                raise Disagreement(f"{len(winners)} of {len(allowed)} claims at once won: {winners}")
            self.become(self.world.claim(which, winners[0], online=online))
        elif winners != allowed:
            raise Disagreement(f"{winners} won, and {allowed} may claim")
        for who, refusal in answers.items():
            # Whoever had no right to it may have been told so before or after it became somebody's.
            if who in allowed and who not in winners:
                self.compare(Refused(Refusal.OWNED_BY_ANOTHER), refusal)

    @rule(by=OWNERS, device=DEVICES, fault=FAULTS)
    def release_own(self, by: int, device: int, fault: str) -> None:
        which = self.devices[device]
        who = self.accounts[by] if by < len(self.accounts) else self.world.devices[which].owner or CENTRAL

        def means(world: World) -> World | Refused:
            mine = world.devices[which].owner == who
            return world.release(which) if mine else Refused(Refusal.NOT_IN_PRODUCT)

        self.ask(who, lambda cloud: cloud.release(which), means, fault)

    @rule(of=PRODUCTS, device=DEVICES, fault=FAULTS)
    def release_through_product(self, of: int, device: int, fault: str) -> None:
        where, which = self.town.products[of], self.devices[device]

        def means(world: World) -> World | Refused:
            inside = world.devices[which].product == where
            return world.release(which) if inside else Refused(Refusal.NOT_IN_PRODUCT)

        self.ask(MATE, lambda cloud: cloud.release(which, product(where)), means, fault)

    # --- requests ----------------------------------------------------------------------------------------------------

    @rule(by=st.integers(0, 2), number=DEVICES)
    def ask_for(self, by: int, number: int) -> None:
        devices = [device for device, state in self.world.devices.items() if state.owner and state.owner.kind == "user"]
        if not devices:
            return
        who, which = self.accounts[by], devices[number % len(devices)]
        asked = self.world.ask_for(which, who)
        if isinstance(asked, World):
            self.acting[who].claim(which, request_transfer=True)
            self.become(asked)
            self.town.count("request")

    @rule(by=st.integers(0, 2), number=DEVICES)
    def ask_for_and_see_it_released(self, by: int, number: int) -> None:
        """The owner does not answer and lets the device go."""
        self.ask_for(by, number)
        pending = self.pending()
        if pending:
            device, owner = pending[0].device, pending[0].owner
            self.ask(owner, lambda cloud: cloud.release(device), lambda world: world.release(device), "none")

    def pending(self) -> list[Request]:
        """In an order that is the same when the same steps are taken again, with other ids."""
        return sorted(self.world.requests, key=lambda each: (self.devices.index(each.device), each.asker))

    @rule(number=st.integers(0, 8), yes=st.booleans())
    def answer_request(self, number: int, yes: bool) -> None:
        pending = self.pending()
        if not pending:
            return
        request = pending[number % len(pending)]
        transfer = self.transfers()[request]
        expected = self.world.approve(request) if yes else self.world.deny(request)
        try:
            (self.town.admin.approve if yes else self.town.admin.deny)(transfer)
            answered = True
        except ApiError:
            answered = False
        if answered is not isinstance(expected, World):
            raise Disagreement(f"an answer to {request} was {'taken' if answered else 'refused'}")
        self.become(expected)

    def transfers(self) -> dict[Request, str]:
        return {
            Request(each.device, Owner("user", each.to_user), Owner("user", each.from_user)): each.id
            for each in self.town.admin.transfers()
            if each.device in self.devices
        }

    # --- claim codes -------------------------------------------------------------------------------------------------

    @rule(by=ACCOUNTS)
    def code_for_later(self, by: int) -> None:
        self.issue_code(by)

    def issue_code(self, by: int) -> None:
        who = self.accounts[by]
        if not (self.world.exists(who) and self.world.tokens[who.id].good(self.now)):
            return
        code = self.acting[who].create_claim_code(self.customers.get(who)).code
        self.codes.append(code)
        self.world = self.world.issue(code, who, self.now)

    @rule(device=DEVICES, by=ACCOUNTS, number=st.integers(0, 9), old=st.booleans())
    def set_up(self, device: int, by: int, number: int, old: bool) -> None:
        """The device is given a code, an old one or a new one, comes online and presents it."""
        if not (old and self.codes):
            self.issue_code(by)
        if not self.codes:
            return
        peer = self.peers[self.devices[device]]
        peer.code = self.codes[-1 - number % len(self.codes)] if old else self.codes[-1]
        if not peer.online:
            peer.join()
        self.present(peer)

    @rule(first=DEVICES, second=DEVICES, by=ACCOUNTS)
    def set_up_two_with_one_code(self, first: int, second: int, by: int) -> None:
        """A person who has written the code down uses it once more."""
        self.set_up(first, by, 0, old=False)
        self.set_up(second, by, 0, old=True)

    @rule(device=DEVICES)
    def present_again(self, device: int) -> None:
        """A device that has heard no confirmation presents its code with the next handshake."""
        peer = self.peers[self.devices[device]]
        if peer.code is not None:
            peer.join()
            self.present(peer)

    def present(self, peer: Peer) -> None:
        assert peer.code is not None
        self.town.count("code")
        expected = self.world.present(peer.id, peer.code, self.now)
        confirmed = peer.present(UNCONFIRMED if expected is None else CONFIRMED)
        if confirmed is (expected is None):
            raise Disagreement(f"a code was {'confirmed' if confirmed else 'not confirmed'}")
        self.become(expected)

    # --- products ----------------------------------------------------------------------------------------------------

    @rule(of=PRODUCTS, device=DEVICES, for_mate=st.booleans(), fault=FAULTS)
    def import_device(self, of: int, device: int, for_mate: bool, fault: str) -> None:
        where, which = self.town.products[of], self.devices[device]
        claim_for = MATE if for_mate else None

        def what(cloud: Cloud) -> None:
            result = cloud.import_devices(where, [which], claim_user=None if claim_for is None else claim_for.id)
            if which not in (*result.updated, *result.existing):
                raise ApiError("import", 400, {"error": "not taken"})

        self.ask(CENTRAL, what, lambda world: world.import_into(which, where, claim_for), fault)

    @rule(of=PRODUCTS, device=DEVICES, fault=FAULTS)
    def remove_device(self, of: int, device: int, fault: str) -> None:
        where, which = self.town.products[of], self.devices[device]
        self.ask(
            CENTRAL,
            lambda cloud: cloud.remove_device(where, which),
            lambda world: world.remove(which, where),
            fault,
        )

    @rule(number=st.integers(0, 2), sure=st.integers(0, 3))
    def remove_customer(self, number: int, sure: int) -> None:
        if sure == 0 and len(self.world.customers) == len(CUSTOMERS):
            customer = tuple(self.customers)[number]
            self.team.remove_customer(self.customers[customer], self.name(customer))
            self.world = self.world.remove_customer(customer)

    # --- whole flows, cut off ----------------------------------------------------------------------------------------

    @rule(
        device=DEVICES,
        to=ACCOUNTS,
        point=st.integers(0, 8),
        cut=st.sampled_from(("request lost", "answer lost", "killed before", "killed after")),
    )
    def transfer_by_flow(self, device: int, to: int, point: int, cut: str) -> None:
        which, who = self.devices[device], self.accounts[to]
        state = self.world.devices[which]
        if state.product is None or who == STRANGER or self.customers.get(who, state.product) != state.product:
            return
        if not self.world.exists(who):
            return
        self.town.count("flow")
        flow = "to-customer" if who.kind == "customer" else "to-user"
        plan = Plan(flow, which, state.product, self.account(who))
        progress = self.take(plan, point, cut)
        if progress.outcome != "done":
            raise Disagreement(f"the flow ended {progress.outcome}: {progress.reason}")
        if state.owner != who:
            self.world = self.world.release(which)
            became = self.world.claim(which, who, online=True)
            assert isinstance(became, World)
            self.world = became

    def take(self, plan: Plan, point: int, cut: str) -> Progress:
        kept: list[str] = []
        with Cloud(self.town.local.api) as cloud:
            cloud._client.close()
            wire = Wire()
            cloud._client = httpx.Client(transport=wire, timeout=PATIENCE)

            def at(number: int, _: str) -> None:
                if number == point:
                    raise httpx.ReadError("lost") if "lost" in cut else Killed

            setattr(wire, "before" if cut in ("request lost", "killed before") else "after", at)
            try:
                return take(plan, self.keys(cloud), journal=lambda at: kept.append(msgspec.json.encode(at).decode()))
            except Killed:
                pass
        last = msgspec.json.decode(kept[-1], type=Progress) if kept else None
        return take(plan, self.keys(self.team), progress=last)

    def keys(self, cloud: Cloud) -> Identities:
        users = {MATE.id: cloud.using(self.acting[MATE].token), STRANGER.id: cloud.using(self.acting[STRANGER].token)}
        team = cloud.using(self.team.token)
        return Identities(team, CENTRAL.id, clients=self.town.clients, users=users, offers=Offers())

    # --- the world ---------------------------------------------------------------------------------------------------

    @rule(device=DEVICES)
    def go_online(self, device: int) -> None:
        peer = self.peers[self.devices[device]]
        if peer.code is None and not peer.online:
            peer.join()

    @rule(device=DEVICES)
    def go_offline(self, device: int) -> None:
        self.peers[self.devices[device]].leave()

    @rule(seconds=st.sampled_from((60.0, 1800.0, 3601.0)))
    def time_passes(self, seconds: float) -> None:
        self.town.move_clock(seconds)
        self.now = self.town.offset

    @rule(number=st.integers(0, 2), revoke=st.booleans())
    def tokens(self, number: int, revoke: bool) -> None:
        """A customer's token is revoked, or a new and short-lived one takes the old one's place."""
        who = tuple(self.customers)[number]
        if not self.world.exists(who):
            return
        of = self.customers[who]
        if revoke and self.world.tokens[who.id].good(self.now):
            self.acting[who].revoke()
            self.world = self.world.revoke(who.id)
        else:
            token = self.team.customer_token(self.town.clients[of], self.name(who), expires_in=TOKEN_SECONDS)
            self.acting[who] = self.team.using(token)
            self.world = self.world.grant(who.id, who, self.now + TOKEN_SECONDS)

    @precondition(lambda self: self.restarts_left > 0)
    @rule()
    def cloud_dies(self) -> None:
        """SIGKILL, and a new process on the same folder: all that was acknowledged is there."""
        self.restarts_left -= 1
        self.town.count("restart")
        self.town.local.restart()
        for peer in self.peers.values():
            peer.leave()

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def the_same_story(self) -> None:
        if not hasattr(self, "world"):
            return
        self.town.steps += 1
        # What a refusal may have spoilt is seen in the products; all accounts are asked when something has changed.
        changed, self.checked = self.world is not self.checked, self.world
        ours = set(self.devices)
        for account in self.accounts if changed else ():
            if not self.world.exists(account) or not self.world.tokens[account.id].good(self.now):
                continue
            listed = {each.id for each in self.acting[account].devices()} & ours
            owned = {device for device, state in self.world.devices.items() if state.owner == account}
            if listed != owned:
                raise Disagreement(f"{account} lists {listed}, and owns {owned}")
        for where in self.town.products:
            listed_owners = {
                each.id: (each.owner and each.owner.kind, each.owner_name)
                for each in self.team.devices(product(where))
                if each.id in ours
            }
            owners = {
                device: (state.owner and state.owner.kind, state.owner and self.name(state.owner))
                for device, state in self.world.devices.items()
                if state.product == where
            }
            if listed_owners != owners:
                raise Disagreement(f"product {where} lists {listed_owners}, and the model says {owners}")
        pending = set(self.transfers())
        if pending != self.world.requests:
            raise Disagreement(f"{pending} are pending, and the model says {set(self.world.requests)}")

    @invariant()
    def invariants_hold(self) -> None:
        if hasattr(self, "world"):
            found = broken(self.world, {CENTRAL, MATE, *self.customers})
            if found:
                raise Disagreement("; ".join(found))


class Killed(BaseException):
    """The process that ran a flow is gone."""


def race(
    acting: dict[Owner, Cloud], claimants: list[Owner], device: str
) -> tuple[list[Owner], dict[Owner, ApiError | None]]:
    """All claim at the same moment; who won, and what each was told."""
    gate = threading.Barrier(max(len(claimants), 1))
    answers: dict[Owner, ApiError | None] = {}

    def claim(who: Owner) -> None:
        gate.wait()
        try:
            acting[who].claim(device)
            answers[who] = None
        except ApiError as error:
            answers[who] = error

    threads = [threading.Thread(target=claim, args=(who,)) for who in claimants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [who for who in claimants if answers[who] is None], answers
