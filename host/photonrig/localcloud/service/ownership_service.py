"""Ownership service: applies the transitions of :mod:`photonrig.ownership.model`; the only writer of owner and product.

Every method is one transaction. A device is passed as the caller read it for the permission check: if its owner,
product or quarantine has changed since, :class:`Outdated` is raised and nothing is done.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Era, Principal
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.audit import Audit
from photonrig.localcloud.service.records import Customer, Device, Product, Transfer, User
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.claim_codes import is_chosen
from photonrig.localcloud.store.devices import LONGEST_NAME
from photonrig.ownership import model
from photonrig.ownership.model import Claimant, DeviceState, Owner, Refusal, Refused

_CLAIM_REFUSED = {
    Refusal.OWNED_BY_ANOTHER: Situation.CLAIM_FOREIGN,
    Refusal.OTHER_PRODUCT: Situation.CLAIM_OTHER_PRODUCT,
    Refusal.NOT_A_MEMBER: Situation.CLAIM_NOT_A_MEMBER,
    Refusal.OFFLINE: Situation.CLAIM_OFFLINE,
}


@dataclass(slots=True)
class Imported:
    """Result of an import by id; ``nonmember`` and ``invalid`` as they were sent."""

    updated: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    nonmember: list[str] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)


class OwnershipService:
    """Claims, releases, transfers and product membership."""

    def __init__(
        self, store: Store, era: Era, audit: Audit, changed_hands: Callable[[Device, Owner | None], None]
    ) -> None:
        """``changed_hands`` is called with a device whose owner changed in one step, and the former owner."""
        self._store = store
        self._era = era
        self._audit = audit
        self._changed_hands = changed_hands

    def claim(self, device_id: str, by: Principal, *, online: bool, request_transfer: bool) -> Device | str:
        """Claim for the account of a user's or customer's token, or request a transfer and return its id.

        :raises ServiceRefusal: unknown device, or it cannot be claimed
        """
        device = self._store.devices.get(device_id)  # in lower case only: particle-cli#208 of 2016, #550 of 2020
        if device is None:
            raise ServiceRefusal(Situation.CLAIM_UNKNOWN)
        outcome = model.claim(device.state, _claimant(by), online=online, terms=self._era.claims)
        if isinstance(outcome, Refused):
            if request_transfer and outcome.reason is Refusal.OWNED_BY_ANOTHER:
                transfer_id = self._request_transfer(device, by)
                if transfer_id is not None:
                    return transfer_id
            raise ServiceRefusal(_CLAIM_REFUSED[outcome.reason])
        if by.kind == "customer" and not self._era.typed_owners and outcome != device.state:
            return self._store_untyped(device, Owner("user", by.id))
        return self._write(device, outcome)

    def _request_transfer(self, device: Device, by: Principal) -> str | None:
        """Note a user's request for another user's device; returns its id, None unless both are users."""
        owner = device.state.owner
        if by.kind != "user" or owner is None or owner.kind != "user":
            return None
        with self._store.write():
            return self._store.transfers.request(device.id, owner.id, by.id)

    def approve(self, transfer: Transfer) -> Device | Refused:
        """Fulfil a transfer request: the device becomes the requesting user's."""
        device, by = self._store.devices.get(transfer.device_id), self._account(Owner("user", transfer.to_user))
        assert device is not None and by is not None, "a request ends with its device or user"
        if device.name is not None and self._store.devices.has_name(by.owner, device.name):
            return Refused(Refusal.NAME_TAKEN)
        return self._apply(device, model.hand_over(device.state, by))

    def issue_code(self, owner: Owner, chosen: str | None) -> str:
        """Issue a code that claims for ``owner``: random, or the chosen number of a cellular device.

        :raises ServiceRefusal: the chosen one is not such a number, or is another account's
        """
        if chosen is not None and not is_chosen(chosen):
            raise invalid("iccid and imei are 14 … 22 digits")
        with self._store.write():
            code = self._store.claim_codes.issue(owner, chosen)
        if code is None:
            raise ServiceRefusal(Situation.CLAIM_CODE_TAKEN)
        return code

    def claim_by_code(self, device: Device, text: str) -> bool:
        """Claim with the code a device presented; returns whether the device may clear it.

        A code this device has used before is confirmed without effect: the confirmation may have been lost, and the
        device may have changed owner since.
        """
        code = self._store.claim_codes.find(text)
        if code is None:
            return False
        if code.used_by is not None:
            return code.used_by == device.id
        by = self._account(code.owner)
        if by is None:
            if not self._era.typed_codes:
                with self._store.write():
                    self._store_untyped(device, code.owner)
                    self._store.claim_codes.use(code, device.id)
            return not self._era.typed_codes
        terms = self._era.claims
        if is_chosen(text):
            terms = replace(terms, code_overrides_owner=False)  # knowing a device's number is no proof of possession
        with self._store.write():
            if isinstance(self._apply(device, model.claim_by_code(device.state, by, terms=terms)), Refused):
                return False
            self._store.claim_codes.use(code, device.id)
        return True

    def release(self, device: Device) -> Device:
        """End the claim, and all transfer requests for the device."""
        released = self._apply(device, model.release(device.state))
        assert not isinstance(released, Refused)
        return released

    def repair(self, device: Device) -> Device:
        """Give a device with an untyped owner to the customer with that id, or make it unowned."""
        owner = device.state.owner
        if not device.untyped or owner is None:
            return device
        customer = self._store.customers.get(id=owner.id)
        theirs = customer is not None and customer.product_id == device.state.product
        repaired = replace(device.state, owner=Owner("customer", owner.id) if theirs else None)
        done = self._apply(device, repaired)
        assert not isinstance(done, Refused)
        return done

    def change_owner(self, device: Device, product: Product, *, customer: str | None, user: str | None) -> Device:
        """Give a product's device to a ``customer`` or ``user`` (a team member), by e-mail, in one step.

        :raises ServiceRefusal: unknown account, or it cannot own the device
        """
        to = self._account(self._named(product, customer, user))
        assert to is not None, "the new owner exists"
        changed = self._apply(device, model.change_owner(device.state, product.id, to))
        if isinstance(changed, Refused):
            refuse = unknown if changed.reason is Refusal.NOT_IN_PRODUCT else invalid
            raise refuse(changed.reason.value)
        if changed.state.owner != device.state.owner:
            self._changed_hands(changed, device.state.owner)
        return changed

    def _named(self, product: Product, customer: str | None, user: str | None) -> Owner:
        if (customer is None) == (user is None):
            raise invalid("Name either a customer or a user")
        if customer is not None:
            found = self._store.customers.named(product.id, customer)
            if found is None:
                raise unknown("Customer not found")
            return Owner("customer", found.id)
        account = self._store.users.named(user or "")
        if account is None:
            raise unknown("User not found")
        return Owner("user", account.id)

    def import_devices(self, product: Product, named: Iterable[str], claim_user: str | None) -> Imported:
        """Import devices, by id or serial number in any case, into a product.

        Unowned ones are claimed for ``claim_user``, a member of the product's team; customers are refused (a choice).

        :raises ServiceRefusal: no such member
        """
        done = Imported()
        team = self._store.products.team(product.id)
        new_owner = None
        if claim_user:
            user = self._store.users.named(claim_user)
            if user is None or user.id not in team:
                raise invalid("claim_user must be a member of the product's team")
            new_owner = Owner("user", user.id)
        sent = {self._store.serial_numbers.device(each) or each.lower(): each for each in named}
        with self._store.write():
            for device_id, as_sent in sent.items():
                device = self._store.devices.get(device_id)
                if device is None:
                    done.invalid.append(as_sent)
                    continue
                owner = device.state.owner
                outcome = model.import_into(
                    device.state,
                    product.id,
                    platform=product.platform_id,
                    owner_is_member=owner is not None and owner.kind == "user" and owner.id in team,
                    claim_for=new_owner,
                )
                if isinstance(outcome, Refused):
                    refused = done.nonmember if outcome.reason is Refusal.OWNER_NOT_A_MEMBER else done.invalid
                    refused.append(as_sent)
                    continue
                (done.existing if device.state.product == product.id else done.updated).append(device_id)
                self._apply(device, outcome)
        return done

    def remove(self, device: Device, product: Product, *, deny: bool) -> Device:
        """Remove a device from a product, or with ``deny`` refuse a quarantined one.

        :raises ServiceRefusal: it is in neither
        """
        removed = self._apply(device, model.remove(device.state, product.id, deny=deny))
        if isinstance(removed, Refused):
            raise unknown(removed.reason.value)
        return removed

    def firmware_names_product(self, device: Device, product_id: int) -> Device:
        """Quarantine a device whose firmware states a product of this cloud to which it was not imported."""
        if self._store.products.get(product_id) is None:
            return device
        quarantined = self._apply(device, model.quarantine(device.state, product_id))
        assert not isinstance(quarantined, Refused)
        return quarantined

    def remove_customer(self, customer: Customer) -> list[str]:
        """Delete a customer: release devices, end tokens and pending claim codes. Returns the tokens' hashes."""
        owner = Owner("customer", customer.id)
        tokens = self._store.tokens.of("customer", customer.id)
        with self._store.write():
            for device in self._store.devices.of_owner(owner):
                self.release(device)
            for token in tokens:
                self._store.tokens.revoke(token)
            self._store.claim_codes.revoke_of(owner)
            self._store.customers.remove(id=customer.id)
        return [token.hash for token in tokens]

    def remove_user(self, user: User) -> None:
        """Delete a user who founded no product: release devices, end requests and pending claim codes."""
        owner = Owner("user", user.id)
        with self._store.write():
            for device in self._store.devices.of_owner(owner):
                self.release(device)
            self._store.transfers.cancel_of(user.id)
            self._store.claim_codes.revoke_of(owner)
            self._store.users.delete(user.id)

    def _apply(self, device: Device, outcome: DeviceState | Refused) -> Device | Refused:
        return outcome if isinstance(outcome, Refused) else self._write(device, outcome)

    def _write(self, device: Device, outcome: DeviceState) -> Device:
        with self._store.write():
            changes_owner = outcome.owner != device.state.owner
            if changes_owner:
                self._store.transfers.cancel_for(device.id)
            written = self._store.devices.change_state(device, outcome, untyped=device.untyped and not changes_owner)
            if changes_owner:
                self._audit.owner_changed(written, device.state.owner)
            return self._renamed(written) if changes_owner else written

    def _renamed(self, device: Device) -> Device:
        """A device that came to an account, with a number behind its name where another there has that name."""
        devices, owner, name = self._store.devices, device.state.owner, device.name
        if owner is None or name is None or not devices.has_name(owner, name, beside=device.id):
            return device
        pattern = assumptions.NAME_ON_ARRIVAL.chosen
        ends = (pattern.format(name="", number=number) for number in itertools.count(2))
        numbered = (f"{name[: LONGEST_NAME - len(end)]}{end}" for end in ends)
        free = next(each for each in numbered if not devices.has_name(owner, each, beside=device.id))
        return devices.annotate(device.id, name=free)

    def _store_untyped(self, device: Device, owner: Owner) -> Device:
        with self._store.write():
            self._store.transfers.cancel_for(device.id)
            written = self._store.devices.change_state(device, replace(device.state, owner=owner), untyped=True)
            self._audit.owner_changed(written, device.state.owner)
            return written

    def _account(self, owner: Owner) -> Claimant | None:
        if owner.kind == "user":
            return Claimant(owner, member_of=frozenset(self._store.products.roles(owner.id)))
        customer = self._store.customers.get(id=owner.id)
        return None if customer is None else Claimant(owner, product=customer.product_id)


def _claimant(principal: Principal) -> Claimant:
    owner = principal.owner
    assert owner is not None, "a product's token claims nothing"
    return Claimant(owner, product=principal.product, member_of=frozenset(principal.roles))
