"""One request on its way through the API: who asks, what was sent, and which thing it is about."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from photonrig.localcloud.eras import Action, Party, Principal, Subject, party_of
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.body import Body, announced, read_body
from photonrig.localcloud.http.errors import ApiError, oauth_error
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.room import FREE
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.events import asked_by_hook
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.organizations import Organization
from photonrig.localcloud.store.products import Product
from photonrig.localcloud.store.tokens import Token
from photonrig.localcloud.webhooks.messages import HOOK_HEADER

__all__ = [
    "EXTENSION",
    "OPEN_BODY",
    "SMALL_BODY",
    "SOURCES_BODY",
    "Answer",
    "ApiRoute",
    "Call",
    "Handler",
    "OpenCall",
    "basic_credentials",
    "bearer_token",
    "find_token",
    "open_route",
    "route",
    "subject_of",
]

EXTENSION = "/extensions/v1/any/"
SMALL_BODY = 1 << 20
SOURCES_BODY = 10 << 20
OPEN_BODY = 256 << 10  # of a request whose address and headers have no token; a Photon's application has 128 KB at most

_NOT_SEARCHED = f" in headers or address, and a body of more than {OPEN_BODY} bytes is not searched for it"
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

    def refusal(self, situation: Situation, **words: str) -> ApiError:
        """The refusal of a situation, as the era words it."""
        refusal = self.cloud.era.refusals[situation]
        return ApiError(refusal.status, refusal.filled(base_url=str(self.request.base_url), **words))


@dataclass(slots=True)
class Call(OpenCall):
    """A request whose token was found good.

    A handler that waits, for a device or for a password to be hashed, looks up afterwards what it goes on with, by the
    same methods: they tell what the caller may do now, not what the caller could do when the request came.
    """

    token: Token

    @property
    def principal(self) -> Principal:
        """Whom the token stands for, with the rights of this moment.

        :raises ApiError: 401, the token was revoked or has expired, or its account is gone
        """
        principal = self.cloud.principal(self.token) if self.cloud.store.tokens.stands(self.token) else None
        if principal is None:
            raise oauth_error(401, "invalid_token", "The access token provided is invalid.")
        return principal

    @property
    def user_id(self) -> str:
        """The id of the user who asks; for actions that only users are allowed."""
        assert self.principal.kind == "user"
        return self.principal.id

    @property
    def extended(self) -> bool:
        """Whether the path is an extension's, which no Particle cloud has."""
        return str(self.request.scope["path"]).startswith(EXTENSION)

    def allows(self, action: Action, subject: Subject = Subject()) -> bool:  # noqa: B008
        """Whether the era allows it."""
        return self.cloud.era.allows(self.principal, action, subject)

    def require(self, action: Action) -> None:
        """Go on only if the principal may do this with its own account.

        :raises ApiError: it may not
        """
        if not self.allows(action):
            raise self._denied(Situation.ACCOUNT_DENIED)

    def device(self, action: Action) -> Device:
        """The device of a user path, by id or by name among the caller's own.

        :raises ApiError: unknown, someone else's or not allowed, without telling which
        """
        device = self.own_device(self.path("device"))
        if device is None or not self.allows(action, subject_of(device)):
            raise self._denied(Situation.DEVICE_DENIED)
        return device

    def product(self, action: Action) -> Product:
        """The product of a path, by id or slug, and in the organization if the path has one.

        :raises ApiError: unknown or not the caller's, without telling which; or the caller's role does not suffice
        """
        wanted = self.path("product")
        numeric = wanted.isdecimal() and wanted.isascii()
        products = self.cloud.store.products
        product = products.get(int(wanted[:20])) if numeric else products.named(wanted)
        if "organization" in self.request.path_params:
            organization = self._organization()
            if product is not None and product.organization_id != organization.id:
                product = None
        subject = Subject(product=None if product is None else product.id)
        if product is not None and self.allows(action, subject):
            return product
        if self.principal.kind == "customer":
            raise self.refusal(Situation.CUSTOMER_IN_PRODUCT)
        if product is None or party_of(self.principal, subject) in (Party.STRANGER, Party.FOREIGN):
            if "organization" in self.request.path_params:
                raise self.refusal(Situation.ORGANIZATION_DENIED)
            if action is Action.CUSTOMER_CLAIM_CODE and product is not None:
                raise self.refusal(Situation.CODE_NOT_FOR_USERS)
            raise self.refusal(Situation.PRODUCT_UNKNOWN if numeric else Situation.SLUG_UNKNOWN)
        raise self._denied(Situation.ROLE_DENIED)

    def product_device(self, action: Action) -> tuple[Product, Device]:
        """The product and device of a product's or organization's path; devices are named by id there.

        :raises ApiError: as :meth:`product`, or the device is not in the product or organization
        """
        device = self.cloud.store.devices.get(self.path("device").lower())
        if device is not None and device.untyped:
            device = None
        if "product" not in self.request.path_params:
            return self._organization_device(action, device)
        product = self.product(action)
        if device is not None:
            state = device.state
            if state.product == product.id or (state.quarantine is not None and state.quarantine.product == product.id):
                return product, device
        raise self.refusal(Situation.NOT_IN_PRODUCT)

    def any_device(self, user_action: Action, product_action: Action) -> Device:
        """The device of an extension's path, which serves its owner and its product's team alike.

        :raises ApiError: unknown, or nothing to the caller
        """
        device = self.own_device(self.path("device"))
        if device is not None and not device.untyped:
            if self.allows(user_action, subject_of(device)):
                return device
            product = device.state.product
            if product is not None and self.allows(product_action, Subject(product=product)):
                return device
        raise self._denied(Situation.DEVICE_DENIED)

    def organization(self, action: Action) -> Organization:
        """The organization of a path, by id or slug.

        :raises ApiError: unknown, or not the caller's
        """
        organization = self._organization()
        subject = Subject(organization=organization.id)
        if self.allows(action, subject):
            return organization
        if self.principal.kind == "customer":
            raise self.refusal(Situation.CUSTOMER_IN_PRODUCT)
        outside = party_of(self.principal, subject) in (Party.STRANGER, Party.FOREIGN)
        raise self._denied(Situation.ORGANIZATION_DENIED if outside else Situation.ROLE_DENIED)

    def _organization(self) -> Organization:
        organization = self.cloud.store.organizations.find(self.path("organization"))
        if organization is None:
            raise self.refusal(Situation.ORGANIZATION_UNKNOWN)
        return organization

    def _organization_device(self, action: Action, device: Device | None) -> tuple[Product, Device]:
        organization = self._organization()
        product = None
        if device is not None and device.state.product is not None:
            product = self.cloud.store.products.get(device.state.product)
        if device is None or product is None or product.organization_id != organization.id:
            device = product = None
        subject = Subject(None, None if product is None else product.id, organization.id)
        if device is not None and product is not None and self.allows(action, subject):
            return product, device
        if self.principal.kind == "customer":
            raise self.refusal(Situation.CUSTOMER_IN_PRODUCT)
        if party_of(self.principal, subject) in (Party.STRANGER, Party.FOREIGN):
            raise self.refusal(Situation.ORGANIZATION_DENIED)
        raise self._denied(Situation.NOT_IN_PRODUCT if device is None else Situation.ROLE_DENIED)

    def _denied(self, of_an_account: Situation) -> ApiError:
        """The refusal of what the caller can name; tokens that belong to no account are told so."""
        if self.principal.kind == "api user":
            return self.refusal(Situation.API_USER_DENIED)
        if self.principal.kind == "product" and of_an_account is not Situation.DEVICE_DENIED:
            return self.refusal(Situation.PRODUCT_TOKEN_DENIED)
        return self.refusal(of_an_account)

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
    """A device as the era's rules see it; one whose owner is nobody has no team either (claim thread, row 5)."""
    return Subject(device.state.owner, None if device.untyped else device.state.product)


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
        cloud: Cloud = request.app.cloud
        named = _tokens_in_head(request)
        room, most, beyond = request.app.room, limit, None
        if not named:
            room, most, beyond = request.app.open_room, min(limit, OPEN_BODY), _no_token(_NOT_SEARCHED)
        size = announced(request, most, beyond)
        if named and size > FREE:
            _good_token(cloud, named)  # nothing large is read for nothing
        async with room.holding(size):
            body = await read_body(request, most, beyond)
            token = _good_token(cloud, named | _tokens_in_body(body))
            call = Call(cloud, request, body, token)
            request.scope["principal"] = call.principal
            body.fields.pop("access_token", None)
            by_hook = asked_by_hook.set(HOOK_HEADER in request.headers)
            try:
                return _response(await handler(call))
            finally:
                asked_by_hook.reset(by_hook)

    return ApiRoute(method, path, handler, endpoint, needs_token=True)


