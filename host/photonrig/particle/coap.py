"""CoAP messages as used by Device OS: header, token, options, payload (RFC 7252 without its transport).

An empty payload behind a marker is distinct from no payload: Device OS up to 2.x sends it for empty event data.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from photonrig.errors import ProtocolError

_MARKER = 0xFF
_MAX_OPTION = 0xFFFF


class MessageType(IntEnum):
    """Message types: CON expects an acknowledgement, NON none; ACK and RST are the replies."""

    CON = 0
    NON = 1
    ACK = 2
    RST = 3


_TYPES = tuple(MessageType)


class Code(IntEnum):
    """Request and response codes of Device OS; others are kept as plain numbers."""

    EMPTY = 0x00
    GET = 0x01
    POST = 0x02
    PUT = 0x03
    CHANGED = 0x44
    CONTENT = 0x45
    BAD_REQUEST = 0x80
    NOT_FOUND = 0x84
    SERVICE_UNAVAILABLE = 0xA3


class Option(IntEnum):
    """Option numbers."""

    URI_PATH = 11
    MAX_AGE = 14
    URI_QUERY = 15
    BLOCK2 = 23


class Message(NamedTuple):
    """One message; ``options`` are (number, value) in ascending order, ``payload`` is None without a payload marker."""

    type: MessageType
    code: int
    message_id: int
    token: bytes = b""
    options: tuple[tuple[int, bytes], ...] = ()
    payload: bytes | None = None

    def encode(self) -> bytes:
        """The message's bytes; raises ProtocolError for a token over 8 bytes or options that do not ascend."""
        if len(self.token) > 8:
            raise ProtocolError(f"a token of {len(self.token)} bytes; at most 8 are possible")
        out = bytearray((0x40 | self.type << 4 | len(self.token), self.code))
        out += self.message_id.to_bytes(2, "big")
        out += self.token
        last = 0
        for number, value in self.options:
            delta, length = number - last, len(value)
            if 0 <= delta < 13 and length < 13:
                out.append(delta << 4 | length)
            else:
                delta_nibble, delta_rest = _split(delta)
                length_nibble, length_rest = _split(length)
                out.append(delta_nibble << 4 | length_nibble)
                out += delta_rest + length_rest
            out += value
            last = number
        if self.payload is not None:
            out.append(_MARKER)
            out += self.payload
        return bytes(out)

    @classmethod
    def decode(cls, data: bytes) -> Message:
        """Parse one whole message; raises ProtocolError for malformed bytes."""
        if len(data) < 4:
            raise ProtocolError(f"a message of {len(data)} bytes; the header alone has 4")
        if data[0] >> 6 != 1:
            raise ProtocolError(f"not CoAP version 1: first byte {data[0]:02x}")
        token_end = 4 + (data[0] & 0x0F)
        if token_end > 12 or token_end > len(data):
            raise ProtocolError("a token longer than 8 bytes or than the message")
        options, payload = _read_options(data, token_end)
        return cls(
            _TYPES[data[0] >> 4 & 3],
            data[1],
            int.from_bytes(data[2:4], "big"),
            data[4:token_end],
            options,
            payload,
        )

    def values(self, option: int) -> list[bytes]:
        """All values of one option number, in order."""
        return [value for number, value in self.options if number == option]

    @property
    def path(self) -> list[bytes]:
        """The Uri-Path segments; the first is Device OS's one-letter resource."""
        return self.values(Option.URI_PATH)

    @property
    def is_response(self) -> bool:
        """Whether the code is a response class (2.xx to 5.xx)."""
        return self.code >= 0x40


def _split(number: int) -> tuple[int, bytes]:
    """An option delta or length as its nibble and the extension bytes behind it."""
    if number < 0:
        raise ProtocolError("options must be in ascending order")
    if number < 13:
        return number, b""
    if number < 269:
        return 13, bytes((number - 13,))
    if number - 269 > 0xFFFF:
        raise ProtocolError(f"an option delta or length of {number} is too large")
    return 14, (number - 269).to_bytes(2, "big")


def _read_options(data: bytes, position: int) -> tuple[tuple[tuple[int, bytes], ...], bytes | None]:
    options: list[tuple[int, bytes]] = []
    number = 0
    while position < len(data):
        head = data[position]
        position += 1
        if head == _MARKER:
            return tuple(options), data[position:]
        delta, position = _extended(data, head >> 4, position)
        length, position = _extended(data, head & 0x0F, position)
        number += delta
        if number > _MAX_OPTION or position + length > len(data):
            raise ProtocolError("an option longer than the message")
        options.append((number, data[position : position + length]))
        position += length
    return tuple(options), None


def _extended(data: bytes, nibble: int, position: int) -> tuple[int, int]:
    """The number behind a delta or length nibble, and where reading goes on."""
    if nibble < 13:
        return nibble, position
    if nibble == 15:
        raise ProtocolError("an option with a reserved delta or length")
    size, base = (1, 13) if nibble == 13 else (2, 269)
    if position + size > len(data):
        raise ProtocolError("an option that ends within its header")
    return base + int.from_bytes(data[position : position + size], "big"), position + size
