"""Customers: the end users of products."""

from __future__ import annotations

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.bus import Bus
from photonrig.localcloud.service.clients import ClientService, Credentials
from photonrig.localcloud.service.grants import DEFAULT_SECONDS
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.records import Client, Customer, Device, GrantedToken, Product
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.localcloud.service.tokens import TokenService
from photonrig.localcloud.store import Store
from photonrig.ownership.model import Owner


class CustomerService:
    """Customers of each product."""

    def __init__(
        self, store: Store, tokens: TokenService, clients: ClientService, ownership: OwnershipService, bus: Bus
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._clients = clients
        self._ownership = ownership
        self._bus = bus

    def creating_client(self, by: Credentials) -> tuple[Client, Product]:
        """Authenticate a client that may create customers; returns it with its product.

        :raises ServiceRefusal: not such a client
        """
        _, client = self._clients.authenticated(by)
        product = self._product_of(client)
        if client is None or product is None:
            raise _not_a_client("The client does not belong to this product")
        if client.scope == "none":
            raise _lacks_scope()
        return client, product

    def web_client(self, client_id: str) -> tuple[Client, Product]:
        """A web client that may create customers without a secret, with its product.

        :raises ServiceRefusal: not such a client
        """
        client = self._store.clients.get(id=client_id)
        product = self._product_of(client)
        if client is None or client.redirect_uri is None or product is None:
            raise _not_a_client("The client is no web client of this product")
        if client.scope != "customers:create":
            raise _lacks_scope()
        return client, product

    def _product_of(self, client: Client | None) -> Product | None:
        return None if client is None or client.product_id is None else self._store.products.get(client.product_id)

    def create(
        self, product: Product, client_id: str, email: str, password: str | None
    ) -> tuple[GrantedToken, Customer]:
        """Create a customer, ``password`` as its hash, and grant a token.

        :raises ServiceRefusal: the product has a customer with this e-mail
        """
        with self._store.write():
            customer = self._store.customers.create(product.id, email, password)
            if customer is None:
                raise ServiceRefusal(Situation.CUSTOMER_EXISTS)
            return self._tokens.grant("customer", customer.id, client_id, DEFAULT_SECONDS), customer

    def of(self, product: Product) -> list[Customer]:
        """The customers of a product, by e-mail."""
        return self._store.customers.of("email", product_id=product.id)

    def devices(self, customer: Customer) -> list[Device]:
        """The devices a customer owns."""
        return self._store.devices.of_owner(Owner("customer", customer.id))

    def find(self, product: Product, email: str) -> Customer:
        """The customer with this e-mail.

        :raises ServiceRefusal: unknown
        """
        customer = self._store.customers.named(product.id, email)
        if customer is None:
            raise unknown("Customer not found")
        return customer

    def with_password(self, product: Product, email: str) -> Customer:
        """The customer with this e-mail, who must have a password.

        :raises ServiceRefusal: unknown, or without password
        """
        customer = self.find(product, email)
        if customer.password is None:
            raise invalid("This customer has no password; mint tokens with the product's client instead")
        return customer

    def set_password(self, customer: Customer, password: str) -> None:
        """Replace a customer's password, given as its hash."""
        with self._store.write():
            self._store.customers.update({"id": customer.id}, password=password)

    def remove(self, customer: Customer) -> None:
        """Delete a customer and release the customer's devices (a choice)."""
        for token in self._ownership.remove_customer(customer):
            self._bus.close_token(token)


def _not_a_client(text: str) -> ServiceRefusal:
    return ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text=text)


def _lacks_scope() -> ServiceRefusal:
    text = "The client lacks the scope customers:create"
    return ServiceRefusal(Situation.GRANT_INVALID_SCOPE, text=text)
