"""API request objects: caller, decoded body and query, and the subject in the path."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import TypeVar

from photonrig.localcloud.eras import Action, Principal, Subject
from photonrig.localcloud.events import asked_by_hook
from photonrig.localcloud.http.body import Body, announced, nested, read_body
from photonrig.localcloud.http.errors import ApiError, oauth_error
from photonrig.localcloud.http.fields import Fields, unsent
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.room import FREE
from photonrig.localcloud.service.audit import on_behalf_of
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.control import Named
from photonrig.localcloud.service.records import Device, Organization, Product, Token
from photonrig.localcloud.webhooks.messages import HOOK_HEADER

EXTENSION = "/extensions/v1/any/"
SMALL_BODY = 1 << 20
SOURCES_BODY = 10 << 20
OPEN_BODY = 256 << 10  # for requests without a token in address or headers

_NOT_SEARCHED = f" in headers or address, and a body of more than {OPEN_BODY} bytes is not searched for it"

# A handler without body and query is a handler of Call[object, object].
Body_co = TypeVar("Body_co", covariant=True, default=object)
Query_co = TypeVar("Query_co", covariant=True, default=object)


@dataclass(slots=True)
class OpenCall(Generic[Body_co, Query_co]):
    """A request without token; ``OpenCall[NewUser]`` has a typed body, ``OpenCall[object, Page]`` a query."""

    cloud: Cloud
    request: Request
    sent: Body
    _body_type: type[Fields] | None = None
    _query_type: type[Fields] | None = None
    _body: Fields | None = None

    @property
    def body(self) -> Body_co:
        """The body, decoded at first use: after the handler's permission check.

        :raises ServiceRefusal: a field is missing or of another type
        """
        assert self._body_type is not None, "the route declares no body"
        if self._body is None:
            self._body = self._body_type.read(self.sent)
        return cast(Body_co, self._body)

    @property
    def query(self) -> Query_co:
        """The decoded query.

        :raises ServiceRefusal: as :attr:`body`
        """
        assert self._query_type is not None, "the route declares no query"
        if not self.request.scope["query_string"]:
            return cast(Query_co, unsent(self._query_type))
        return cast(Query_co, self._query_type.read(Body("query", nested(self.request.query_params.multi_items()))))

    def path(self, name: str) -> str:
        """A path parameter."""
        return str(self.request.path_params[name])

    def part(self, name: str) -> str | None:
        """An optional path parameter."""
        return self.request.path_params.get(name)

    @property
    def base_url(self) -> str:
        """Base URL of this cloud as addressed by the client, without a trailing slash."""
        return str(self.request.base_url).rstrip("/")


@dataclass(slots=True, kw_only=True)
class Call(OpenCall[Body_co, Query_co]):
    """A request with a valid token.

    A handler that awaits (a device, a password hash) looks its subject up again afterwards by the same methods, which
    apply current rights, not those at the time of the request. Results and refusals are those of the methods of the
    same name in :class:`~photonrig.localcloud.service.access.Access`.
    """

    token: Token

    @property
    def principal(self) -> Principal:
        """The token's principal with current rights.

        :raises ServiceRefusal: 401: the token was revoked or has expired, or its account is gone
        """
        return self.cloud.tokens.principal(self.token)

    @property
    def user_id(self) -> str:
        """The user's id; for actions allowed to users only."""
        principal = self.principal
        assert principal.kind == "user"
        return principal.id

    @property
    def extended(self) -> bool:
        """Whether the path belongs to an extension."""
        return str(self.request.scope["path"]).startswith(EXTENSION)

    def allows(self, action: Action, subject: Subject = Subject()) -> bool:  # noqa: B008
        """Whether the era allows the action."""
        return self.cloud.era.allows(self.principal, action, subject)

    def require(self, action: Action) -> None:
        """Require permission for an action on the caller's own account."""
        self.cloud.access.require(self.principal, action)

    def device(self, action: Action) -> Device:
        """The device of a user path."""
        return self.cloud.access.device(self.principal, self.path("device"), action)

    def product(self, action: Action) -> Product:
        """The product of a path, within the path's organization if any."""
        return self.cloud.access.product(self.principal, self.path("product"), action, self.part("organization"))

    def product_device(self, action: Action) -> tuple[Product, Device]:
        """The product and device of a product's or organization's path."""
        product, organization = self.part("product"), self.part("organization")
        return self.cloud.access.product_device(self.principal, self.path("device"), action, product, organization)

    def any_device(self, user_action: Action, product_action: Action) -> Device:
        """The device of an extension's path."""
        return self.cloud.access.any_device(self.principal, self.path("device"), user_action, product_action)

    def named(self, user_action: Action, product_action: Action) -> Named:
        """The device of any path form, for a request that waits."""
        if self.extended:
            return lambda: self.any_device(user_action, product_action)
        if self.part("product") is not None or self.part("organization") is not None:
            return lambda: self.product_device(product_action)[1]
        return lambda: self.device(user_action)

    def organization(self, action: Action) -> Organization:
        """The organization of a path."""
        return self.cloud.access.organization(self.principal, self.path("organization"), action)


