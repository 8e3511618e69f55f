"""``/v1/clients`` and ``/v1/products/:p/clients``: OAuth clients."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.responses import Response

from photonrig.localcloud.eras import Action, Subject
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, OpenCall, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.store.accounts import Client
from photonrig.localcloud.store.organizations import Organization
from photonrig.localcloud.store.products import Product

__all__ = ["ROUTES", "product_of"]

_SCOPES = {
    None: None,
    "": None,
    "*:*": "*:*",
    "customers:create": "customers:create",
    "create_customer": "customers:create",
}


async def list_clients(call: Call) -> Answer:
    """The clients of the user or product, without their secrets."""
    product_id = _product_id(call, Action.CLIENT_LIST)
    kept = call.cloud.store.clients
    clients = kept.of_user(call.user_id) if product_id is None else kept.of_product(product_id)
    return {"ok": True, "clients": [_shown(call, client) for client in clients if _is_at(call, client, product_id)]}


async def create(call: Call) -> Answer:
    """Create a client; its secret is shown this once."""
    product_id = _product_id(call, Action.CLIENT_CREATE)
    name, kind = (call.sent.text("name") or "").strip(), call.sent.text("type") or "installed"
    redirect_uri, scope = call.sent.text("redirect_uri"), call.sent.text("scope")
    if not name:
        raise refused(400, "name is required")
    if kind not in ("web", "installed"):
        raise refused(400, "type must be web or installed")
    if kind == "web" and not redirect_uri:
        raise refused(400, "redirect_uri is required for a web client")
    if scope not in _SCOPES:
        raise refused(400, "scope must be customers:create or *:*")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "client"
    founder = call.principal.id
    if call.principal.kind != "user":
        product = call.cloud.store.products.get(product_id or 0)
        assert product is not None, "only users have clients of their own"
        founder = product.user_id
    secret = new_token()
    with call.cloud.store.write():
        for _ in range(100):
            client_id = f"{slug}-{secrets.randbelow(9999) + 1}"
            client = Client(
                *(client_id, sha256_hex(secret), name, kind, redirect_uri, _SCOPES[scope], founder, product_id)
            )
            if call.cloud.store.clients.add(client):
                return {"ok": True, "client": _shown(call, client) | {"secret": secret}}
    raise refused(400, "too many clients have this name; choose another")


async def update(call: Call) -> Answer:
    """Change name or scope; the scope ``none`` takes all permission away that ``customers:create`` gave."""
    client = _client(call, Action.CLIENT_UPDATE)
    scope = call.sent.text("scope")
    if scope not in (*_SCOPES, "none"):
        raise refused(400, "scope must be customers:create, *:* or none")
    with call.cloud.store.write():
        call.cloud.store.clients.update(
            client.id,
            name=call.sent.text("name") or client.name,
            scope=client.scope if scope is None else _SCOPES.get(scope, "none"),
        )
    changed = call.cloud.store.clients.get(client.id)
    assert changed is not None
    return {"ok": True, "client": _shown(call, changed)}


async def remove(call: Call) -> Answer:
    """Delete a client."""
    client = _client(call, Action.CLIENT_REMOVE)
    with call.cloud.store.write():
        call.cloud.store.clients.remove(client.id)
    return Response(status_code=204)


def _product_id(call: Call, action: Action) -> int | None:
    if "product" in call.request.path_params:
        return call.product(action).id
    call.require(Action.ACCOUNT)
    slug = call.sent.text("organization")
    if slug is None or not call.cloud.era.organization_of_product:
        return None
    organization = call.cloud.store.organizations.find(slug)
    if organization is None:
        raise call.refusal(Situation.ORGANIZATION_UNKNOWN)
    if not call.allows(action, Subject(organization=organization.id)):
        raise call.refusal(Situation.ORGANIZATION_DENIED)
    return product_of(call, organization).id


def product_of(call: OpenCall, organization: Organization) -> Product:
    """The product to which an organization's client or customer of 2016 belongs (a choice).

    :raises ApiError: the organization has several and the request names none, or has not the one it names
    """
    products = call.cloud.store.products.of_organization(organization.id)
    wanted = call.sent.text("product")
    if wanted is not None:
        products = [product for product in products if wanted in (str(product.id), product.slug)]
    if len(products) != 1:
        raise refused(400, "The organization has not exactly one product; name one of its products as product")
    return products[0]


def _client(call: Call, action: Action) -> Client:
    product_id = _product_id(call, action)
    client = call.cloud.store.clients.get(call.path("client"))
    if client is None or not _is_at(call, client, product_id):
        raise refused(404, "Client not found")
    return client


def _is_at(call: Call, client: Client, product_id: int | None) -> bool:
    """Whether the address is the client's: its product's, or its user's, where in 2016 those of organizations are."""
    if product_id is not None:
        return client.product_id == product_id
    return client.user_id == call.principal.id and (client.product_id is None or call.cloud.era.organization_of_product)


def _shown(call: Call, client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": client.name, "type": client.type, "id": client.id}
    if client.redirect_uri is not None:
        shown["redirect_uri"] = client.redirect_uri
    if client.scope is not None:
        shown["scope"] = client.scope
    product = None if client.product_id is None else call.cloud.store.products.get(client.product_id)
    if product is not None and call.cloud.era.organization_of_product:
        shown["org_id"] = product.organization_id
    return shown


ROUTES = [
    route(method, base + suffix, handler)
    for base in ("/v1/clients", "/v1/products/{product}/clients")
    for method, suffix, handler in (
        ("GET", "", list_clients),
        ("POST", "", create),
        ("PUT", "/{client}", update),
        ("DELETE", "/{client}", remove),
    )
]
