"""The end of every request: its answer, which any web page may read, and one log line.

The line says who asked for what, and how it ended. Neither query nor body is in it.
"""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.protocol import WHOLE_ANSWER

__all__ = ["respond"]

_log = logging.getLogger(__name__)
_SECRET_PARTS = ("token",)  # parts of an address that are secrets themselves
# Web pages of any origin may use the API, as the real one; tokens, not cookies, carry the rights.
_ANY_ORIGIN = (b"access-control-allow-origin", b"*")


async def respond(response: Response, began: float, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request that began at ``began`` (perf_counter), and log it.

    Reads that succeed are logged at the level debug, everything else at info.
    """
    response.raw_headers.append(_ANY_ORIGIN)
    status = response.status_code
    whole = scope.get("extensions", {}).get(WHOLE_ANSWER) if isinstance(response, Json) else None
    try:
        if whole is None or not whole["send"](status, response.raw_headers, response.body):
            await response(scope, receive, send)
    finally:
        level = logging.DEBUG if scope["method"] in ("GET", "HEAD", "OPTIONS") and status < 400 else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "request", extra={"fields": _fields(scope, status, perf_counter() - began)})


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
