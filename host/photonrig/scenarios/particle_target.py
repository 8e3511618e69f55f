"""Matrix target on Particle's own cloud: touches only named devices, within rate limits, and cleans up.

Opting in means naming the account explicitly, and every device that may be acted on. Customers are made for the run and
deleted with it. Requests are counted before they are sent: none exceeds the budget. At the end, however the run ends,
every named device is returned to its former owner and product, and that is verified.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, PhotonrigError, UsageError
from photonrig.ownership.identities import Account, Identities, Whereabouts
from photonrig.particle.cloud import ClientCredentials, Cloud, Token, product
from photonrig.particle.events import EventStream
from photonrig.particle.throttle import Limits, Throttle
from photonrig.scenarios.matrix import BudgetSpent, move
from photonrig.scenarios.matrix_cells import Family

# A third below the documented limits, to leave the account room for other uses.
_LIMITS: Final = Limits(calls=6_600, tokens=66)
# Not asked on someone's device: a question that takes the device out of reach.
_NEVER: Final = frozenset({"product-remove"})
_STATES: Final = ("customer-owned", "user-owned", "unowned")


class Budget:
    """Counts requests; paces them by the documented limits, and stops at ``total``."""

    def __init__(self, total: int, clock: Clock = SYSTEM) -> None:
        self.total = total
        self._throttle = Throttle(_LIMITS, clock)
        self._reserve = 0

    @property
    def used(self) -> int:
        """Requests so far."""
        return self._throttle.calls

    @property
    def tokens_used(self) -> int:
        """Requests for tokens among them."""
        return self._throttle.tokens

    def keep(self, requests: int) -> None:
        """Reserve requests for cleaning up; 0 frees them."""
        self._reserve = requests

    def take(self, path: str) -> None:
        """Count one request, waiting until it may be sent.

        :raises BudgetSpent: none left
        """
        if self.used >= self.total - self._reserve:
            raise BudgetSpent(f"the budget of {self.total} requests is spent ({self._reserve} kept for cleaning up)")
        self._throttle.pass_by(path)


@dataclass(frozen=True, slots=True)
class OptIn:
    """What the run may act on: the account by name, its product, and the devices, all of them already in it.

    ``confirm`` must repeat the account's name, as a guard against accidents.
    """

    api: str
    account: str
    confirm: str
    token: Token
    product: int
    client: ClientCredentials
    devices: Sequence[str]
    requests: int = 1000


@dataclass(slots=True)
class ParticleTarget:
    """See :class:`~photonrig.scenarios.matrix.MatrixTarget`; one device serves every state, or each its own."""

    cloud: Cloud
    keys: Identities
    budget: Budget
    product_id: int
    devices: Sequence[str]
    found: dict[str, Whereabouts]
    tokens: dict[str, Cloud]
    customers: dict[str, Account]
    era: str = "today"
    left_behind: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name in reports and baselines."""
        return self.cloud.api

    def device(self, state: str) -> str:
        """The device of a state."""
        return self.devices[_STATES.index(state) % len(self.devices)]

    def has(self, state: str) -> bool:
        """Online states in the product: devices here cannot be switched off, nor taken out of their product."""
        return state in _STATES

    def names(self, state: str) -> dict[str, str]:
        """Values of ``{d}``, ``{p}`` and ``{o}`` in a state."""
        return {"d": self.device(state), "p": str(self.product_id), "o": "none"}

    def acting(self, token: str) -> Cloud | None:
        """The cloud with a token of this kind; None without one."""
        return self.tokens.get(token)

    def asks(self, family: str) -> bool:
        """Whether a question may be asked of someone's device."""
        return family not in _NEVER

    def arrange(self, state: str) -> None:
        """Give the state's device its owner and verify it."""
        device = self.device(state)
        owner = {"customer-owned": self.customers["C"], "user-owned": self.keys.central, "unowned": None}[state]
        self._give(device, owner)

    def _give(self, device: str, owner: Account | None) -> None:
        found = self.keys.find(device, (self.product_id,), ())
        if found.owner != owner:
            if found.owner is not None:
                self.keys.release(device, self.product_id, found.owner)
            if owner is not None:
                self.keys.claim(device, owner)
            found = self.keys.find(device, (self.product_id,), ())
        if found.owner != owner:
            raise ExpectationFailed(
                f"it is {found.owner or 'nobody'}'s, and was to be {owner or 'nobody'}'s", device=device
            )

    def opening(self, path: str) -> None:
        """Count a stream as a request."""
        self.budget.take(path)

    def witness(self, state: str) -> EventStream:
        """The product's stream."""
        path = f"/v1/products/{self.product_id}/events"
        self.opening(path)
        return EventStream(self.tokens["M"], path)

    def provoke(self, state: str) -> None:
        """Move the device a little, which publishes an event."""
        move(self.tokens["M"], self.device(state), str(secrets.choice((2, 4))), product(self.product_id))

    def swept(self, family: Family, body: Any) -> None:
        """Delete a customer that a question has created."""
        if family.name == "customer-create":
            self.tokens["M"].remove_customer(self.product_id, body["email"])

    def clean_up(self) -> None:
        """Return every device and delete every customer of the run; failures are in ``left_behind``."""
        self.budget.keep(0)
        for device, before in self.found.items():
            self._try(f"{device} was {before.owner or 'nobody'}'s", lambda d=device, b=before: self._give(d, b.owner))  # type: ignore[misc]
        for account in self.customers.values():
            self._try(
                f"customer {account.name}",
                lambda a=account: self.tokens["M"].remove_customer(self.product_id, a.name),  # type: ignore[misc]
            )
        self._try("the list of customers", self._no_customer_left)

    def _no_customer_left(self) -> None:
        ours = {account.name for account in self.customers.values()}
        left = ours & {each.username for each in self.tokens["M"].customers(self.product_id)}
        if left:
            raise ExpectationFailed(f"still there: {', '.join(sorted(left))}")

    def _try(self, what: str, act: Callable[[], None]) -> None:
        try:
            act()
        except PhotonrigError as error:
            self.left_behind.append(f"{what}: {error}")