Answer = Response | dict[str, Any] | list[Any]
Handler = Callable[[Call[Any, Any]], Awaitable[Answer]]
OpenHandler = Callable[[OpenCall[Any, Any]], Awaitable[Answer]]


class ApiRoute(Route):
    """A route with the metadata for OpenAPI: handler, types of body and query, and whether it needs a token."""

    def __init__(
        self,
        method: str,
        path: str,
        handler: Handler | OpenHandler,
        endpoint: Callable[[Request], Awaitable[Response]],
        *,
        needs_token: bool,
        body: type[Fields] | None = None,
        query: type[Fields] | None = None,
    ) -> None:
        super().__init__(path, endpoint, methods=[method])
        self.handler = handler
        self.needs_token = needs_token
        self.body = body
        self.query = query


def route(
    method: str,
    path: str,
    handler: Callable[[Call[Body_co, Query_co]], Awaitable[Answer]],
    *,
    body: type[Body_co] | None = None,
    query: type[Query_co] | None = None,
    limit: int = SMALL_BODY,
) -> ApiRoute:
    """A route that needs a token. ``body`` and ``query`` are the type arguments of the handler's Call."""
    body_type, query_type = _fields(body), _fields(query)

    async def endpoint(request: Request) -> Response:
        cloud: Cloud = request.app.cloud
        named = _token_in_head(request)
        room, most, beyond = request.app.room, limit, None
        if named is None:
            room, most, beyond = request.app.open_room, min(limit, OPEN_BODY), _no_token(_NOT_SEARCHED)
        size = announced(request, most, beyond)
        if named is not None and size > FREE:
            cloud.tokens.find(named)  # before a large body is read
        async with room.holding(size):
            sent = await read_body(request, most, beyond)
            token = cloud.tokens.find(_token(request, named, sent))
            call: Call[Body_co, Query_co] = Call(cloud, request, sent, body_type, query_type, token=token)
            request.scope["principal"] = principal = call.principal
            request.scope["asked"] = token, request.path_params.get("device") or sent.text("id")
            sent.fields.pop("access_token", None)
            by_hook = asked_by_hook.set(HOOK_HEADER in request.headers)
            try:
                with on_behalf_of(principal):
                    return _response(await handler(call))
            finally:
                asked_by_hook.reset(by_hook)

    return ApiRoute(method, path, handler, endpoint, needs_token=True, body=body_type, query=query_type)


