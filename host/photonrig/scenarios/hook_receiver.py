"""Webhook receiver: an HTTP server on loopback that counts and stores calls."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Self

_LARGEST: Final = 1 << 16


class HookReceiver:
    """Listens inside a ``with`` block; each address under :attr:`url` counts its own calls."""

    def __enter__(self) -> Self:
        receiver = self
        self._calls: Counter[str] = Counter()
        self._changed = threading.Condition()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(min(int(self.headers.get("Content-Length") or 0), _LARGEST))
                with receiver._changed:
                    receiver._calls[self.path] += 1
                    receiver._changed.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook receiver", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, name: str) -> str:
        """The address for a webhook of this name."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def calls(self, name: str) -> int:
        """Number of calls to this name."""
        with self._changed:
            return self._calls[f"/{name}"]

    def wait(self, name: str, timeout: float) -> bool:
        """Wait for the first call, at most ``timeout`` seconds; returns whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: f"/{name}" in self._calls, timeout)
