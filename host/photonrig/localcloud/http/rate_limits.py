"""Documented rate limits: 429 and ``Retry-After``; optional."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from photonrig.clock import SYSTEM
from photonrig.localcloud.http.answering import respond
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service import rates
from photonrig.localcloud.service.rates import Rates, Rule

_GRANT = ("POST", "/oauth/token")
_STREAM = re.compile(r"/v1/(?:.+/)?events(?:/|$)")
_BY_PATH: Mapping[tuple[str, str], Rule] = {
    _GRANT: rates.TOKEN_GRANTS,
    ("GET", "/v1/access_tokens"): rates.TOKENS_AND_USERS,
    ("DELETE", "/v1/access_tokens"): rates.TOKENS_AND_USERS,
    ("POST", "/v1/users"): rates.TOKENS_AND_USERS,
    ("POST", "/v1/user/password-reset"): rates.TOKENS_AND_USERS,
}


_UNLIMITED = ("/healthz", "/admin/")  # no part of Particle's API


class RateLimited:
    """The application behind the limits."""

    def __init__(self, app: ASGIApp, counts: Rates) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] != "http" or scope["path"].startswith(_UNLIMITED) or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        who = (scope.get("client") or ("unknown", 0))[0]
        method, path = scope["method"], scope["path"].rstrip("/")
        rule = _BY_PATH.get((method, path))
        if rule is None and method == "DELETE" and path.startswith("/v1/access_tokens/"):
            rule = rates.TOKENS_AND_USERS
        streams = method == "GET" and _STREAM.match(path) is not None
        waits = [self._counts.take(rates.ANY_CALL, who)]
        if rule is not None:
            waits.append(self._counts.take(rule, who))
        if (method, path) == _GRANT:
            waits.append(self._counts.locked(who))
        if streams:
            waits.append(self._counts.take(rates.OPEN_STREAMS, who))
        if wait := max(waits):
            await self._refuse(wait, scope, receive, send)
        elif (method, path) == _GRANT:
            await self._grant(who, scope, receive, send)
        elif not streams:
            await self._app(scope, receive, send)
        elif self._counts.stream_opens(who):
            try:
                await self._app(scope, receive, send)
            finally:
                self._counts.stream_ends(who)
        else:
            await self._refuse(1.0, scope, receive, send)

    async def _refuse(self, wait: float, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(too_many(wait), SYSTEM.now(), scope, receive, send)

    async def _grant(self, who: str, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._counts.logged_in(who, ok=message["status"] < 400)
            await send(message)

        await self._app(scope, receive, noting)


def too_many(wait: float) -> Json:
    """Refusal with ``wait`` seconds in ``Retry-After``."""
    seconds = math.ceil(wait)
    text = f"Too many requests; try again in {seconds} s"
    return Json({"ok": False, "error": text}, status_code=429, headers={"Retry-After": str(seconds)})
