"""The lab's page: on loopback, for whoever has the address with its token; Host and Origin are checked."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib import resources
from typing import Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from photonrig.bench.lab import Lab
from photonrig.closing import Closing
from photonrig.errors import PhotonrigError
from photonrig.labpage.changes import Change
from photonrig.labpage.hands import LONGEST_IMAGE, Hands, Request
from photonrig.labpage.watch import LabWatch
from photonrig.localcloud.http.door import Door

_BODY: Final = 16 * 1024  # bytes of a request
_ENDING: Final = 1.5  # seconds for requests under way; those that take longer end with the lab
_AT_ONCE: Final = 200  # changes in one message
_BEHIND: Final = 5000  # changes a reader may be behind before it is dropped, and comes again
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "html": "text/html", "svg": "image/svg+xml"}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Handler = Callable[[HttpRequest], Awaitable[Response]]


class LabPage(Closing):
    """The page of a lab that is up; served until it is closed. ``address`` holds the token."""

    def __init__(self, lab: Lab, watch: LabWatch) -> None:
        """Serve on a free port of 127.0.0.1."""
        self._token = secrets.token_urlsafe(24)
        self._changes = watch.changes
        self._buttons = watch.buttons
        self._hands = Hands(lab, watch)
        self._socket = socket.create_server(("127.0.0.1", 0))
        port = self._socket.getsockname()[1]
        # Cookies know no ports: two labs of one machine need names of their own.
        self._cookie = f"photonrig-{port}"
        self.address = f"http://127.0.0.1:{port}/?token={self._token}"
        app = Starlette(
            routes=[
                Route("/", self._enter),
                Route("/favicon.ico", self._no_icon),
                Route("/page/{name}", self._guarded(self._file)),
                Route("/changes", self._guarded(self._stream)),
                Route("/flash/{slot}", self._guarded(self._flash), methods=["POST"]),
                Route("/do", self._guarded(self._do), methods=["POST"]),
            ]
        )
        config = uvicorn.Config(Door(app, frozenset()), log_config=None, access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Serve no more."""
        self._server.should_exit = True
        self._thread.join(_ENDING)
        self._socket.close()

    # --- who comes in -----------------------------------------------------------------------------------------------

    async def _enter(self, request: HttpRequest) -> Response:
        """The page itself; the address with the token leaves a cookie, so that no later address holds it."""
        given = request.query_params.get("token")
        if given is not None and self._is_token(given):
            answer = RedirectResponse("/", 303)
            answer.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return answer
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return Response("Open the whole address that photonrig lab has printed.\n", 401, _HEADERS, "text/plain")
        return _page("index.html")

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: HttpRequest) -> Response:
            if not self._is_token(request.cookies.get(self._cookie, "")):
                return JSONResponse({"error": "open the address that photonrig lab has printed"}, 401, _HEADERS)
            return await handler(request)

        return guarded

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    async def _no_icon(self, _: HttpRequest) -> Response:
        """Browsers ask for one in any case."""
        return Response(status_code=204)

    # --- what they get ----------------------------------------------------------------------------------------------

    async def _file(self, request: HttpRequest) -> Response:
        name = request.path_params["name"]
        return _page(name) if name in ("lab.js", "lab.css") else Response(status_code=404)

    async def _stream(self, request: HttpRequest) -> Response:
        """Server-sent events, each a list of changes: the present picture, then what changes."""
        loop = asyncio.get_running_loop()
        waiting: asyncio.Queue[Change] = asyncio.Queue(_BEHIND)

        def put(change: Change) -> None:
            if waiting.full():
                return  # dropped below: its reader sees the queue full
            waiting.put_nowait(change)

        def tell(change: Change) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(put, change)

        async def stream() -> AsyncIterator[bytes]:
            reader = secrets.token_hex(8)
            self._buttons.come(reader)
            now = self._changes.read(tell)
            try:
                yield _message([{"kind": "begin", "reader": reader}, *now])
                while not waiting.full() and not self._server.should_exit:
                    try:
                        new = [await asyncio.wait_for(waiting.get(), 1.0)]
                    except TimeoutError:
                        yield b": alive\n\n"
                        continue
                    while len(new) < _AT_ONCE and not waiting.empty():
                        new.append(waiting.get_nowait())
                    yield _message(new)
            finally:
                self._changes.leave(tell)
                loop.run_in_executor(None, self._buttons.leave, reader)  # a means of a bench may take seconds

        return StreamingResponse(stream(), headers=_HEADERS, media_type="text/event-stream")

    async def _do(self, request: HttpRequest) -> Response:
        if (body := await _body(request, _BODY)) is None:
            return _too_long(_BODY)
        try:
            wanted = msgspec.json.decode(body, type=Request)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, 400, _HEADERS)
        return await _answer(self._hands.act, wanted)

    async def _flash(self, request: HttpRequest) -> Response:
        if (image := await _body(request, LONGEST_IMAGE)) is None:
            return _too_long(LONGEST_IMAGE)
        return await _answer(self._hands.flash, request.path_params["slot"], image)


async def _body(request: HttpRequest, most: int) -> bytes | None:
    """The body; None if it is longer."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def _too_long(most: int) -> Response:
    return JSONResponse({"error": f"more than {most} bytes"}, 413, _HEADERS)


async def _answer(act: Callable[..., object], *given: object) -> Response:
    try:
        result = await asyncio.to_thread(act, *given)
    except PhotonrigError as error:
        return JSONResponse({"error": str(error)}, 409, _HEADERS)
    return JSONResponse({"result": result}, 200, _HEADERS)


def _message(changes: list[Change]) -> bytes:
    return b"data: " + msgspec.json.encode(changes) + b"\n\n"


def _page(name: str) -> Response:
    content = resources.files("photonrig.labpage").joinpath("page", name).read_bytes()
    return Response(content, 200, _HEADERS, _TYPES[name.rsplit(".", 1)[1]])
