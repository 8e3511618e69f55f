"""A device for tests: speaks as Device OS 2.3.1 (or 0.6.3 with ``legacy``) over a real socket; can be made to fail."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from photonrig.particle import handshake, messages
from photonrig.particle.coap import Code, Message, MessageType
from photonrig.particle.frames import (
    MAX_MESSAGE_FROM_DEVICE,
    MAX_MESSAGE_TO_DEVICE,
    MAX_MESSAGE_TO_LARGE_BUFFER,
    FrameDecoder,
    FrameEncoder,
)

from ...patience import PATIENCE

SYSTEM = b'{"p":6,"m":[{"s":262144,"l":"m","vc":30,"vv":30,"f":"s","n":"1","v":2302,"d":[]}]}'
OLD_SYSTEM = SYSTEM.replace(b"2302", b"109")
LARGE_SYSTEM = SYSTEM.replace(b"2302", b"3302")
APPLICATION = b'{"f":["move","slow"],"v":{"position":2,"moving":1,"variant":4,"ratio":9}}'
ANY = PATIENCE  # seconds any single answer may take before the test gives up


@dataclass
class Ota:
    """How the device takes an update, and what it got."""

    fast: bool = True
    refuse: bool = False
    silent: bool = False
    lose: set[int] = field(default_factory=set)  # chunk indices (fast) or counts (slow) spoilt once
    spoil_always: bool = False
    result: bytes | None = b'{"r":0}'
    chunks: dict[int, bytes] = field(default_factory=dict)
    count: int = 0

    @property
    def image(self) -> bytes:
        return b"".join(self.chunks[index] for index in sorted(self.chunks))


class DevicePeer:
    """One device; :meth:`join` is the whole way from TCP to an answered Hello."""

    def __init__(self, device_id: str, key: rsa.RSAPrivateKey, server_key: rsa.RSAPublicKey, port: int) -> None:
        self.device_id = device_id
        self.public_key = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.hello = messages.Hello(6, 2, 0x36, 6)
        self.legacy = False
        self.posts = True  # sends its describe unasked
        self.mute = False  # reads and answers nothing
        self.system, self.application = SYSTEM, APPLICATION
        self.metrics = bytes.fromhex("000400 0200 0400 0600 58020000 0a00 02000000 1380 ffffffff")
        self.variables: dict[str, bytes] = {
            "position": messages.encode_value("int32", 42),
            "moving": messages.encode_value("bool", True),
            "variant": b"roller",
            "ratio": messages.encode_value("double", 0.5),
        }
        self.functions: dict[str, Callable[[str], int]] = {"move": int}
        self.ota = Ota()
        self.received: list[Message] = []
        self._key, self._server_key, self._port = key, server_key, port
        self._ids = itertools.count(0x100)
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    # The way in, step by step

    async def connect(self) -> bytes:
        """TCP and nonce; returns the block that answers it."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port)
        nonce = await self.reader.readexactly(handshake.NONCE_SIZE)
        return handshake.device_block(self._server_key, nonce, self.device_id, self.public_key)

    async def take_session(self) -> None:
        """Read the server's reply; from now on there are frames."""
        reply = await asyncio.wait_for(self.reader.readexactly(handshake.REPLY_SIZE), ANY)
        keys = handshake.SessionKeys.from_block(handshake.open_session_reply(self._key, self._server_key, reply))
        self.encoder = FrameEncoder(keys.key, keys.iv, max_message=MAX_MESSAGE_FROM_DEVICE)
        longest = MAX_MESSAGE_TO_LARGE_BUFFER if self.system == LARGE_SYSTEM else MAX_MESSAGE_TO_DEVICE
        self.decoder = FrameDecoder(keys.key, keys.iv, max_message=longest)

    def first_frames(self) -> bytes:
        """All that the device says on its own, without waiting for the answer to its Hello."""
        return self.greeting() + self.introduction()

    def greeting(self) -> bytes:
        """The Hello; Device OS waits for its answer."""
        return self.encoder.encode(messages.hello(next(self._ids), self.hello).encode())

    def introduction(self) -> bytes:
        """What Device OS sends on its own after the handshake."""
        first = []
        if self.posts:
            first.append(messages.describe_post(next(self._ids), messages.DescribePart.SYSTEM, self.system))
            first.append(messages.describe_post(next(self._ids), messages.DescribePart.APPLICATION, self.application))
        first.append(messages.subscribe(next(self._ids), "particle", "mine"))
        first.append(messages.subscribe(next(self._ids), "spark", "mine"))
        return b"".join(self.encoder.encode(message.encode()) for message in first)

    async def join(self) -> DevicePeer:
        self.writer_write(await self.connect())
        await self.take_session()
        self.writer_write(self.first_frames())
        self.start()
        await self.got(lambda message: message.path == [b"h"])
        return self

    def writer_write(self, data: bytes) -> None:
        self.writer.write(data)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        if hasattr(self, "writer"):
            self.writer.close()

    # Talking

    def send(self, message: Message) -> None:
        self.writer.write(self.encoder.encode(message.encode()))

    def publish(self, name: str, data: bytes | None, *, confirm: bool = False, private: bool = True) -> int:
        message_id = next(self._ids)
        self.send(messages.device_event(message_id, name, data, private=private, confirm=confirm))
        return message_id

    def subscribe(self, prefix: str, scope: str = "mine") -> None:
        self.send(messages.subscribe(next(self._ids), prefix, scope))

    def next_id(self) -> int:
        return next(self._ids)

    async def got(self, wanted: Callable[[Message], bool]) -> Message:
        """The first message received that is ``wanted``, waiting for it if need be."""
        async with asyncio.timeout(ANY), self._news:
            await self._news.wait_for(lambda: any(map(wanted, self.received)) or self.ended)
        return next(filter(wanted, self.received))

    async def end(self) -> None:
        """Wait until the server has closed the connection."""
        assert self._task is not None
        await asyncio.wait_for(asyncio.shield(self._task), ANY)

    @property
    def ended(self) -> bool:
        return self._task is not None and self._task.done()

    async def _run(self) -> None:
        try:
            while data := await self.reader.read(4096):
                for plain in self.decoder.decode(data):
                    message = Message.decode(plain)
                    if not self.mute:
                        self._react(message)
                    async with self._news:
                        self.received.append(message)
                        self._news.notify_all()
        except ConnectionError:
            return

    # Answers

    def _react(self, message: Message) -> None:
        letter = (message.path or [b""])[0]
        mid, token = message.message_id, message.token
        match message.code, letter:
            case Code.EMPTY, _ if message.type is MessageType.CON:
                self.send(messages.acknowledge(mid if self.legacy else next(self._ids)))
            case Code.PUT, b"s":
                self.send(messages.reply(MessageType.ACK, Code.CHANGED, mid if self.legacy else next(self._ids), token))
            case Code.GET, b"d":
                parts = {b"\x01": self.system, b"\x02": self.application, b"\x04": self.metrics}
                both = self.application[:-1] + b"," + self.system[1:]  # for one who asks for no part in particular
                part = parts[message.values(15)[0]] if message.values(15) else both
                self._answer(mid, token, Code.CONTENT, part, MessageType.CON)
            case Code.GET, b"v":
                value = self.variables.get(message.path[1].decode())
                self._answer(mid, token, Code.NOT_FOUND if value is None else Code.CONTENT, value, MessageType.NON)
            case Code.POST, b"f":
                self.send(messages.acknowledge(mid))
                function = self.functions.get(message.path[1].decode())
                if function is not None:
                    self.send(
                        messages.function_result(next(self._ids), token, function(message.values(15)[0].decode()))
                    )
            case Code.POST, b"u":
                self._begin(mid, token)
            case Code.POST, b"c":
                self._chunk(message)
            case Code.PUT, b"u":
                self._done(mid, token)

    def _answer(self, mid: int, token: bytes, code: Code, payload: bytes | None, kind: MessageType) -> None:
        if self.legacy:
            self.send(messages.reply(MessageType.ACK, code, mid, token, payload))
        else:
            self.send(messages.acknowledge(mid))
            self.send(messages.reply(kind, code, next(self._ids), token, payload))

    def _begin(self, mid: int, token: bytes) -> None:
        if self.ota.silent:
            return
        if self.ota.refuse:
            refusal = Code.BAD_REQUEST if self.legacy else Code.SERVICE_UNAVAILABLE
            self.send(messages.reply(MessageType.ACK, refusal, mid, b"" if self.legacy else token))
            return
        self.send(messages.acknowledge(mid))
        self.send(messages.update_ready(next(self._ids), token, fast=self.ota.fast))

    def _chunk(self, message: Message) -> None:
        ota = self.ota
        crc, *index = message.values(15)
        number = int.from_bytes(index[0], "big") if index else len(ota.chunks)
        data = message.payload or b""
        ota.count += 1
        good = int.from_bytes(crc, "big") == zlib.crc32(data) and number not in ota.lose and not ota.spoil_always
        ota.lose.discard(number)
        if good:
            ota.chunks[number] = data
        if ota.fast and not self.legacy:
            return
        self.send(messages.acknowledge(message.message_id))
        code = Code.CHANGED if good or ota.fast else Code.BAD_REQUEST
        self.send(messages.reply(MessageType.NON, code, next(self._ids), message.token))

    def _done(self, mid: int, token: bytes) -> None:
        last = max(self.ota.chunks, default=-1)
        missing = [index for index in range(last + 1) if index not in self.ota.chunks]
        if missing:
            self.send(messages.reply(MessageType.ACK, Code.BAD_REQUEST, mid, token))
            self.send(messages.chunks_missed(next(self._ids), missing[:3]))
        else:
            self.send(messages.reply(MessageType.ACK, Code.CHANGED, mid, token, self.ota.result))
