"""One request on its way through the API: who asks, what was sent, and which thing it is about."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from photonrig.localcloud.core import Cloud
from photonrig.localcloud.eras import Action, Party, Principal, Subject, party_of
from photonrig.localcloud.http.body import Body, read_body
from photonrig.localcloud.http.errors import ApiError, device_denied, oauth_error, refused
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.products import Product
from photonrig.localcloud.store.tokens import Token

__all__ = [
    "SMALL_BODY",
    "SOURCES_BODY",
    "Answer",
    "ApiRoute",
    "Call",
    "Handler",
    "OpenCall",
    "basic_credentials",
    "open_route",
    "route",
    "subject_of",
]

SMALL_BODY = 1 << 20
SOURCES_BODY = 10 << 20

_ID_DIGITS = frozenset("0123456789abcdef")


@dataclass(slots=True)
class OpenCall:
    """A request that needs no token."""

    cloud: Cloud
    request: Request
    body: Body

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])


@dataclass(slots=True)
class Call(OpenCall):
    """A request whose token was found good."""

    token: Token
    principal: Principal

    @property
    def user_id(self) -> str:
        """The id of the user who asks; for actions that only users are allowed."""
        assert self.principal.kind == "user"
        return self.principal.id

    def allows(self, action: Action, subject: Subject = Subject()) -> bool:  # noqa: B008
        """Whether the era allows it."""
        return self.cloud.era.allows(self.principal, action, subject)

    def require(self, action: Action) -> None:
        """Go on only if the principal may do this with its own account.

        :raises ApiError: it may not
        """
        if not self.allows(action):
            if self.principal.kind == "product":
                raise _unauthorized()
            raise refused(403, "Permission Denied")

    def device(self, action: Action) -> Device:
        """The device of a user path, by id or by name among the caller's own.

        :raises ApiError: unknown, someone else's or not allowed, without telling which
        """
        device = self.own_device(self.path("device"))
        if device is None or not self.allows(action, subject_of(device)):
            raise device_denied(str(self.request.base_url))
        return device

    def product(self, action: Action) -> Product:
        """The product of a path, by id or slug.

        :raises ApiError: unknown or not the caller's, without telling which; or the caller's role does not suffice
        """
        wanted = self.path("product")
        numeric = wanted.isdecimal() and wanted.isascii()
        product = (
            self.cloud.store.products.get(int(wanted[:20])) if numeric else self.cloud.store.products.named(wanted)
        )
        subject = Subject(product=None if product is None else product.id)
        if product is not None and self.allows(action, subject):
            return product
        if self.principal.kind == "customer":
            # A choice: the text was seen in the thread without its status.
            raise refused(404, "Organization not found for user's role.")
        if product is None or party_of(self.principal, subject) in (Party.STRANGER, Party.FOREIGN):
            if action is Action.CUSTOMER_CLAIM_CODE and product is not None:
                raise refused(403, "Permission denied")
            # A choice: both answers were seen, the first by number, the second by slug.
            raise refused(404, "Product not found.") if numeric else refused(403, "Permission denied")
        raise _unauthorized() if self.principal.kind == "product" else refused(403, "Permission denied")

    def product_device(self, action: Action) -> tuple[Product, Device]:
        """The product and device of a product path; devices are named by id there.

        :raises ApiError: as :meth:`product`, or the device is not in the product
        """
        product = self.product(action)
        device = self.cloud.store.devices.get(self.path("device").lower())
        if device is not None:
            state = device.state
            if state.product == product.id or (state.quarantine is not None and state.quarantine.product == product.id):
                return product, device
        raise refused(404, "Device not found for this product")

    def own_device(self, wanted: str) -> Device | None:
        """A device by its id, or by its name among the caller's own."""
        if len(wanted) == 24 and set(wanted.lower()) <= _ID_DIGITS:
            return self.cloud.store.devices.get(wanted.lower())
        if self.principal.owner is None:
            return None
        named = [
            device
            for device in self.cloud.store.devices.of_owner(self.principal.owner)
            if device.name is not None and device.name.lower() == wanted.lower()
        ]
        return named[0] if len(named) == 1 else None


def subject_of(device: Device) -> Subject:
    """A device as the era's rules see it."""
    return Subject(device.state.owner, device.state.product)


Answer = Response | dict[str, Any] | list[Any]
Handler = Callable[[Call], Awaitable[Answer]]
OpenHandler = Callable[[OpenCall], Awaitable[Answer]]


class ApiRoute(Route):
    """A route that can be described: by its handler, and by whether it needs a token."""

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler | OpenHandler,
        endpoint: Callable[[Request], Awaitable[Response]],
        *,
        needs_token: bool,
    ) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.handler = handler
        self.needs_token = needs_token


def route(method: str, path: str, handler: Handler, *, limit: int = SMALL_BODY) -> ApiRoute:
    """A route for holders of a token."""

    async def endpoint(request: Request) -> Response:
        cloud: Cloud = request.app.state.cloud
        body = await read_body(request, limit)
        token = find_token(cloud, request, body)
        principal = cloud.principal(token)
        if principal is None:
            raise oauth_error(401, "invalid_token", "The access token provided is invalid.")
        request.state.who = f"{principal.kind} {principal.id}"
        body.fields.pop("access_token", None)
        return _response(await handler(Call(cloud, request, body, token, principal)))

    return ApiRoute(method, path, handler, endpoint, needs_token=True)


def open_route(method: str, path: str, handler: OpenHandler) -> ApiRoute:
    """A route that needs no token, or other credentials."""

    async def endpoint(request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)
        return _response(await handler(OpenCall(request.app.state.cloud, request, body)))

    return ApiRoute(method, path, handler, endpoint, needs_token=False)


def find_token(cloud: Cloud, request: Request, body: Body) -> Token:
    """The token of a request: header first, then the body's field, then the address.

    :raises ApiError: none given, unknown, or expired
    """
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    text = credentials.strip() if scheme.lower() == "bearer" else None
    text = text or body.text("access_token") or request.query_params.get("access_token")
    if not text:
        raise oauth_error(400, "invalid_request", "The access token was not found")
    token = cloud.store.tokens.find(text)
    if token is None:
        raise oauth_error(401, "invalid_token", "The access token provided is invalid.")
    if cloud.store.tokens.expired(token):
        raise oauth_error(401, "invalid_token", "The access token provided has expired.")
    return token


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Name and password of a Basic authorization header; None when there is none or it is damaged."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None


def _unauthorized() -> ApiError:
    return oauth_error(403, "unauthorized", "Product tokens are not allowed to call this endpoint")


def _response(answer: Answer) -> Response:
    return answer if isinstance(answer, Response) else JSONResponse(answer)
