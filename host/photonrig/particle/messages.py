"""Messages of a cloud session: builders for both sides, parsers for what devices send.

The first letter of the Uri-Path is the request's kind:

    GET   v variable   d describe   c chunks missed*   e subscribe*   t time*
    POST  e public event   E private event   h hello   f function   u update begin   c chunk   d describe*   x goodbye*
    PUT   s signal   u update done   k key change

(* only device to server.) Empty CON is a ping. Tokens are one byte: older Device OS reads them at a fixed place.
Bytes as in Device OS 2.3.1 unless a function says otherwise.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntFlag
from typing import Any, Final, Literal

from photonrig.errors import ProtocolError
from photonrig.particle.coap import Code, Message, MessageType, Option
from photonrig.safe_json import loads

# Builds a request from its id and token.
Build = Callable[[int, bytes], Message]

ValueKind = Literal["bool", "int32", "string", "double"]

DEFAULT_TTL = 60

_BLOCK_512 = 5  # the only block size a Photon takes (Device OS 3.3.1)


class HelloFlag(IntFlag):
    """Bits of the Hello's flags the cloud acts on."""

    UPDATED = 0x01
    DIAGNOSTICS = 0x02
    IMMEDIATE_UPDATES = 0x04
    GOODBYE = 0x10
    DESCRIBES_ITSELF = 0x20


class DescribePart(IntFlag):
    """Parts of a describe, as the request's Uri-Query names them."""

    SYSTEM = 1
    APPLICATION = 2


_METRICS_MARK: Final = b"\x00\x04\x00"
_METRICS_HEAD: Final = struct.Struct("<3sHH")
_METRIC: Final = struct.Struct("<Hi")
_METRIC_FAILED: Final = 0x8000

METRICS: Final = 4
"""In place of a part: the device's diagnostics, in binary (Device OS 0.8.0 and later)."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A device's first message. Ids are 16 bits, 0xFFFF where the firmware sets none; the last three only in 3.x."""

    product_id: int
    product_version: int
    flags: int
    platform_id: int
    system_version: int | None = None
    max_message: int | None = None
    chunk_size: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event on the wire: ``data`` is None without payload marker, ``ttl`` in seconds."""

    name: str
    data: bytes | None
    ttl: int
    private: bool


# Both sides


def encode_text(text: str) -> bytes:
    """UTF-8 for devices; a question mark replaces what has no UTF-8 form."""
    return text.encode(errors="replace")


def ping(message_id: int) -> Message:
    """An empty CON; the reply's id is unreliable (Device OS 0.8.0 to 3.3.1 makes up a new one)."""
    return Message(MessageType.CON, Code.EMPTY, message_id)


def acknowledge(message_id: int) -> Message:
    """The empty acknowledgement of the CON with this id."""
    return Message(MessageType.ACK, Code.EMPTY, message_id)


def reply(kind: MessageType, code: int, message_id: int, token: bytes, payload: bytes | None = None) -> Message:
    """A response: piggybacked (ACK with the request's id) or separate (NON or CON with an own id)."""
    return Message(kind, code, message_id, token, (), payload)


# Server to device


def hello_reply(message_id: int) -> Message:
    """The answer to Hello; the device waits 2 s (Device OS up to 0.7.0) or 4 s for it."""
    return _request(MessageType.NON, Code.POST, message_id, b"", b"h")


def describe_request(message_id: int, token: bytes, part: DescribePart | int, block: int = 0) -> Message:
    """Request one part or the :data:`METRICS`, or a further ``block`` of it.

    A request for both parts at once makes Device OS up to 2.x panic.
    """
    options: list[tuple[int, bytes]] = [(Option.URI_QUERY, bytes((part,)))]
    if block:
        options.append((Option.BLOCK2, (block << 4 | _BLOCK_512).to_bytes(2, "big").lstrip(b"\0")))
    return _request(MessageType.CON, Code.GET, message_id, token, b"d", *options)


def variable_request(message_id: int, token: bytes, name: str) -> Message:
    """Request the value of a variable (name up to 64 bytes, 12 before Device OS 0.8.0)."""
    return _request(MessageType.CON, Code.GET, message_id, token, b"v", (Option.URI_PATH, encode_text(name)))


def function_call(message_id: int, token: bytes, name: str, argument: str) -> Message:
    """Call a function. The argument is always sent, even when empty: without it the device reads stale bytes."""
    return _request(
        MessageType.CON,
        Code.POST,
        message_id,
        token,
        b"f",
        (Option.URI_PATH, encode_text(name)),
        (Option.URI_QUERY, encode_text(argument)),
    )


def event(message_id: int, name: str, data: bytes | None, *, private: bool) -> Message:
    """An event for the device, one Uri-Path option per segment. NON: devices never acknowledge events."""
    segments = ((Option.URI_PATH, segment) for segment in encode_text(name).split(b"/"))
    return _request(MessageType.NON, Code.POST, message_id, b"", b"E" if private else b"e", *segments, payload=data)


