"""Many devices, accounts, claim codes, requests and tokens at once: a pure state machine with its invariants.

:mod:`photonrig.ownership.model` says what may become of one device; here is everything around it that decides who may
ask. Every transition returns the next world, or a :class:`Refused`; no world is ever changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from photonrig.ownership import model
from photonrig.ownership.model import Claimant, DeviceState, Owner, Refusal, Refused

__all__ = ["CODE_SECONDS", "INVARIANTS", "Code", "Request", "Token", "World", "broken", "kept"]

# How long a claim code may be presented for the first time (documented: one hour).
CODE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Code:
    """A claim code: whose it is, until when (seconds), and the one device that has used it."""

    owner: Owner
    expires_at: float
    used_by: str | None = None


class Request(NamedTuple):
    """A user's wish to be given a device, addressed to the user who owned it then."""

    device: str
    asker: Owner
    owner: Owner


@dataclass(frozen=True, slots=True)
class Token:
    """Who acts with it, and until when (seconds; None is for ever)."""

    holder: Owner
    expires_at: float | None = None
    revoked: bool = False

    def good(self, now: float) -> bool:
        """Whether anything may be asked with it."""
        return not self.revoked and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that ownership depends on; ``customers`` by account their product, ``teams`` by product the users."""

    devices: Mapping[str, DeviceState] = field(default_factory=dict)
    users: frozenset[Owner] = frozenset()
    customers: Mapping[Owner, int] = field(default_factory=dict)
    teams: Mapping[int, frozenset[Owner]] = field(default_factory=dict)
    codes: Mapping[str, Code] = field(default_factory=dict)
    requests: frozenset[Request] = frozenset()
    tokens: Mapping[str, Token] = field(default_factory=dict)

    # --- who asks ----------------------------------------------------------------------------------------------------

    def claimant(self, account: Owner) -> Claimant:
        """The account as the rules of claiming see it."""
        if account.kind == "customer":
            return Claimant(account, product=self.customers[account])
        return Claimant(account, member_of=frozenset(each for each, team in self.teams.items() if account in team))

    def exists(self, account: Owner) -> bool:
        """Whether anybody can log in as the account."""
        return account in self.users or account in self.customers

    def grant(self, name: str, holder: Owner, expires_at: float | None = None) -> World:
        """A new token under a name."""
        return replace(self, tokens={**self.tokens, name: Token(holder, expires_at)})

    def revoke(self, name: str) -> World:
        """End a token."""
        return replace(self, tokens={**self.tokens, name: replace(self.tokens[name], revoked=True)})

    # --- owners ------------------------------------------------------------------------------------------------------

    def claim(self, device: str, by: Owner, *, online: bool) -> World | Refused:
        """Claim without touching the device."""
        return self._become(device, model.claim(self.devices[device], self.claimant(by), online=online))

    def release(self, device: str) -> World:
        """End the claim."""
        released = self._become(device, model.release(self.devices[device]))
        assert isinstance(released, World)
        return released

    def change_owner(self, device: str, product: int, to: Owner) -> World | Refused:
        """Change the owner in one transaction."""
        return self._become(device, model.change_owner(self.devices[device], product, self.claimant(to)))

    def ask_for(self, device: str, asker: Owner) -> World | Refused:
        """Ask the user who owns a device for it; customers neither ask nor are asked."""
        owner = self.devices[device].owner
        if owner is None or owner == asker or "customer" in (owner.kind, asker.kind):
            return Refused(Refusal.OWNED_BY_ANOTHER)
        return replace(self, requests=self.requests | {Request(device, asker, owner)})

    def approve(self, request: Request) -> World | Refused:
        """The owner gives the device to who asked for it, who must be one that could have claimed it."""
        asker = self.claimant(request.asker)
        free = model.release(self.devices[request.device])
        return self._become(request.device, model.claim(free, asker, online=True))

    def deny(self, request: Request) -> World:
        """The owner says no."""
        return replace(self, requests=self.requests - {request})

    # --- claim codes -------------------------------------------------------------------------------------------------

    def issue(self, code: str, owner: Owner, now: float) -> World:
        """A new claim code."""
        return replace(self, codes={**self.codes, code: Code(owner, now + CODE_SECONDS)})

    def present(self, device: str, code: str, now: float) -> World | None:
        """A device presents a code; None if it must keep it, because the code is worth nothing to this device.

        A code that this device has used before is confirmed again and changes nothing.
        """
        found = self.codes.get(code)
        if found is None:
            return None
        if found.used_by is not None:
            return self if found.used_by == device else None
        if now >= found.expires_at or not self.exists(found.owner):
            return None
        became = self._become(device, model.claim_by_code(self.devices[device], self.claimant(found.owner)))
        if isinstance(became, Refused):
            return None
        return replace(became, codes={**self.codes, code: replace(found, used_by=device)})

    # --- products ----------------------------------------------------------------------------------------------------

    def import_into(self, device: str, product: int, claim_for: Owner | None = None) -> World | Refused:
        """Bring a device into a product."""
        state = self.devices[device]
        member = state.owner is not None and state.owner in self.teams[product]
        return self._become(
            device, model.import_into(state, product, platform=6, owner_is_member=member, claim_for=claim_for)
        )

    def remove(self, device: str, product: int) -> World | Refused:
        """Take a device out of a product."""
        return self._become(device, model.remove(self.devices[device], product))

    def remove_customer(self, customer: Owner) -> World:
        """Delete a customer: devices are released, tokens end, unused codes are worth nothing."""
        world = self
        for device, state in self.devices.items():
            if state.owner == customer:
                world = world.release(device)
        return replace(
            world,
            customers={each: product for each, product in world.customers.items() if each != customer},
            tokens={
                name: replace(token, revoked=token.revoked or token.holder == customer)
                for name, token in world.tokens.items()
            },
            codes={
                text: code for text, code in world.codes.items() if code.owner != customer or code.used_by is not None
            },
        )

    def _become(self, device: str, outcome: DeviceState | Refused) -> World | Refused:
        if isinstance(outcome, Refused):
            return outcome
        changed = outcome.owner != self.devices[device].owner
        requests = frozenset(each for each in self.requests if each.device != device) if changed else self.requests
        return replace(self, devices={**self.devices, device: outcome}, requests=requests)


# --- what must hold, whatever happened --------------------------------------------------------------------------------

Invariant = Callable[[World, Collection[Owner]], Iterator[str]]


def one_owner_or_none(world: World, ours: Collection[Owner]) -> Iterator[str]:
    """Every owner is an account that exists: a device is somebody's or nobody's, and nothing in between."""
    for device, state in world.devices.items():
        if state.owner is not None and not world.exists(state.owner):
            yield f"{device} belongs to {state.owner}, whom no account answers to"


def customers_own_in_their_product(world: World, ours: Collection[Owner]) -> Iterator[str]:
    """A customer's device is in that customer's product."""
    for device, state in world.devices.items():
        product = None if state.owner is None else world.customers.get(state.owner)
        yield from (f"{device}: {text}" for text in model.violations(state, product_of_customer=product))


def reachable(world: World, ours: Collection[Owner]) -> Iterator[str]:
    """Some account that we can act as controls the device or could claim it, unless it is another account's own."""
    for device, state in world.devices.items():
        on_our_team = state.product is not None and not world.teams[state.product].isdisjoint(ours)
        if state.owner is None and not on_our_team and not any(_could_claim(world, state, each) for each in ours):
            yield f"{device} is nobody's, and nobody we can act as could claim it"


