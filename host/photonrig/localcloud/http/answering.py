"""Response and log line of every request; adds the CORS header for accepted origins.

The line has caller, method, path, status and duration, without query and body.
"""

from __future__ import annotations

import logging

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from photonrig.clock import SYSTEM
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.protocol import WHOLE_ANSWER

_log = logging.getLogger(__name__)
_SECRET_PARTS = ("token",)  # path parameters that are secrets
_VARY = (b"vary", b"Origin")

ALLOWED_ORIGIN = "photonrig.allowed_origin"
"""Scope key for the accepted origin of the requesting page."""


async def respond(response: Response, began: float, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request received at ``began`` (monotonic clock) and log it.

    Successful reads are logged at level debug, all else at info.
    """
    response.raw_headers.append(_VARY)
    if origin := scope.get(ALLOWED_ORIGIN):
        response.raw_headers.append((b"access-control-allow-origin", origin))
    status = response.status_code
    whole = scope.get("extensions", {}).get(WHOLE_ANSWER) if isinstance(response, Json) else None
    try:
        if whole is None or not whole["send"](status, response.raw_headers, response.body):
            await response(scope, receive, send)
    finally:
        level = logging.DEBUG if scope["method"] in ("GET", "HEAD", "OPTIONS") and status < 400 else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "request", extra={"fields": _fields(scope, status, SYSTEM.now() - began)})


def _fields(scope: Scope, status: int, seconds: float) -> dict[str, object]:
    path, principal = scope["path"], scope.get("principal")
    for name in _SECRET_PARTS:
        if value := scope.get("path_params", {}).get(name):
            path = path.replace(value, "...")
    return {
        "method": scope["method"],
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "who": None if principal is None else f"{principal.kind} {principal.id}",
        "client": (scope.get("client") or ("",))[0],
    }
