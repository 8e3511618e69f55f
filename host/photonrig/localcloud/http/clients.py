"""``/v1/clients`` and ``/v1/products/:p/clients``: OAuth clients."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.store.accounts import Client

__all__ = ["ROUTES"]

_SCOPES = {
    None: None,
    "": None,
    "*:*": "*:*",
    "customers:create": "customers:create",
    "create_customer": "customers:create",
}


async def list_clients(call: Call) -> Answer:
    """The clients of the user or product, without their secrets."""
    product_id = _product_id(call)
    clients = call.cloud.store.clients.of(user_id=call.user_id, product_id=product_id)
    return {"ok": True, "clients": [_shown(client) for client in clients]}


async def create(call: Call) -> Answer:
    """Create a client; its secret is shown this once."""
    product_id = _product_id(call)
    name, kind = (call.body.text("name") or "").strip(), call.body.text("type") or "installed"
    redirect_uri, scope = call.body.text("redirect_uri"), call.body.text("scope")
    if not name:
        raise refused(400, "name is required")
    if kind not in ("web", "installed"):
        raise refused(400, "type must be web or installed")
    if kind == "web" and not redirect_uri:
        raise refused(400, "redirect_uri is required for a web client")
    if scope not in _SCOPES:
        raise refused(400, "scope must be customers:create or *:*")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "client"
    secret = new_token()
    with call.cloud.store.write():
        for _ in range(100):
            client_id = f"{slug}-{secrets.randbelow(9999) + 1}"
            client = Client(
                *(client_id, sha256_hex(secret), name, kind, redirect_uri, _SCOPES[scope], call.user_id, product_id)
            )
            if call.cloud.store.clients.add(client):
                return {"ok": True, "client": _shown(client) | {"secret": secret}}
    raise refused(400, "too many clients have this name; choose another")


async def update(call: Call) -> Answer:
    """Change name or scope; the scope ``none`` takes all permission away that ``customers:create`` gave."""
    client = _client(call)
    scope = call.body.text("scope")
    if scope not in (*_SCOPES, "none"):
        raise refused(400, "scope must be customers:create, *:* or none")
    with call.cloud.store.write():
        call.cloud.store.clients.update(
            client.id,
            name=call.body.text("name") or client.name,
            scope=client.scope if scope is None else _SCOPES.get(scope, "none"),
        )
    changed = call.cloud.store.clients.get(client.id)
    assert changed is not None
    return {"ok": True, "client": _shown(changed)}


async def remove(call: Call) -> Answer:
    """Delete a client."""
    client = _client(call)
    with call.cloud.store.write():
        call.cloud.store.clients.remove(client.id)
    return Response(status_code=204)


def _product_id(call: Call) -> int | None:
    if "product" in call.request.path_params:
        return call.product(Action.PRODUCT_CLIENTS).id
    call.require(Action.ACCOUNT)
    return None


def _client(call: Call) -> Client:
    product_id = _product_id(call)
    client = call.cloud.store.clients.get(call.path("client"))
    mine = client is not None and (product_id is not None or client.user_id == call.user_id)
    if client is None or not mine or client.product_id != product_id:
        raise refused(404, "Client not found")
    return client


def _shown(client: Client) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": client.name, "type": client.type, "id": client.id}
    if client.redirect_uri is not None:
        shown["redirect_uri"] = client.redirect_uri
    if client.scope is not None:
        shown["scope"] = client.scope
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