def open_route(
    method: str, path: str, handler: OpenHandler, admit: Callable[[Cloud, Request], None] | None = None
) -> ApiRoute:
    """A route that needs no token, or other credentials; ``admit`` may refuse before the body is read."""

    async def endpoint(request: Request) -> Response:
        if admit is not None:
            admit(request.app.cloud, request)
        async with request.app.open_room.holding(announced(request, OPEN_BODY)):
            body = await read_body(request, OPEN_BODY)
            _only(_tokens_in_head(request) | _tokens_in_body(body))
            return _response(await handler(OpenCall(request.app.cloud, request, body)))

    return ApiRoute(method, path, handler, endpoint, needs_token=False)


def find_token(cloud: Cloud, request: Request, body: Body) -> Token:
    """The token of a request, from its header, body or address.

    :raises ApiError: none given, several that differ, unknown, or expired
    """
    return _good_token(cloud, _tokens_in_head(request) | _tokens_in_body(body))


def _good_token(cloud: Cloud, named: Set[str]) -> Token:
    text = _only(named)
    if text is None:
        raise _no_token()
    token = cloud.store.tokens.find(text)
    if token is None:
        raise oauth_error(401, "invalid_token", "The access token provided is invalid.")
    if cloud.store.tokens.expired(token):
        raise oauth_error(401, "invalid_token", "The access token provided has expired.")
    return token