def _could_claim(world: World, state: DeviceState, account: Owner) -> bool:
    return world.exists(account) and not isinstance(model.claim(state, world.claimant(account), online=True), Refused)


def codes_serve_once(world: World, ours: Collection[Owner]) -> Iterator[str]:
    """A used code has made one device its owner's; no other device is named by it."""
    for code in world.codes.values():
        if code.used_by is not None and code.used_by not in world.devices:
            yield f"a code was used by {code.used_by}, which is no device"


def requests_are_the_owners(world: World, ours: Collection[Owner]) -> Iterator[str]:
    """A pending request is addressed to who owns the device now."""
    for request in world.requests:
        owner = world.devices[request.device].owner
        if owner != request.owner:
            yield f"{request.asker} waits for {request.device} to be given by {request.owner}, and it is {owner}'s"


INVARIANTS: Final[tuple[Invariant, ...]] = (
    one_owner_or_none,
    customers_own_in_their_product,
    reachable,
    codes_serve_once,
    requests_are_the_owners,
)


def broken(world: World, ours: Collection[Owner]) -> tuple[str, ...]:
    """Which invariants do not hold, in words; ``ours`` are the accounts that we can act as."""
    return tuple(text for invariant in INVARIANTS for text in invariant(world, ours))


def kept(acknowledged: Mapping[str, Owner | None], world: World) -> tuple[str, ...]:
    """What was acknowledged stays: devices whose owner is not the one that the cloud last confirmed."""
    return tuple(
        f"{device}: {owner} was acknowledged, and it is {world.devices[device].owner}"
        for device, owner in acknowledged.items()
        if world.devices[device].owner != owner
    )
