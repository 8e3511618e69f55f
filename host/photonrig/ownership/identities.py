"""Identities a flow can act as, and their view of a device in the cloud."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

from photonrig.errors import ExpectationFailed, ProtocolError, UsageError
from photonrig.particle.cloud import USER, ClientCredentials, Cloud, CloudDevice, Token, product
from photonrig.particle.cloud_errors import ApiError, NotFound, NotFoundOrForbidden, RequestRefused


class Account(NamedTuple):
    """An account that can own devices, by name: a user, or a customer of one product.

    ``name`` is an e-mail address, or any text a product names its customers by; clouds store it in lower case.
    """

    kind: Literal["user", "customer"]
    name: str
    product: int | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @classmethod
    def customer(cls, name: str, product: int) -> Account:
        """A customer of a product."""
        return cls("customer", name.lower(), product)

    @classmethod
    def user(cls, name: str) -> Account:
        """A user."""
        return cls("user", name.lower())

    @classmethod
    def from_json(cls, fields: Any) -> Account | None:
        """Decode an account; None of None."""
        return None if fields is None else cls(*fields)


class Whereabouts(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a device is: its owner, product, online state, and quarantine.

    ``firmware`` is the version of its product's firmware that it runs.
    """

    owner: Account | None
    product: int | None
    online: bool
    quarantined: bool = False
    firmware: int | None = None
    name: str | None = None

    @classmethod
    def of(cls, device: CloudDevice, product_id: int) -> Whereabouts:
        """From a product's record of a device."""
        owner = None
        if device.owned:
            kind = "user" if device.owner is None else device.owner.kind
            # An owner with id and no name is unknown to every account: the corrupt claim of the forum thread of 2016,
            # row 5.
            name = device.owner_name or (device.owner.id if device.owner is not None else "")
            owner = Account(kind, name.lower(), product_id if kind == "customer" else None)
        waits = bool(device.raw.get("quarantined") or device.raw.get("denied"))
        return cls(owner, product_id, device.online, waits, device.firmware_version, device.name)


@dataclass(frozen=True, slots=True)
class Offers:
    """Capabilities of a target beyond claim and release by an owner.

    ``product_release``: a product's team can end any claim. ``claims_offline``: a product's devices can be claimed
    while offline. ``atomic``: the owner changes in one transaction, so that the device is never unowned; not on
    Particle's cloud, an extension of the local one.
    """

    product_release: bool = True
    claims_offline: bool = True
    atomic: bool = False


TODAY: Final = Offers()


