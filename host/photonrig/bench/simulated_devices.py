"""Simulated devices: cloud sessions without firmware, for fleets of tens of thousands.

    python -m photonrig.bench.simulated_devices --ids FILE --device-key FILE --server-key FILE --server HOST:PORT

One process holds all devices, which share one key. Each does the real handshake, sends Hello and a roller's describe,
pings, answers variable and function requests, and publishes when ``move`` is called. The process prints one JSON line
when all are online, and ends on SIGTERM. Lost connections are reopened with growing delays.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
from pathlib import Path
from typing import Final

import uvloop
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from photonrig.bench.resources import allow_files
from photonrig.clock import SYSTEM
from photonrig.errors import ProtocolError
from photonrig.exits import one_line
from photonrig.particle import handshake, messages
from photonrig.particle.coap import Code, Message, MessageType
from photonrig.particle.frames import MAX_MESSAGE_FROM_DEVICE, MAX_MESSAGE_TO_DEVICE, FrameDecoder, FrameEncoder
from photonrig.signals import begin, heard

_SYSTEM: Final = b'{"p":6,"m":[{"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"1","v":2302,"d":[]}]}'
_APPLICATION: Final = b'{"f":["move"],"v":{"position":2}}'
_HELLO_FLAGS: Final = 0x36  # Device OS 2.x
_KEEP_ALIVE: Final = 15.0  # Device OS: ping after this many seconds of silence
_SILENCE: Final = 10.0  # and drop the connection after this many more
_PATIENCE: Final = 20.0  # seconds for each step of the handshake
_AT_ONCE: Final = 64  # handshakes
_BACK_OFF: Final = (1, 1, 2, 2, 4, 8, 16)


class SimulatedDevice:
    """One device; :meth:`live` never returns."""

    def __init__(
        self, device_id: str, key: rsa.RSAPrivateKey, server_key: rsa.RSAPublicKey, where: tuple[str, int], product: int
    ) -> None:
        self.device_id = device_id
        self.online = asyncio.Event()
        self.position = 0
        self._key, self._server_key, self._where, self._product = key, server_key, where, product
        self._ids = itertools.count(0x100)
        self._writer: asyncio.StreamWriter
        self._encoder: FrameEncoder

    async def live(self, turn: asyncio.Semaphore) -> None:
        """Connect, serve and reconnect; ``turn`` bounds concurrent handshakes."""
        for attempt in itertools.count():
            try:
                async with turn:
                    reader, decoder = await self._connect()
                await self._serve(reader, decoder)
            except (OSError, ProtocolError, asyncio.IncompleteReadError, TimeoutError):
                pass
            finally:
                self.online.clear()
                with contextlib.suppress(AttributeError):
                    self._writer.close()
            await SYSTEM.pause_async(_BACK_OFF[min(attempt, len(_BACK_OFF) - 1)])

    async def _connect(self) -> tuple[asyncio.StreamReader, FrameDecoder]:
        reader, self._writer = await asyncio.open_connection(*self._where)
        async with asyncio.timeout(_PATIENCE):
            nonce = await reader.readexactly(handshake.NONCE_SIZE)
        public = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._writer.write(handshake.device_block(self._server_key, nonce, self.device_id, public))
        async with asyncio.timeout(_PATIENCE):
            reply = await reader.readexactly(handshake.REPLY_SIZE)
        keys = handshake.SessionKeys.from_block(handshake.open_session_reply(self._key, self._server_key, reply))
        self._encoder = FrameEncoder(keys.key, keys.iv, max_message=MAX_MESSAGE_FROM_DEVICE)
        hello = messages.Hello(self._product, 1, _HELLO_FLAGS, 6)
        self._send(messages.hello(self._next(), hello))
        self._send(messages.describe_post(self._next(), messages.DescribePart.SYSTEM, _SYSTEM))
        self._send(messages.describe_post(self._next(), messages.DescribePart.APPLICATION, _APPLICATION))
        return reader, FrameDecoder(keys.key, keys.iv, max_message=MAX_MESSAGE_TO_DEVICE)

    async def _serve(self, reader: asyncio.StreamReader, decoder: FrameDecoder) -> None:
        pinged = False
        while True:
            try:
                async with asyncio.timeout(_SILENCE if pinged else _KEEP_ALIVE):
                    data = await reader.read(4096)
            except TimeoutError:
                if pinged:
                    return
                pinged = True
                self._send(messages.ping(self._next()))
                continue
            if not data:
                return
            pinged = False
            for plain in decoder.decode(data):
                self._react(Message.decode(plain))

    def _react(self, message: Message) -> None:
        letter = (message.path or [b""])[0]
        match message.code, letter:
            case Code.POST, b"h":
                self.online.set()
            case Code.EMPTY, _ if message.type is MessageType.CON:
                self._send(messages.acknowledge(self._next()))
            case Code.GET, b"d":
                application = message.values(15) == [b"\x02"]
                self._answer(message, Code.CONTENT, _APPLICATION if application else _SYSTEM, MessageType.CON)
            case Code.GET, b"v":
                known = message.path[1:] == [b"position"]
                value = messages.encode_value("int32", self.position) if known else None
                self._answer(message, Code.CONTENT if known else Code.NOT_FOUND, value, MessageType.NON)
            case Code.POST, b"f":
                self._send(messages.acknowledge(message.message_id))
                if message.path[1:] == [b"move"]:
                    argument = b"".join(message.values(15)[:1]).decode(errors="replace")
                    self.position = int(argument) if argument.isdecimal() else self.position
                    self._send(messages.function_result(self._next(), message.token, 0))
                    self._send(messages.device_event(self._next(), "shade/moved", argument.encode(), private=True))

    def _answer(self, message: Message, code: Code, payload: bytes | None, kind: MessageType) -> None:
        self._send(messages.acknowledge(message.message_id))
        self._send(messages.reply(kind, code, self._next(), message.token, payload))

    def _send(self, message: Message) -> None:
        self._writer.write(self._encoder.encode(message.encode()))

    def _next(self) -> int:
        return next(self._ids) & 0xFFFF


async def _run(words: argparse.Namespace) -> None:
    key = load_der_private_key(words.device_key.read_bytes(), None)
    server_key = load_der_public_key(words.server_key.read_bytes())
    assert isinstance(key, rsa.RSAPrivateKey)
    assert isinstance(server_key, rsa.RSAPublicKey)
    host, _, port = words.server.rpartition(":")
    ids = words.ids.read_text().split()
    devices = [SimulatedDevice(each, key, server_key, (host, int(port)), words.product) for each in ids]
    stop = asyncio.Event()
    for number in heard():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    turn = asyncio.Semaphore(_AT_ONCE)
    living = [asyncio.create_task(device.live(turn)) for device in devices]
    arriving = asyncio.gather(*(device.online.wait() for device in devices))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((arriving, stopping), return_when=asyncio.FIRST_COMPLETED)
    print(json.dumps({"online": sum(device.online.is_set() for device in devices)}), flush=True)  # noqa: T201
    await stopping
    for task in living:
        task.cancel()


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m photonrig.bench.simulated_devices", description=__doc__)
    for name in ("ids", "device-key", "server-key"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--product", type=int, default=0xFFFF)
    words = parser.parse_args()
    allow_files(len(words.ids.read_text().split()) + 64)
    uvloop.run(_run(words))


if __name__ == "__main__":
    begin()
    with one_line("light"):
        main()
