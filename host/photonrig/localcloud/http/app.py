"""ASGI application: joins the resources and answers in JSON only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from photonrig.clock import SYSTEM
from photonrig.localcloud.http import (
    admin,
    binaries,
    build_targets,
    claims,
    clients,
    control,
    customers,
    device_os,
    devices,
    diagnostics,
    events,
    extension,
    groups,
    health,
    history,
    libraries,
    oauth,
    openapi,
    organizations,
    product_devices,
    product_firmware,
    products,
    provisioning,
    publish,
    team,
    tokens,
    users,
    webhooks,
)
from photonrig.localcloud.http.answering import respond
from photonrig.localcloud.http.door import Door
from photonrig.localcloud.http.errors import ApiError, error_headers
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.rate_limits import RateLimited
from photonrig.localcloud.http.room import Room
from photonrig.localcloud.http.router import SortedRoutes
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.records import Outdated
from photonrig.localcloud.service.refusal import ServiceRefusal

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "authorization, content-type, x-particle-tool, x-particle-project",
}

# Total bytes of request bodies in memory: with a token in header or address, and without; a choice.
BODIES, OPEN_BODIES = 48 << 20, 8 << 20

_LONGEST_PATH = 200  # characters of a path in the audit

_SLASH = "\udc2f"  # no decoded text holds it

# In order: fixed names before the patterns that match them too.
_RESOURCES = (
    *(health, admin, oauth, tokens, users, clients, events, publish, claims),
    *(
        products,
        organizations,
        team,
        customers,
        product_devices,
        devices,
        control,
        binaries,
        build_targets,
        device_os,
        provisioning,
    ),
    *(webhooks, product_firmware, groups, diagnostics, libraries, openapi),
)


def make_app(cloud: Cloud) -> ASGIApp:
    """The API of one cloud."""
    routes = [
        each for each in all_routes(extensions=cloud.settings.extensions) if not cloud.era.lacks & endpoints_of(each)
    ]
    app = _Api(cloud, routes)
    return Door(app if cloud.rates is None else RateLimited(app, cloud.rates), cloud.settings.allowed_origins)


def all_routes(*, extensions: bool = False) -> list[Route]:
    """Routes of all eras in matching order, with or without the extensions."""
    resources = (*_RESOURCES, extension, history) if extensions else _RESOURCES
    return [each for resource in resources for each in resource.ROUTES]


def endpoints_of(route: Route) -> set[tuple[str, str]]:
    """Method and path of a route, as in the eras' tables."""
    return {(method, route.path) for method in route.methods or () if method != "HEAD"}


def _segments(scope: Scope) -> str:
    """The path, decoded, with :data:`_SLASH` for an encoded slash: that one is part of its segment."""
    raw = (scope.get("raw_path") or b"").partition(b"?")[0]
    if b"%2f" not in raw.lower():
        return str(scope["path"])
    return unquote(re.sub("%2f", _SLASH, raw.decode("latin-1"), flags=re.IGNORECASE))


class _Api:
    """Dispatches requests to routes and turns exceptions into answers."""

    def __init__(self, cloud: Cloud, routes: Sequence[Route]) -> None:
        self.cloud = cloud
        self.routes = routes
        self.room, self.open_room = Room(BODIES), Room(OPEN_BODIES)
        self._sorted = SortedRoutes(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = SYSTEM.now()
        scope["app"] = self
        fault: Exception | None = None
        try:
            response = await self._answer(scope, receive, send)
        except ApiError as error:
            response = Json(error.body, error.status, error_headers(error.body))
        except ServiceRefusal as refusal:
            response = self._worded(refusal, scope)
        except Outdated:
            text = "The device changed owner or product during the request; read it again, then retry"
            response = Json({"ok": False, "error": text}, status_code=409)
        except Exception as error:
            text = f"The local cloud has a fault: {type(error).__name__}"
            response, fault = Json({"ok": False, "error": text}, status_code=500), error
        self._note(scope, response.status_code)
        await respond(response, began, scope, receive, send)
        if fault is not None:
            raise fault

    def _note(self, scope: Scope, status: int) -> None:
        """Note for the administrator who asked about a device, with which token."""
        token, named = scope.get("asked", (None, None))
        if token is None or not named:
            return
        principal = scope["principal"]
        device = self.cloud.access.own_device(principal, named)
        if device is not None:
            path = str(scope["path"]).replace(named, "…")
            self.cloud.audit.asked(device.id, token, principal, f"{scope['method']} {path[:_LONGEST_PATH]}", status)

    def _worded(self, refusal: ServiceRefusal, scope: Scope) -> Response:
        """A service's refusal in the era's words."""
        worded = self.cloud.era.refusals[refusal.situation]
        body = worded.filled(base_url=str(Request(scope).base_url), **refusal.words)
        return Json(body, worded.status, error_headers(body))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> Response:
        method, path = scope["method"], _segments(scope)
        if method == "OPTIONS":
            return Response(status_code=204, headers=_PREFLIGHT)
        if len(path) > 1 and path.endswith("/"):
            path = path.rstrip("/")
            scope["path"] = path.replace(_SLASH, "/")
        # No 405 for a path that exists with other methods: clients parse every answer as JSON.
        route, parts = self._sorted.find(method, path)
        scope["path_params"] = {name: part.replace(_SLASH, "/") for name, part in parts.items()}
        if route is None:
            return Json({"ok": False, "error": "Not Found"}, status_code=404)
        answer: Response = await route.endpoint(Request(scope, receive, send))
        return answer