def time_reply(message_id: int, token: bytes, unix_seconds: int) -> Message:
    """Reply to a time request with its id and token; the device reads the seconds at a fixed offset."""
    return reply(MessageType.ACK, Code.CONTENT, message_id, token, struct.pack(">I", unix_seconds))


def signal(message_id: int, token: bytes, on: bool) -> Message:
    """Start or stop the rainbow on the device's LED."""
    return _request(MessageType.CON, Code.PUT, message_id, token, b"s", (Option.URI_QUERY, bytes((on,))))


def update_begin(message_id: int, token: bytes, *, length: int, chunk_size: int, fast: bool) -> Message:
    """Offer a firmware image of ``length`` bytes; its module prefix determines the destination (store 0, address 0)."""
    payload = struct.pack(">BHIBI", fast, chunk_size, length, 0, 0)
    return _request(MessageType.CON, Code.POST, message_id, token, b"u", payload=payload)


def update_chunk(message_id: int, token: bytes, data: bytes, *, index: int | None) -> Message:
    """One chunk with its CRC-32: with ``index`` in fast mode (NON, unanswered), without in slow mode (CON)."""
    options = [(Option.URI_QUERY, zlib.crc32(data).to_bytes(4, "big"))]
    if index is not None:
        options.append((Option.URI_QUERY, index.to_bytes(2, "big")))
    kind = MessageType.CON if index is None else MessageType.NON
    return _request(kind, Code.POST, message_id, token, b"c", *options, payload=data)


def update_done(message_id: int, token: bytes) -> Message:
    """All chunks are sent; the reply is 2.04 with a result, or 4.00 when chunks are missing."""
    return _request(MessageType.CON, Code.PUT, message_id, token, b"u")


# Device to server


def hello(message_id: int, content: Hello) -> Message:
    """A device's first message: 15 bytes up to Device OS 2.x, 27 with a ``system_version`` as in 3.x."""
    payload = struct.pack(">HHHH", content.product_id, content.product_version, content.flags, content.platform_id)
    if content.system_version is not None:
        rest = (content.system_version, content.max_message or 0, 262144, content.chunk_size or 512)
        payload += bytes(2) + struct.pack(">HHIH", *rest)
    return _request(MessageType.NON, Code.POST, message_id, b"", b"h", payload=payload)


def describe_post(message_id: int, part: DescribePart, content: bytes) -> Message:
    """The describe a device sends unrequested after Hello (Device OS 2.x)."""
    return _request(
        MessageType.CON, Code.POST, message_id, b"", b"d", (Option.URI_QUERY, bytes((part,))), payload=content
    )


def device_event(
    message_id: int, name: str, data: bytes | None, *, private: bool, ttl: int = DEFAULT_TTL, confirm: bool = False
) -> Message:
    """An event from a device: the whole name in one option, the TTL only when it is not 60 s."""
    options = [(Option.URI_PATH, encode_text(name))]
    if ttl != DEFAULT_TTL:
        options.append((Option.MAX_AGE, ttl.to_bytes(3, "big")))
    kind = MessageType.CON if confirm else MessageType.NON
    return _request(kind, Code.POST, message_id, b"", b"E" if private else b"e", *options, payload=data)


def subscribe(message_id: int, prefix: str, scope: str) -> Message:
    """Subscribe to events whose name starts with ``prefix``; ``scope`` is "mine", "all" or a device id."""
    options = [(Option.URI_PATH, encode_text(prefix))]
    payload = None
    if scope == "mine":
        options.append((Option.URI_QUERY, b"u"))
    elif scope != "all":
        payload = encode_text(scope)
    return _request(MessageType.CON, Code.GET, message_id, b"", b"e", *options, payload=payload)


def time_request(message_id: int, token: bytes) -> Message:
    """Request the time."""
    return _request(MessageType.CON, Code.GET, message_id, token, b"t")


def function_result(message_id: int, token: bytes, value: int) -> Message:
    """A function's return value, separate from the acknowledgement of the call."""
    return reply(MessageType.NON, Code.CHANGED, message_id, token, struct.pack(">i", value))


def encode_value(kind: ValueKind, value: bool | int | float | str) -> bytes:
    """A variable's value as devices send it: integers big-endian, doubles little-endian, text without terminator."""
    match kind:
        case "bool":
            return bytes((bool(value),))
        case "int32":
            return struct.pack(">i", value)
        case "double":
            return struct.pack("<d", value)
        case "string":
            return encode_text(str(value))


def update_ready(message_id: int, token: bytes, *, fast: bool) -> Message:
    """The device is ready for chunks, in fast mode or not."""
    return reply(MessageType.NON, Code.CHANGED, message_id, token, bytes((fast,)))


