"""OAuth clients: the programs that act for users and products."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from photonrig.localcloud.eras import Action, Era, Principal, Subject
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.service.access import Access
from photonrig.localcloud.service.records import Client, Organization, Product
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.localcloud.slugs import slug_of
from photonrig.localcloud.store import Store

# Clients of Particle's own programs; their secrets are public.
_PUBLIC = {
    "particle": "particle",
    "particle-api": "particle-api",
    "particle-cli": "particle-cli",
    "CLI2": "client_secret_here",
    "user": "client_secret_here",  # used by the CLI's token create
    # Of 2014 and 2015; any client id works, says the reference of POST /oauth/token in 2022.
    "spark": "spark",
    "Spark": "Spark",
}
_SCOPES = {
    None: None,
    "": None,
    "*:*": "*:*",
    "customers:create": "customers:create",
    "create_customer": "customers:create",
}
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Credentials:
    """Client credentials of a request, unverified."""

    client_id: str
    secret: str


class ClientService:
    """Clients of users and of products; product id None stands for the user's own."""

    def __init__(self, store: Store, era: Era, access: Access) -> None:
        self._store = store
        self._era = era
        self._access = access

    def authenticated(self, by: Credentials) -> tuple[str, Client | None]:
        """Authenticate a client: its id, and its record unless it is a public one.

        :raises ServiceRefusal: unknown client, or wrong secret
        """
        if not by.client_id:
            text = "Invalid or missing client_id parameter"
            raise ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text=text)
        if not by.secret:
            raise ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text="Missing client_secret parameter")
        if _PUBLIC.get(by.client_id) == by.secret:
            return by.client_id, None
        client = self._store.clients.get(id=by.client_id)
        if client is None or not client.has_secret(by.secret):
            raise ServiceRefusal(Situation.GRANT_BAD_CLIENT)
        return by.client_id, client

    def product_id(self, by: Principal, organization: str | None, product: str | None, action: Action) -> int | None:
        """The product of a user path for clients: in 2016 that of an organization, otherwise None.

        :raises ServiceRefusal: unknown organization, or not allowed
        """
        if organization is None or not self._era.organization_of_product:
            return None
        found = self._access.find_organization(organization)
        if not self._era.allows(by, action, Subject(organization=found.id)):
            raise ServiceRefusal(Situation.ORGANIZATION_DENIED)
        return self.product_of(found, product).id

    def product_of(self, organization: Organization, named: str | None) -> Product:
        """The product for a client or customer of an organization of 2016 (a choice).

        :raises ServiceRefusal: the organization has several and none is named, or lacks the one named
        """
        products = self._store.products.of_organization(organization.id)
        if named is not None:
            products = [product for product in products if named in (str(product.id), product.slug)]
        if len(products) != 1:
            raise invalid("The organization has not exactly one product; name one of its products as product")
        return products[0]

    def organization_of(self, client: Client) -> str | None:
        """The id of the organization of the client's product."""
        product = None if client.product_id is None else self._store.products.get(client.product_id)
        return None if product is None else product.organization_id

    def of(self, by: Principal, product_id: int | None) -> list[Client]:
        """The clients of the product, or of the user."""
        whose = {"user_id": by.id} if product_id is None else {"product_id": product_id}
        clients = self._store.clients.of("id", **whose)
        return [client for client in clients if self._is_at(client, by, product_id)]

    def find(self, by: Principal, client_id: str, product_id: int | None) -> Client:
        """One of those clients.

        :raises ServiceRefusal: unknown
        """
        client = self._store.clients.get(id=client_id)
        if client is None or not self._is_at(client, by, product_id):
            raise unknown("Client not found")
        return client

    def _is_at(self, client: Client, by: Principal, product_id: int | None) -> bool:
        """Whether it is the product's, or the user's own, which in 2016 includes those of organizations."""
        if product_id is not None:
            return client.product_id == product_id
        return client.user_id == by.id and (client.product_id is None or self._era.organization_of_product)

    def create(
        self,
        by: Principal,
        product_id: int | None,
        *,
        name: str,
        kind: str,
        redirect_uri: str | None,
        scope: str | None,
    ) -> tuple[Client, str]:
        """Create a client; returns it with its secret, of which only a hash is stored.

        :raises ServiceRefusal: unknown kind or scope, or too many of this name
        """
        if kind not in ("web", "installed"):
            raise invalid("type must be web or installed")
        if kind == "web" and not redirect_uri:
            raise invalid("redirect_uri is required for a web client")
        if scope not in _SCOPES:
            raise invalid("scope must be customers:create or *:*")
        founder = by.id
        if by.kind != "user":
            product = self._store.products.get(product_id or 0)
            assert product is not None, "only users have clients of their own"
            founder = product.user_id
        secret = new_token()
        with self._store.write():
            for _ in range(_TRIES):
                client_id = f"{slug_of(name, 'client')}-{secrets.randbelow(9999) + 1}"
                client = Client(
                    *(client_id, sha256_hex(secret), name, kind, redirect_uri, _SCOPES[scope], founder, product_id)
                )
                if self._store.clients.add(client):
                    return client, secret
        raise invalid("too many clients have this name; choose another")

    def change(self, client: Client, *, name: str | None, scope: str | None) -> Client:
        """Change name or scope; the scope ``none`` revokes ``customers:create``.

        :raises ServiceRefusal: unknown scope
        """
        if scope not in (*_SCOPES, "none"):
            raise invalid("scope must be customers:create, *:* or none")
        scope = client.scope if scope is None else _SCOPES.get(scope, "none")
        changed = replace(client, name=name or client.name, scope=scope)
        with self._store.write():
            self._store.clients.update({"id": client.id}, name=changed.name, scope=changed.scope)
        return changed

    def remove(self, client: Client) -> None:
        """Delete a client."""
        with self._store.write():
            self._store.clients.remove(id=client.id)