@contextmanager
def particle_target(chosen: OptIn) -> Iterator[ParticleTarget]:
    """A target on Particle's cloud, cleaned up when the block ends.

    :raises UsageError: no explicit opt-in, a token of another account, or devices that are not in the product; nothing
        was changed
    :raises ExpectationFailed: on leaving, something of the run was left behind; the message names all of it
    """
    check(chosen)
    budget = Budget(chosen.requests)
    with Cloud(chosen.api, chosen.token, production_account=chosen.account) as team:
        team.before_each(budget.take)
        who = team.username()
        if who.lower() != chosen.account.lower():
            raise UsageError(f"the token belongs to {who}, and the account named is {chosen.account}")
        keys = Identities(team, chosen.account, clients={chosen.product: chosen.client})
        found = {device: keys.find(device, (chosen.product,), ()) for device in chosen.devices}
        for device, where in found.items():
            if where.owner not in (None, keys.central):
                raise UsageError(
                    f"it belongs to {where.owner}; only unowned devices and those of {chosen.account}", device=device
                )
        run = secrets.token_hex(4)
        customers = {
            each: Account.customer(f"photonrig-{run}-{each.lower()}@example.com", chosen.product)
            for each in ("C", "C2")
        }
        target = ParticleTarget(team, keys, budget, chosen.product, chosen.devices, found, {}, customers)
        budget.keep(8 * len(found) + 2 * len(customers) + 4)
        target.tokens |= {"M": team, "N": team.using(None), "X": team.using(Token("0" * 40))}
        try:
            target.tokens |= {each: keys.acting_as(account) for each, account in customers.items()}
            target.tokens["P"] = team.using(team.product_token(chosen.client))
            yield target
        finally:
            target.clean_up()
    if target.left_behind:
        raise ExpectationFailed(f"left behind on {chosen.api}: {'; '.join(target.left_behind)}")


def check(chosen: OptIn) -> None:
    """Check an opt-in by itself; nothing is sent.

    :raises UsageError: the account is not confirmed, or no device is named
    """
    if not chosen.account or chosen.confirm != chosen.account:
        raise UsageError("name the account to act on, and once more to confirm it: both must be the same")
    if not chosen.devices:
        raise UsageError("name the devices that may be acted on; there is no default")
    if chosen.requests < 100:
        raise UsageError("fewer than 100 requests do not suffice to ask anything and clean up after")
