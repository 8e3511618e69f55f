"""``/v1/products/:p/customers``: a product's end users."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, OpenCall, basic_credentials, open_route, route, with_token
from photonrig.localcloud.http.clients import product_of
from photonrig.localcloud.http.errors import oauth_error, refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.oauth import DEFAULT_SECONDS, authenticated_client, token_body
from photonrig.localcloud.http.views import paged, timestamp
from photonrig.localcloud.secrets import hash_password
from photonrig.localcloud.store.accounts import Client, Customer
from photonrig.localcloud.store.products import Product
from photonrig.localcloud.store.tokens import GrantedToken
from photonrig.ownership.model import Owner

__all__ = ["ROUTES"]


async def create(call: OpenCall) -> Answer:
    """Create a customer and mint a token: by the product's client, or by a team member with a password."""
    if call.sent.text("response_type") == "token":
        return await _create_implicitly(call)
    by_client = basic_credentials(call.request) is not None or call.sent.text("client_id") is not None
    asks_for = _by_client if by_client else _by_member
    asks_for(call)
    email = (call.sent.text("email") or "").strip()
    password = call.sent.text("password")
    if not email:
        raise refused(400, "email is required")
    if not password:
        if not by_client:
            raise refused(400, "password is required")
        if not call.sent.flag("no_password"):
            raise refused(400, "password is required, unless no_password is true")
    hashed = await asyncio.to_thread(hash_password, password) if password else None
    product, client_id = asks_for(call)
    granted, customer = _make(call, product, client_id, email, hashed)
    return Json(token_body(granted, scope=f"customer={customer.email}"), status_code=201)


async def _create_implicitly(call: OpenCall) -> Answer:
    """Simple authentication of the web: no secret, and the token goes to the client's own address."""
    _web_client(call)
    email, password = (call.sent.text("email") or "").strip(), call.sent.text("password")
    if not email or not password:
        raise refused(400, "email and password are required")
    hashed = await asyncio.to_thread(hash_password, password)
    product, client = _web_client(call)
    granted, _ = _make(call, product, client.id, email, hashed)
    fragment = urlencode(token_body(granted))
    return RedirectResponse(f"{client.redirect_uri}#{fragment}", status_code=302)


def _web_client(call: OpenCall) -> tuple[Product, Client]:
    client = call.cloud.store.clients.get(call.sent.text("client_id") or "")
    product = None if client is None or client.product_id is None else call.cloud.store.products.get(client.product_id)
    if client is None or client.redirect_uri is None or product is None or not _is_at(call, product):
        raise oauth_error(400, "invalid_client", "The client is no web client of this product")
    if client.scope != "customers:create":
        raise oauth_error(400, "unauthorized_client", "The client lacks the scope customers:create")
    return product, client


def _make(
    call: OpenCall, product: Product, client_id: str, email: str, password: str | None
) -> tuple[GrantedToken, Customer]:
    with call.cloud.store.write():
        customer = call.cloud.store.customers.add(product.id, email, password)
        if customer is None:
            raise call.refusal(Situation.CUSTOMER_EXISTS)
        return call.cloud.store.tokens.grant("customer", customer.id, client_id, DEFAULT_SECONDS), customer


def _by_client(call: OpenCall) -> tuple[Product, str]:
    _, client = authenticated_client(call)
    product = None if client is None or client.product_id is None else call.cloud.store.products.get(client.product_id)
    if client is None or product is None or not _is_at(call, product):
        raise oauth_error(400, "invalid_client", "The client does not belong to this product")
    if client.scope == "none":
        raise oauth_error(400, "unauthorized_client", "The client lacks the scope customers:create")
    return product, client.id


def _by_member(call: OpenCall) -> tuple[Product, str]:
    asking = with_token(call)
    if "product" in call.request.path_params:
        return asking.product(Action.CUSTOMER_CREATE), asking.token.client
    organization = asking.organization(Action.CUSTOMER_CREATE)
    return product_of(call, organization), asking.token.client


def _is_at(call: OpenCall, product: Product) -> bool:
    """Whether the address names this product, or the organization it is in."""
    if "product" in call.request.path_params:
        return call.path("product") in (str(product.id), product.slug)
    organization = call.cloud.store.organizations.find(call.path("organization"))
    if organization is None:
        raise call.refusal(Situation.ORGANIZATION_UNKNOWN)
    return product.organization_id == organization.id


async def list_customers(call: Call) -> Answer:
    """The customers of a product and their devices."""
    product = call.product(Action.CUSTOMER_LIST)
    customers, pages = paged(call, call.cloud.store.customers.of_product(product.id))
    shown, devices = [], []
    for customer in customers:
        owned = call.cloud.store.devices.of_owner(Owner("customer", customer.id))
        shown.append({"id": customer.id, "username": customer.email, "devices": [device.id for device in owned]})
        for device in owned:
            telemetry = call.cloud.presence.of(device.id)
            devices.append(
                {
                    "id": device.id,
                    "product_id": device.state.product,
                    "last_ip_address": telemetry.address,
                    "last_heard": timestamp(telemetry.last_heard),
                    "firmware_version": telemetry.firmware_version,
                    "online": call.cloud.link.reachable(device),
                }
            )
    return {"customers": shown, "devices": devices, "meta": {"total_pages": pages}}


async def update(call: Call) -> Answer:
    """Replace the password of a customer who has one."""
    password = call.sent.text("password")
    if not password:
        _customer(call, Action.CUSTOMER_UPDATE)
        raise refused(400, "password is required")
    _customer_with_password(call)
    hashed = await asyncio.to_thread(hash_password, password)
    customer = _customer_with_password(call)
    with call.cloud.store.write():
        call.cloud.store.customers.set_password(customer.id, hashed)
    return {"ok": True}


def _customer_with_password(call: Call) -> Customer:
    customer = _customer(call, Action.CUSTOMER_UPDATE)
    if customer.password is None:
        raise refused(400, "This customer has no password; mint tokens with the product's client instead")
    return customer


async def remove(call: Call) -> Answer:
    """Delete a customer; a choice: the customer's devices are released, so that none belongs to nobody reachable."""
    for token in call.cloud.ownership.remove_customer(_customer(call, Action.CUSTOMER_REMOVE)):
        call.cloud.bus.close_token(token)
    return {"ok": True}


def _customer(call: Call, action: Action) -> Customer:
    product = call.product(action)
    customer = call.cloud.store.customers.named(product.id, call.path("email"))
    if customer is None:
        raise refused(404, "Customer not found")
    return customer


ROUTES = [
    open_route("POST", "/v1/products/{product}/customers", create),
    open_route("POST", "/v1/orgs/{organization}/customers", create),
    route("GET", "/v1/products/{product}/customers", list_customers),
    route("PUT", "/v1/products/{product}/customers/{email}", update),
    route("DELETE", "/v1/products/{product}/customers/{email}", remove),
]
