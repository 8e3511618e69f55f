"""Devices for tests that are no coroutines: real handshakes and frames, from a loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from photonrig.particle.coap import Message

from ..localcloud.device.peer import DevicePeer

T = TypeVar("T")

CLAIM = b"spark/device/claim/"


class Peers:
    """Runs devices; :meth:`device` makes one."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 20.0) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)


class Peer:
    """One device, online or not, with the code it was given, as Device OS treats it: presented until confirmed."""

    def __init__(self, peers: Peers, device_id: str, key: rsa.RSAPrivateKey, key_file: Path, port: int) -> None:
        self.id = device_id
        self.code: str | None = None
        self.claimed = False
        self._peers, self._key, self._port = peers, key, port
        server_key = load_der_public_key(key_file.read_bytes())
        assert isinstance(server_key, rsa.RSAPublicKey)
        self._server_key = server_key
        self._peer: DevicePeer | None = None

    @property
    def online(self) -> bool:
        return self._peer is not None and not self._peer.ended

    def join(self) -> None:
        """Come online; a code that is kept is presented with every handshake."""
        self.leave()
        self._peer = DevicePeer(self.id, self._key, self._server_key, self._port)
        self._peers.run(self._peer.join())

    def leave(self) -> None:
        """Go offline."""
        if self._peer is not None:
            self._peers.run(self._peer.leave())
            self._peer = None

    def present(self, patience: float) -> bool:
        """Present the code and wait for the confirmation, at most ``patience`` seconds."""
        assert self._peer is not None and self.code is not None
        confirmed = self._peers.run(self._present(self._peer, self.code.encode(), patience))
        if confirmed:
            self.code, self.claimed = None, True
        return confirmed

    @staticmethod
    async def _present(peer: DevicePeer, code: bytes, patience: float) -> bool:
        def confirms(message: Message) -> bool:
            return CLAIM in b"/".join(message.path)

        peer.received.clear()
        peer.publish("spark/device/claim/code", code, confirm=True)
        try:
            async with asyncio.timeout(patience), peer._news:
                await peer._news.wait_for(lambda: any(map(confirms, peer.received)))
        except TimeoutError:
            return False
        return True
