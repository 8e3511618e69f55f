"""``/v1/products/:p/customers``: a product's end users."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, OpenCall, basic_credentials, open_route, route, with_token
from photonrig.localcloud.http.fields import Fields, Stripped
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.oauth import named_client, token_body
from photonrig.localcloud.http.pages import Page, paged
from photonrig.localcloud.http.views import timestamp
from photonrig.localcloud.service.passwords import hashed
from photonrig.localcloud.service.records import Client, Product
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid


class NewCustomer(Fields):
    """A new customer; ``response_type`` token is for web clients, ``product`` for organizations of 2016."""

    email: Stripped
    password: str = ""
    no_password: bool = False
    client_id: str | None = None
    client_secret: str | None = None
    response_type: str = ""
    product: str | None = None


class Password(Fields):
    """A customer's new password."""

    password: str


async def create(call: OpenCall[NewCustomer]) -> Answer:
    """Create a customer and grant a token: with the product's client, or with a password by a team member."""
    by_client = basic_credentials(call.request) is not None or "client_id" in call.sent.fields
    if call.sent.fields.get("response_type") == "token":
        return await _create_implicitly(call)
    asks_for = _by_client if by_client else _by_member
    asks_for(call)
    wanted = call.body
    if not wanted.password and not (by_client and wanted.no_password):
        raise invalid("password is required" + (", unless no_password is true" if by_client else ""))
    password = await hashed(wanted.password) if wanted.password else None
    product, client_id = asks_for(call)
    granted, customer = call.cloud.customers.create(product, client_id, wanted.email, password)
    return Json(token_body(granted, customer), status_code=201)


async def _create_implicitly(call: OpenCall[NewCustomer]) -> Answer:
    """Simple authentication for web clients: no secret; the token goes to the client's redirect URI."""
    _web_client(call)
    wanted = call.body
    if not wanted.password:
        raise invalid("email and password are required")
    password = await hashed(wanted.password)
    client, product = _web_client(call)
    granted, _ = call.cloud.customers.create(product, client.id, wanted.email, password)
    return RedirectResponse(f"{client.redirect_uri}#{urlencode(token_body(granted))}", status_code=302)


def _web_client(call: OpenCall[NewCustomer]) -> tuple[Client, Product]:
    client, product = call.cloud.customers.web_client(call.body.client_id or "")
    if not _is_at(call, product):
        raise _not_here("The client is no web client of this product")
    return client, product


def _by_client(call: OpenCall[NewCustomer]) -> tuple[Product, str]:
    by = named_client(call.request, call.body.client_id, call.body.client_secret)
    client, product = call.cloud.customers.creating_client(by)
    if not _is_at(call, product):
        raise _not_here("The client does not belong to this product")
    return product, client.id


def _by_member(call: OpenCall[NewCustomer]) -> tuple[Product, str]:
    asking = with_token(call)
    if "product" in call.request.path_params:
        return asking.product(Action.CUSTOMER_CREATE), asking.token.client
    organization = asking.organization(Action.CUSTOMER_CREATE)
    return call.cloud.clients.product_of(organization, call.body.product), asking.token.client


def _is_at(call: OpenCall, product: Product) -> bool:
    """Whether the path names this product, or the organization it is in."""
    if "product" in call.request.path_params:
        return call.path("product") in (str(product.id), product.slug)
    return product.organization_id == call.cloud.access.find_organization(call.path("organization")).id


def _not_here(text: str) -> ServiceRefusal:
    return ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text=text)


async def list_customers(call: Call[object, Page]) -> Answer:
    """List the customers of a product with their devices."""
    product = call.product(Action.CUSTOMER_LIST)
    customers, pages = paged(call.query, call.cloud.customers.of(product))
    shown, devices = [], []
    for customer in customers:
        owned = call.cloud.customers.devices(customer)
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


async def update(call: Call[Password]) -> Answer:
    """Replace a customer's password; shadow customers have none."""
    customers, email = call.cloud.customers, call.path("email")
    customers.find(call.product(Action.CUSTOMER_UPDATE), email)
    password = call.body.password
    customers.with_password(call.product(Action.CUSTOMER_UPDATE), email)
    kept = await hashed(password)
    customers.set_password(customers.with_password(call.product(Action.CUSTOMER_UPDATE), email), kept)
    return {"ok": True}


async def remove(call: Call) -> Answer:
    """Delete a customer and release the customer's devices (a choice)."""
    customers = call.cloud.customers
    customers.remove(customers.find(call.product(Action.CUSTOMER_REMOVE), call.path("email")))
    return {"ok": True}


ROUTES = [
    open_route("POST", "/v1/products/{product}/customers", create, body=NewCustomer),
    open_route("POST", "/v1/orgs/{organization}/customers", create, body=NewCustomer),
    route("GET", "/v1/products/{product}/customers", list_customers, query=Page),
    route("PUT", "/v1/products/{product}/customers/{email}", update, body=Password),
    route("DELETE", "/v1/products/{product}/customers/{email}", remove),
]
