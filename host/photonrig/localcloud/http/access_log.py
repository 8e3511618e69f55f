"""One log line for each request: who asked for what, and how it ended. Neither query nor body is in it."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["AccessLogged"]

_log = logging.getLogger(__name__)
_SECRET_PARTS = ("token",)  # parts of an address that are secrets themselves


class AccessLogged:
    """The application with a log. Reads that succeed are logged at the level debug, everything else at info."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            level = logging.DEBUG if scope["method"] in ("GET", "HEAD", "OPTIONS") and status < 400 else logging.INFO
            if _log.isEnabledFor(level):
                _log.log(level, "request", extra={"fields": _fields(scope, status, perf_counter() - began)})


def _fields(scope: Scope, status: int, seconds: float) -> dict[str, object]:
    path = scope["path"]
    for name, value in scope.get("path_params", {}).items():
        if name in _SECRET_PARTS and value:
            path = path.replace(str(value), "...")
    return {
        "method": scope["method"],
        "path": path,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "who": scope.get("state", {}).get("who"),
        "client": (scope.get("client") or ("",))[0],
    }