class Identities:
    """Identities of one side on one target; tokens are created on first use and are in no journal.

    Thread-safe.
    """

    def __init__(
        self,
        team: Cloud,
        central: str,
        *,
        clients: Mapping[int, ClientCredentials] | None = None,
        users: Mapping[str, Cloud] | None = None,
        offers: Offers = TODAY,
        approve: Callable[[str], object] | None = None,
    ) -> None:
        """``team`` acts as the user ``central``, a member of every product's team; ``clients`` by product id.

        ``approve`` answers a request for transfer, by its id, in the owner's place; None leaves that to the owner.
        """
        self.team = team
        self.central = Account.user(central)
        self.offers = offers
        self.approve = approve
        self._clients = dict(clients or {})
        self._acting: dict[Account, Cloud] = {self.central: team}
        # Threads wait for one token request: each counts against a limit.
        self._making: defaultdict[Account, threading.Lock] = defaultdict(threading.Lock)
        for name, cloud in (users or {}).items():
            self._acting[Account.user(name)] = cloud

    def holds(self, account: Account) -> bool:
        """Whether flows can act as the account."""
        return account in self._acting or (account.kind == "customer" and account.product in self._clients)

    def acting_as(self, account: Account) -> Cloud:
        """The cloud with the account's token; a customer that does not exist is created.

        :raises UsageError: no credentials for the account
        """
        cloud = self._acting.get(account)
        if cloud is not None:
            return cloud
        with self._making[account]:
            return self._made(account)

    def _made(self, account: Account) -> Cloud:
        cloud = self._acting.get(account)
        if cloud is None:
            client = None if account.kind == "user" else self._clients.get(account.product or 0)
            if client is None:
                raise UsageError(f"no token of {account} is at hand, nor a client of product {account.product}")
            cloud = self._acting[account] = self.team.using(self._customer_token(account, client))
        return cloud

    def add(self, account: Account, cloud: Cloud) -> None:
        """Add a client that acts as an account."""
        self._acting[account] = cloud

    def forget(self, account: Account) -> None:
        """Discard the account's token; the next use creates a new one."""
        if account != self.central:
            self._acting.pop(account, None)

    def _customer_token(self, account: Account, client: ClientCredentials) -> Token:
        # Creation returns a token, and does not count against the limit on token requests.
        try:
            return self.team.create_customer(account.product or 0, account.name, client=client)
        except RequestRefused:
            return self.team.customer_token(client, account.name)

    # --- looking -----------------------------------------------------------------------------------------------------

    def find(self, device: str, products: Sequence[int], users: Iterable[Account | None]) -> Whereabouts:
        """Ask each product in turn, then each of the users for their own devices outside products.

        Outside products only the owner sees a device; one that nobody here sees there counts as unowned, if no product
        should have it.

        :raises NotFound: none of them knows it
        :raises UsageError: it is in a product that was not asked
        """
        refusal: ApiError | None = None
        for each in products:
            try:
                return Whereabouts.of(self.team.device(device, product(each)), each)
            except NotFound as error:
                refusal = error
        for user in dict.fromkeys(users):
            if user is not None and user.kind == "user" and self.holds(user):
                try:
                    found = self.acting_as(user).device(device, USER)
                except NotFoundOrForbidden:
                    continue
                if found.product_id is not None:
                    raise UsageError(f"it is in product {found.product_id}, which has no part in this", device=device)
                return Whereabouts(user, None, found.online, name=found.name)
        if refusal is not None:
            raise refusal
        return Whereabouts(None, None, online=False)

    def claim(self, device: str, account: Account) -> None:
        """Claim as an account, and verify that the stored owner is of the same kind.

        :raises ExpectationFailed: the owner is of another kind: the corrupt claim of the forum thread of 2016, row 5
        """
        owner = self.acting_as(account).claim(device)
        if owner is not None and owner.kind != account.kind:
            raise ExpectationFailed(f"claimed as {account}, and the cloud noted a {owner.kind} as owner", device=device)

    def release(self, device: str, product_id: int, owner: Account) -> None:
        """End the claim of ``owner``, through the product or with the owner's own token.

        :raises UsageError: the target offers no release through the product, and the owner's token is not available
        """
        if self.offers.product_release:
            self.team.release(device, product(product_id))
        else:
            self.acting_as(owner).release(device, USER)

    def hand_over(self, device: str, product_id: int, to: Account) -> None:
        """Change the owner in one transaction."""
        self.team.change_owner(device, product(product_id), **{to.kind: to.name})

    def request_transfer(self, device: str, by: Account) -> str:
        """Ask the owner of a device for it; returns the id of the request.

        :raises ExpectationFailed: the cloud created no request, as for an unowned device or one's own
        """
        try:
            return self.acting_as(by).request_transfer(device)
        except ProtocolError as error:
            raise ExpectationFailed(f"{by} asked for it, and the cloud noted no request: {error}") from None

    def import_device(self, device: str, product_id: int) -> None:
        """Import a device into a product.

        :raises ExpectationFailed: the product did not accept it
        """
        result = self.team.import_devices(product_id, [device])
        if device not in (*result.updated, *result.existing):
            why = "its owner is not on the team" if device in result.nonmember else "it is invalid there"
            raise ExpectationFailed(f"product {product_id} did not take it: {why}", device=device)
