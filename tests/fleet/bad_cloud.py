"""A way to a cloud on which requests go wrong, by seed: refused for now, broken, slow, or answered to nobody.

Or refused by rule: what ``refuses`` names by method, path and token is answered with 403.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ..patience import PATIENCE

FAULTS = ("429", "500", "dropped before", "dropped after", "slow")


class BadCloud:
    """Listens on loopback inside a ``with`` block and passes requests on; ``share`` of them (0 to 1) goes wrong."""

    def __init__(
        self,
        api: str,
        *,
        seed: int,
        share: float,
        spare: Callable[[str, str], bool] | None = None,
        faults: Sequence[str] = FAULTS,
        refuses: Callable[[str, str, str], bool] = lambda method, path, token: False,
    ) -> None:
        self.done: Counter[str] = Counter()
        self.requests: list[tuple[str, str, int]] = []
        target = urlsplit(api)
        chance = random.Random(seed)
        lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                return

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if refuses(self.command, self.path, (self.headers["Authorization"] or "").removeprefix("Bearer ")):
                    return self.answer(403, b'{"ok":false,"error":"not you"}', {})
                spared = spare is not None and spare(self.command, self.path)
                with lock:
                    fault = "" if spared or chance.random() >= share else chance.choice(faults)
                    outer.done[fault] += 1
                if fault == "429":
                    return self.answer(429, b'{"ok":false,"error":"slow down"}', {"Retry-After": "0"})
                if fault == "500":
                    return self.answer(500, b'{"ok":false,"error":"broken"}', {})
                if fault == "dropped before":
                    self.close_connection = True
                    return self.connection.close()
                if fault == "slow":
                    time.sleep(0.05)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
                with closing(HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE)) as link:
                    link.request(self.command, self.path, body, headers)
                    answer = link.getresponse()
                    content = answer.read()
                with lock:
                    outer.requests.append((self.command, self.path, answer.status))
                if fault == "dropped after":
                    self.close_connection = True
                    return self.connection.close()
                return self.answer(answer.status, content, {"Content-Type": answer.headers["Content-Type"] or ""})

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

            def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.api = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
