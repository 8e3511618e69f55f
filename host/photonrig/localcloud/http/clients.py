"""``/v1/clients`` and ``/v1/products/:p/clients``: OAuth clients."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields, Stripped
from photonrig.localcloud.service.records import Client


class InOrganization(Fields):
    """In 2016, and in any body: the organization whose clients are meant."""

    organization: str | None = None
    product: str | None = None


class NewClient(InOrganization, kw_only=True):
    """A new client."""

    name: Stripped
    type: str = ""
    redirect_uri: str | None = None
    scope: str | None = None


class ChangedClient(InOrganization):
    """A new name or scope."""

    name: str = ""
    scope: str | None = None


async def list_clients(call: Call) -> Answer:
    """List the clients of the user or product, without secrets."""
    clients = call.cloud.clients.of(call.principal, _product_id(call, Action.CLIENT_LIST))
    return {"ok": True, "clients": [_shown(call, client) for client in clients]}


async def create(call: Call[NewClient]) -> Answer:
    """Create a client; its secret is shown only here."""
    product_id, wanted = _product_id(call, Action.CLIENT_CREATE), call.body
    client, secret = call.cloud.clients.create(
        call.principal,
        product_id,
        name=wanted.name,
        kind=wanted.type or "installed",
        redirect_uri=wanted.redirect_uri,
        scope=wanted.scope,
    )
    return {"ok": True, "client": _shown(call, client) | {"secret": secret}}


async def update(call: Call[ChangedClient]) -> Answer:
    """Change name or scope; the scope ``none`` revokes ``customers:create``."""
    client = _client(call, Action.CLIENT_UPDATE)
    changed = call.cloud.clients.change(client, name=call.body.name, scope=call.body.scope)
    return {"ok": True, "client": _shown(call, changed)}


async def remove(call: Call) -> Answer:
    """Delete a client."""
    call.cloud.clients.remove(_client(call, Action.CLIENT_REMOVE))
    return Response(status_code=204)


def _product_id(call: Call, action: Action) -> int | None:
    if "product" in call.request.path_params:
        return call.product(action).id
    call.require(Action.ACCOUNT)
    place = InOrganization.read(call.sent)
    return call.cloud.clients.product_id(call.principal, place.organization, place.product, action)


def _client(call: Call, action: Action) -> Client:
    return call.cloud.clients.find(call.principal, call.path("client"), _product_id(call, action))


def _shown(call: Call, client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": client.name, "type": client.type, "id": client.id}
    if client.redirect_uri is not None:
        shown["redirect_uri"] = client.redirect_uri
    if client.scope is not None:
        shown["scope"] = client.scope
    if client.product_id is not None and call.cloud.era.organization_of_product:
        shown["org_id"] = call.cloud.clients.organization_of(client)
    return shown


ROUTES = [
    each
    for base in ("/v1/clients", "/v1/products/{product}/clients")
    for each in (
        route("GET", base, list_clients),
        route("POST", base, create, body=NewClient),
        route("PUT", f"{base}/{{client}}", update, body=ChangedClient),
        route("DELETE", f"{base}/{{client}}", remove),
    )
]
