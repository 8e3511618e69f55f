"""Access: finds the subject of a request by its address and checks the caller's permission with the era."""

from __future__ import annotations

from photonrig.localcloud.eras import Action, Era, Party, Principal, Subject, party_of
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.records import Device, Organization, Product
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.devices import name_key

_ID_DIGITS = frozenset("0123456789abcdef")
_OUTSIDE = (Party.STRANGER, Party.FOREIGN)


class Access:
    """Finds subjects for principals. Refusals do not reveal whether another account's things exist."""

    def __init__(self, store: Store, era: Era) -> None:
        self._store = store
        self._era = era

    def require(self, by: Principal, action: Action) -> None:
        """Require permission for an action on the caller's own account.

        :raises ServiceRefusal: not allowed
        """
        if not self._era.allows(by, action):
            raise _denied(by, Situation.ACCOUNT_DENIED)

    def device(self, by: Principal, named: str, action: Action) -> Device:
        """The device of a user path, by id, or by name among the caller's own.

        :raises ServiceRefusal: unknown, another account's, or not allowed
        """
        device = self.own_device(by, named)
        if device is None or not self._era.allows(by, action, subject_of(device)):
            calls = action is Action.DEVICE_FUNCTION
            raise _denied(by, Situation.FUNCTION_DENIED if calls else Situation.DEVICE_DENIED)
        return device

    def own_device(self, by: Principal, named: str) -> Device | None:
        """A device by id, or by name among the caller's own."""
        if len(named) == 24 and set(named.lower()) <= _ID_DIGITS:
            return self._store.devices.get(named.lower())
        if by.owner is None:
            return None
        owned, key = self._store.devices.of_owner(by.owner), name_key(named)
        found = [each for each in owned if each.name is not None and name_key(each.name) == key]
        return found[0] if len(found) == 1 else None

    def any_device(self, by: Principal, named: str, user_action: Action, product_action: Action) -> Device:
        """The device of an extension's path, for its owner and its product's team.

        :raises ServiceRefusal: unknown, or not accessible to the caller
        """
        device = self.own_device(by, named)
        if device is not None and not device.untyped:
            if self._era.allows(by, user_action, subject_of(device)):
                return device
            product = device.state.product
            if product is not None and self._era.allows(by, product_action, Subject(product=product)):
                return device
        raise _denied(by, Situation.DEVICE_DENIED)

    def product(self, by: Principal, named: str, action: Action, organization: str | None = None) -> Product:
        """The product of a path, by id or slug, within the path's organization if any.

        :raises ServiceRefusal: unknown or not accessible, or the caller's role does not suffice
        """
        numeric = named.isdecimal() and named.isascii()
        products = self._store.products
        product = products.get(int(named[:20])) if numeric else products.named(named)
        if organization is not None:
            inside = self.find_organization(organization)
            if product is not None and product.organization_id != inside.id:
                product = None
        subject = Subject(product=None if product is None else product.id)
        if product is not None and self._era.allows(by, action, subject):
            return product
        if by.kind == "customer":
            raise ServiceRefusal(Situation.CUSTOMER_IN_PRODUCT)
        if product is None or party_of(by, subject) in _OUTSIDE:
            if organization is not None:
                raise ServiceRefusal(Situation.ORGANIZATION_DENIED)
            if action is Action.CUSTOMER_CLAIM_CODE and product is not None:
                raise ServiceRefusal(Situation.CODE_NOT_FOR_USERS)
            raise ServiceRefusal(Situation.PRODUCT_UNKNOWN if numeric else Situation.SLUG_UNKNOWN)
        raise _denied(by, Situation.ROLE_DENIED)

    def product_device(
        self, by: Principal, named: str, action: Action, product: str | None, organization: str | None
    ) -> tuple[Product, Device]:
        """Product and device of a product's or organization's path, the device by id only.

        :raises ServiceRefusal: as :meth:`product`, or the device is not in the product or organization
        """
        device = self._store.devices.get(named.lower())
        if device is not None and device.untyped:
            device = None
        if product is None:
            assert organization is not None
            return self._organization_device(by, action, device, organization)
        found = self.product(by, product, action, organization)
        if device is not None:
            state = device.state
            if state.product == found.id or (state.quarantine is not None and state.quarantine.product == found.id):
                return found, device
        removes = action is Action.PRODUCT_REMOVE
        raise ServiceRefusal(Situation.REMOVAL_UNKNOWN if removes else Situation.NOT_IN_PRODUCT)

    def _organization_device(
        self, by: Principal, action: Action, device: Device | None, named: str
    ) -> tuple[Product, Device]:
        organization = self.find_organization(named)
        product = None
        if device is not None and device.state.product is not None:
            product = self._store.products.get(device.state.product)
        if device is None or product is None or product.organization_id != organization.id:
            device = product = None
        subject = Subject(None, None if product is None else product.id, organization.id)
        if device is not None and product is not None and self._era.allows(by, action, subject):
            return product, device
        if by.kind == "customer":
            raise ServiceRefusal(Situation.CUSTOMER_IN_PRODUCT)
        if party_of(by, subject) in _OUTSIDE:
            raise ServiceRefusal(Situation.ORGANIZATION_DENIED)
        raise _denied(by, Situation.NOT_IN_PRODUCT if device is None else Situation.ROLE_DENIED)

    def organization(self, by: Principal, named: str, action: Action) -> Organization:
        """The organization of a path, by id or slug.

        :raises ServiceRefusal: unknown, or not accessible
        """
        organization = self.find_organization(named)
        subject = Subject(organization=organization.id)
        if self._era.allows(by, action, subject):
            return organization
        if by.kind == "customer":
            raise ServiceRefusal(Situation.CUSTOMER_IN_PRODUCT)
        outside = party_of(by, subject) in _OUTSIDE
        raise _denied(by, Situation.ORGANIZATION_DENIED if outside else Situation.ROLE_DENIED)

    def find_organization(self, named: str) -> Organization:
        """The organization with this id or slug, for any caller.

        :raises ServiceRefusal: unknown
        """
        organization = self._store.organizations.find(named)
        if organization is None:
            raise ServiceRefusal(Situation.ORGANIZATION_UNKNOWN)
        return organization


def subject_of(device: Device) -> Subject:
    """A device as subject of the era's rules; one with an untyped owner has no team either (forum 2016, row 5)."""
    return Subject(device.state.owner, None if device.untyped else device.state.product)


def _denied(by: Principal, of_an_account: Situation) -> ServiceRefusal:
    """The refusal for a subject the caller can name; tokens without account get a refusal of their own."""
    if by.kind == "api user":
        return ServiceRefusal(Situation.API_USER_DENIED)
    if by.kind == "product" and of_an_account not in (Situation.DEVICE_DENIED, Situation.FUNCTION_DENIED):
        return ServiceRefusal(Situation.PRODUCT_TOKEN_DENIED)
    return ServiceRefusal(of_an_account)
