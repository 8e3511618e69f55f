"""Host and Origin check, applied to each request first: protection against other origins and DNS rebinding.

A browser sends the requesting page's origin in Origin, and a name rebound to this machine in Host. Accepted are
loopback addresses, ``localhost``, the address the request arrived at, and ``--allow-origin``. Programs send no Origin.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Set
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from photonrig.clock import SYSTEM
from photonrig.errors import UsageError
from photonrig.localcloud.http.answering import ALLOWED_ORIGIN, respond
from photonrig.localcloud.http.errors import ApiError, refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.protocol import TARGET_AUTHORITY
from photonrig.safe_json import check_text

_AUTHORITY = r"(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
_HOST = re.compile(_AUTHORITY)
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_AUTHORITY}")
_DEFAULT_PORT = {"http": "80", "https": "443"}
_SHOWN = 200  # characters of a refused name in the answer
_REMEMBERED = 64  # names in the cache


def parse_origin(text: str) -> str:
    """Normalize an origin as browsers send it: scheme, host, and a non-default port.

    :raises UsageError: not an origin; wildcards are refused
    """
    found = _ORIGIN.fullmatch(text.lower().removesuffix("/"))
    if found is None:
        raise UsageError(f"{text} is no origin; write it as a browser sends it, such as http://panel.example:3000")
    port = found["port"]
    return f"{found['scheme']}://{found['host']}" + (
        "" if port in (None, _DEFAULT_PORT[found["scheme"]]) else f":{port}"
    )


class Door:
    """The application behind the check."""

    def __init__(self, app: ASGIApp, origins: Set[str]) -> None:
        """``origins`` are accepted besides this machine's, in the form of :func:`parse_origin`."""
        self._app = app
        self._origins = origins
        self._hosts = {_host_of(_ORIGIN, origin) for origin in origins}
        self._accepts_host = lru_cache(_REMEMBERED)(self._look_at_host)
        self._accepts_origin = lru_cache(_REMEMBERED)(self._look_at_origin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request."""
        if scope["type"] == "http":
            began = SYSTEM.now()
            try:
                self._check(scope)
            except ApiError as error:
                await respond(Json(error.body, status_code=error.status), began, scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(hosts) != 1:
            raise refused(400, "A request must have one Host header")
        if len(origins) > 1:
            raise refused(400, "A request must have one Origin header at most")
        here = (scope.get("server") or ("",))[0]
        for authority in (*hosts, *scope.get("extensions", {}).get(TARGET_AUTHORITY, {}).values()):
            if not self._accepts_host(authority, here):
                raise refused(
                    403,
                    f"This cloud does not answer to the name {_shown(authority)};"
                    " if it should, start it with --allow-origin and the address that browsers and programs use",
                )
        for origin in origins:
            if not self._accepts_origin(origin, here):
                raise refused(
                    403,
                    f"Pages of the origin {_shown(origin)} may not use this cloud;"
                    " if they should, start it with --allow-origin and that origin",
                )
            scope[ALLOWED_ORIGIN] = origin
        _check_address(scope)

    def _look_at_host(self, authority: bytes, here: str) -> bool:
        name = _host_of(_HOST, authority.decode("latin-1"))
        return _is_here(name, here) or name in self._hosts

    def _look_at_origin(self, sent: bytes, here: str) -> bool:
        origin = sent.decode("latin-1")
        return _is_here(_host_of(_ORIGIN, origin), here) or origin.lower() in self._origins


def _shown(name: bytes) -> str:
    return name[:_SHOWN].decode("latin-1")


def _host_of(form: re.Pattern[str], text: str) -> str | None:
    """Host in a value of this form, without brackets or trailing dot; None if malformed."""
    found = form.fullmatch(text.lower())
    return None if found is None else found["host"].strip("[]").removesuffix(".")


def _is_here(name: str | None, here: str) -> bool:
    """Whether a host is this machine: loopback, or the address the request arrived at."""
    if name == "localhost":
        return True
    address = _address(name)
    return address is not None and (address.is_loopback or address == _address(here))


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _check_address(scope: Scope) -> None:
    """Require UTF-8 in percent-decoded path and query; servers decode leniently."""
    for part, name in ((scope.get("raw_path") or b"", "path"), (scope["query_string"], "query")):
        if b"%" in part or not part.isascii():
            try:
                check_text(unquote_to_bytes(part).decode())
            except ValueError:
                raise refused(400, f"The {name} of the address is not text in UTF-8") from None