def chunks_missed(message_id: int, indices: list[int]) -> Message:
    """Chunks of a fast update that did not arrive (NON, as in Device OS 2.x)."""
    payload = struct.pack(f">{len(indices)}H", *indices)
    return _request(MessageType.NON, Code.GET, message_id, b"", b"c", payload=payload)


# Readers


def parse_hello(message: Message) -> Hello:
    """Parse a Hello of any Device OS; raises ProtocolError when too short."""
    payload = message.payload or b""
    if len(payload) < 8:
        raise ProtocolError(f"a Hello with {len(payload)} bytes of payload; at least 8 are needed")
    product_id, product_version, flags, platform_id = struct.unpack_from(">HHHH", payload)
    system_version = max_message = chunk_size = None
    # Device OS 3.x: one reserved byte, then the length of a device id that stays empty on TCP.
    rest = payload[10 + payload[9] :] if len(payload) >= 10 else b""
    if len(rest) >= 10:
        system_version, max_message, _max_binary, chunk_size = struct.unpack_from(">HHIH", rest)
    return Hello(product_id, product_version, flags, platform_id, system_version, max_message, chunk_size)


def parse_describe(payload: bytes | None) -> dict[str, Any]:
    """Parse a describe; raises ProtocolError when it is not a JSON object, or holds invalid text."""
    try:
        content = loads(payload or b"")
    except ValueError as error:
        raise ProtocolError(f"a describe that is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ProtocolError("a describe that is not a JSON object")
    return content


def parse_metrics(payload: bytes | None) -> dict[int, int]:
    """Parse a device's diagnostics: 32-bit values by id, without those the device could not read.

    The head is 00 04 00 and the sizes of ids and values, little endian (Device OS 2.3.1, describe with flag 4).

    :raises ProtocolError: another head, or a truncated pair
    """
    content = payload or b""
    if len(content) < _METRICS_HEAD.size or not content.startswith(_METRICS_MARK):
        raise ProtocolError("diagnostics with an unknown head")
    id_size, value_size = _METRICS_HEAD.unpack_from(content)[1:]
    pairs = content[_METRICS_HEAD.size :]
    if (id_size, value_size) != (_METRIC.size - 4, 4) or len(pairs) % _METRIC.size:
        raise ProtocolError(f"diagnostics of {len(pairs)} bytes that are no pairs of id and value")
    return {number: value for number, value in _METRIC.iter_unpack(pairs) if not number & _METRIC_FAILED}


def more_blocks(message: Message) -> bool:
    """Whether a describe has further blocks (Device OS 3.x)."""
    return any(value and value[-1] & 0x08 for value in message.values(Option.BLOCK2))


def parse_value(kind: ValueKind, payload: bytes | None) -> bool | int | float | str:
    """Parse a variable's value; raises ProtocolError when its size does not fit ``kind``."""
    data = payload or b""
    if kind == "string":
        return data.decode(errors="replace")
    sizes = {"bool": 1, "int32": 4, "double": 8}
    if len(data) != sizes[kind]:
        raise ProtocolError(f"a value of {len(data)} bytes for a variable of type {kind}")
    if kind == "bool":
        return data != b"\0"
    value: int | float = struct.unpack(">i" if kind == "int32" else "<d", data)[0]
    return value


def parse_event(message: Message) -> Event:
    """Parse an event in either form; raises ProtocolError for a missing name or an impossible TTL."""
    letter, *segments = message.path
    if not segments:
        raise ProtocolError("an event without a name")
    ages = message.values(Option.MAX_AGE)
    if ages and len(ages[0]) > 4:
        raise ProtocolError("an event with a TTL of more than 4 bytes")
    ttl = int.from_bytes(ages[0], "big") if ages else DEFAULT_TTL
    return Event(b"/".join(segments).decode(errors="replace"), message.payload, ttl, letter == b"E")


def parse_subscription(message: Message) -> tuple[str, str]:
    """Parse a subscription as (prefix, scope), scope as in :func:`subscribe`."""
    prefix = b"/".join(message.path[1:]).decode(errors="replace")
    if message.payload:
        return prefix, message.payload.decode(errors="replace").lower()
    return prefix, "mine" if b"u" in message.values(Option.URI_QUERY) else "all"


def parse_missed(message: Message) -> list[int]:
    """Indices of the chunks a device requests again; raises ProtocolError for half an index."""
    payload = message.payload or b""
    if len(payload) % 2:
        raise ProtocolError("a list of missed chunks that ends within an index")
    return list(struct.unpack(f">{len(payload) // 2}H", payload))


def _request(
    kind: MessageType,
    code: Code,
    message_id: int,
    token: bytes,
    letter: bytes,
    *options: tuple[int, bytes],
    payload: bytes | None = None,
) -> Message:
    return Message(kind, code, message_id, token, ((Option.URI_PATH, letter), *options), payload)