def open_route(
    method: str,
    path: str,
    handler: Callable[[OpenCall[Body_co, Query_co]], Awaitable[Answer]],
    admit: Callable[[Cloud, Request], None] | None = None,
    *,
    body: type[Body_co] | None = None,
    query: type[Query_co] | None = None,
) -> ApiRoute:
    """A route without token, or with other credentials; ``admit`` may refuse before the body is read."""
    body_type, query_type = _fields(body), _fields(query)

    async def endpoint(request: Request) -> Response:
        if admit is not None:
            admit(request.app.cloud, request)
        async with request.app.open_room.holding(announced(request, OPEN_BODY)):
            sent = await read_body(request, OPEN_BODY)
            call: OpenCall[Body_co, Query_co] = OpenCall(request.app.cloud, request, sent, body_type, query_type)
            return _response(await handler(call))

    return ApiRoute(method, path, handler, endpoint, needs_token=False, body=body_type, query=query_type)


def _fields(declared: type[Any] | None) -> type[Fields] | None:
    assert declared is None or issubclass(declared, Fields)
    return declared


def with_token(call: OpenCall[Body_co, Query_co]) -> Call[Body_co, Query_co]:
    """The same request with the token from header, body or address.

    :raises ApiError: none, or several different ones
    :raises ServiceRefusal: unknown, or expired
    """
    token = call.cloud.tokens.find(_token(call.request, _token_in_head(call.request), call.sent))
    return Call(call.cloud, call.request, call.sent, call._body_type, call._query_type, token=token)


# How a token is named: as lib/authorise.js of github.com/particle-iot/node-oauth2-server, the OAuth server of
# Particle's API service (3.2.3, 2025), reads a request; its text has two spaces before GET.
_SEVERAL = "Only one method may be used to authenticate at a time (Auth header,  GET or POST)."
_MALFORMED = "Malformed auth header"
_BODY_OF_GET = "Method cannot be GET When putting the token in the body."
_BODY_NO_FORM = "When putting the token in the body, content type must be application/x-www-form-urlencoded."
_BEARER = re.compile(r"Bearer\s(\S+)")


def _token_in_head(request: Request) -> str | None:
    """The token in header or address, unchecked.

    :raises ApiError: there is one in both, several that differ in the address, or a header of another scheme
    """
    query = set(request.query_params.getlist("access_token")) if request.scope["query_string"] else set()
    header = _authorization(request)
    if header is None:
        if len(query) > 1:
            raise oauth_error(400, "invalid_request", _SEVERAL)
        return next(iter(query), None)
    if query:
        raise oauth_error(400, "invalid_request", _SEVERAL)
    found = _BEARER.search(header)
    if found is None:
        raise oauth_error(400, "invalid_request", _MALFORMED)
    return found[1]


def _token(request: Request, in_head: str | None, body: Body) -> str:
    """The request's token, unchecked.

    :raises ApiError: none, one in head and body, or one in a body that is no form
    """
    in_body = body.fields.get("access_token")
    if in_body is None:
        if in_head is None:
            raise _no_token()
        return in_head
    if in_head is not None or isinstance(in_body, list):
        raise oauth_error(400, "invalid_request", _SEVERAL)
    if request.method == "GET":
        raise oauth_error(400, "invalid_request", _BODY_OF_GET)
    if body.kind != "form":
        raise oauth_error(400, "invalid_request", _BODY_NO_FORM)
    return body.text("access_token") or ""


def _no_token(where: str = "") -> ApiError:
    return oauth_error(400, "invalid_request", f"The access token was not found{where}")


def bearer_token(request: Request) -> str | None:
    """The token of the Authorization header; None when there is none."""
    found = _BEARER.search(_authorization(request) or "")
    return None if found is None else found[1]


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """Name and password of a Basic authorization header; None when there is none or it is malformed."""
    scheme, _, encoded = (_authorization(request) or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (name, password) if colon else None


def _authorization(request: Request) -> str | None:
    """The Authorization header.

    :raises ApiError: several, and they differ
    """
    sent = {value for name, value in request.scope["headers"] if name == b"authorization"}
    if len(sent) > 1:
        raise oauth_error(400, "invalid_request", "The request has several Authorization headers, and they differ")
    return next(iter(sent)).decode("latin-1") if sent else None


def _response(answer: Answer) -> Response:
    return answer if isinstance(answer, Response) else Json(answer)