def _tokens_in_head(request: Request) -> set[str]:
    """The tokens of header and address, good or not."""
    named = set(request.query_params.getlist("access_token")) if request.scope["query_string"] else set()
    named.add(bearer_token(request) or "")
    named.discard("")
    return named


def _tokens_in_body(body: Body) -> set[str]:
    field = body.fields.get("access_token")
    if isinstance(field, list) and all(isinstance(each, str) for each in field):
        return set(field) - {""}  # from a form that names it twice
    return {text} if (text := body.text("access_token")) else set()


def _only(named: Set[str]) -> str | None:
    if len(named) > 1:
        raise oauth_error(400, "invalid_request", "The request has several access tokens, and they differ; send one")
    return next(iter(named), None)


def _no_token(where: str = "") -> ApiError:
    return oauth_error(400, "invalid_request", f"The access token was not found{where}")


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header; None when there is none."""
    scheme, credentials = _authorization(request)
    return credentials or None if scheme == "bearer" else None


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Name and password of a Basic authorization header; None when there is none or it is damaged."""
    scheme, encoded = _authorization(request)
    if scheme != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None


def _authorization(request: Request) -> tuple[str, str]:
    sent = {_credentials(value) for name, value in request.scope["headers"] if name == b"authorization"}
    if len(sent) > 1:
        raise oauth_error(400, "invalid_request", "The request has several Authorization headers, and they differ")
    return next(iter(sent), ("", ""))


def _credentials(header: bytes) -> tuple[str, str]:
    scheme, _, credentials = header.decode("latin-1").partition(" ")
    return scheme.lower(), credentials.strip()


def _response(answer: Answer) -> Response:
    return answer if isinstance(answer, Response) else Json(answer)
