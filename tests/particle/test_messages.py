"""Messages of the cloud session: the traces recorded from Device OS 2.3.1 and 0.6.3, line by line, both ways."""

from __future__ import annotations

import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import ProtocolError
from photonrig.particle import messages as m
from photonrig.particle.coap import Code, Message, MessageType

APP = b'{"f":["alpha","beta"],"v":{"b":1,"i":2,"s":4,"d":9}}'
BLOCK = bytes(range(256)) * 2


def wire(*parts: str | bytes) -> bytes:
    """Bytes as a trace writes them: hex as str, text as bytes."""
    return b"".join(part if isinstance(part, bytes) else bytes.fromhex(part) for part in parts)


DEVICE_231 = [
    (m.hello(0xC3F1, m.Hello(6, 2, 0x16, 3)), wire("5002C3F1 B168 FF 0006 0002 00 16 0003")),
    (
        m.device_event(0xC3F2, "spark/device/claim/code", b"x", private=True),
        wire("5002C3F2 B145 0D0A", b"spark/device/claim/code", "FF", b"x"),
    ),
    (
        m.device_event(0xC3F3, "ab/c12345678901", b"", private=False, confirm=True),
        wire("4002C3F3 B165 0D02", b"ab/c12345678901", "FF"),
    ),
    (
        m.device_event(0xC3F4, "n", None, private=False, ttl=61, confirm=True),
        wire("4002C3F4 B165 01", b"n", "33 00003D"),
    ),
    (m.subscribe(0xC3F5, "particle", "mine"), wire("4001C3F5 B165 08", b"particle", "41 75")),
    (m.subscribe(0xC3F6, "spark", "mine"), wire("4001C3F6 B165 05", b"spark", "41 75")),
    (m.subscribe(0xC3F7, "foo", "all"), wire("4001C3F7 B165 03", b"foo")),
    (m.time_request(0xC3F8, b"\x67"), wire("4101C3F8 67 B174")),
    (m.describe_post(0xC3F9, m.DescribePart.APPLICATION, APP), wire("4002C3F9 B164 41 02 FF", APP)),
    (m.acknowledge(0xC3FA), wire("6000C3FA")),
    (m.reply(MessageType.ACK, Code.CHANGED, 0xC3FB, b"\x77"), wire("6144C3FB 77")),
    (m.acknowledge(0x1240), wire("60001240")),
    (
        m.reply(MessageType.CON, Code.CONTENT, 0xC3FD, b"\x55", b'{"p":6,"m":[]}'),
        wire("4145C3FD 55 FF", b'{"p":6,"m":[]}'),
    ),
    *(
        (m.reply(MessageType.NON, Code.CONTENT, mid, b"\x60", m.encode_value(kind, value)), wire(text))
        for mid, kind, value, text in (
            (0xC401, "bool", True, "5145C401 60 FF 01"),
            (0xC402, "int32", -2, "5145C402 60 FF FFFFFFFE"),
            (0xC403, "double", 1.5, "5145C403 60 FF 000000000000F83F"),
            (0xC404, "string", "zzzzz", "5145C404 60 FF 7A7A7A7A7A"),
        )
    ),
    (m.reply(MessageType.NON, Code.NOT_FOUND, 0xC405, b"\x61"), wire("5184C405 61")),
    (m.function_result(0xC40A, b"\x64", 3), wire("5144C40A 64 FF 00000003")),
    (m.function_result(0xC40C, b"\x65", 0), wire("5144C40C 65 FF 00000000")),
    (m.reply(MessageType.ACK, Code.BAD_REQUEST, 0x1275, b""), wire("60801275")),
    (m.function_result(0xC410, b"\x65", 0x26E), wire("5144C410 65 FF 0000026E")),
    (m.update_ready(0xD22E, b"\x71", fast=False), wire("5144D22E 71 FF 00")),
    (m.reply(MessageType.NON, Code.CHANGED, 0xD22F, b"\x70"), wire("5144D22F 70")),
    (m.reply(MessageType.NON, Code.BAD_REQUEST, 0xD230, b"\x70"), wire("5180D230 70")),
    (m.reply(MessageType.ACK, Code.CHANGED, 0x2005, b"\x72"), wire("61442005 72")),
    (m.update_ready(0xD233, b"\x71", fast=True), wire("5144D233 71 FF 01")),
    (m.reply(MessageType.ACK, Code.BAD_REQUEST, 0x2013, b"\x72"), wire("61802013 72")),
    (m.chunks_missed(0xD234, [1]), wire("5001D234 B163 FF 0001")),
    (m.ping(0xD237), wire("4000D237")),
]

SERVER = [
    (m.hello_reply(1), wire("50020001 B168")),
    (m.ping(0x1234), wire("40001234")),
    (m.signal(0x1235, b"\x77", True), wire("41031235 77 B173 4101")),
    (m.signal(0x1235, b"\x77", False), wire("41031235 77 B173 4100")),
    (m.describe_request(0x1240, b"\x55", m.DescribePart.SYSTEM), wire("41011240 55 B164 4101")),
    (m.variable_request(0x1252, b"\x60", "b"), wire("41011252 60 B176 01", b"b")),
    (m.variable_request(0x1251, b"\x60", "i"), wire("41011251 60 B176 01", b"i")),
    (m.variable_request(0x1254, b"\x60", "d"), wire("41011254 60 B176 01", b"d")),
    (m.variable_request(0x1253, b"\x60", "s"), wire("41011253 60 B176 01", b"s")),
    (m.variable_request(0x1260, b"\x61", "zz"), wire("41011260 61 B176 02", b"zz")),
    (m.function_call(0x1270, b"\x64", "alpha", "abc"), wire("41021270 64 B166 05", b"alpha", "43", b"abc")),
    (m.function_call(0x1271, b"\x65", "beta", ""), wire("41021271 65 B166 04", b"beta", "40")),
    (m.function_call(0x1275, b"\x65", "beta", "y" * 623), wire("41021275 65 B166 04", b"beta", "4E 0162", b"y" * 623)),
    (m.function_call(0x1276, b"\x66", "gamma", "1"), wire("41021276 66 B166 05", b"gamma", "41", b"1")),
    (m.time_reply(1, b"\x00", 0x5F000000), wire("61450001 00 FF 5F000000")),
    (
        m.update_begin(0x2000, b"\x71", length=0x500, chunk_size=512, fast=False),
        wire("41022000 71 B175 FF 00 0200 00000500 00 00000000"),
    ),
    (
        m.update_chunk(0x2001, b"\x70", BLOCK, index=None),
        wire("41022001 70 B163 44", zlib.crc32(BLOCK).to_bytes(4, "big"), "FF", BLOCK),
    ),
    (
        m.update_chunk(0x2011, b"\x70", BLOCK, index=0),
        wire("51022011 70 B163 44", zlib.crc32(BLOCK).to_bytes(4, "big"), "02 0000 FF", BLOCK),
    ),
    (m.update_done(0x2005, b"\x72"), wire("41032005 72 B175")),
    (
        m.event(0x1280, "foo/bar", b"hello", private=False),
        wire("50021280 B165 03", b"foo", "03", b"bar", "FF", b"hello"),
    ),
]

LEGACY_063 = [
    (m.hello(0xFB00, m.Hello(6, 2, 0, 6)), wire("5002FB00 B168 FF 0006 0002 0000 0006")),
    (m.ping(0xFB01), wire("4000FB01")),
    (m.acknowledge(0x1234), wire("60001234")),
    (m.reply(MessageType.ACK, Code.CHANGED, 0x1235, b"\x77"), wire("61441235 77")),
    (
        m.reply(MessageType.ACK, Code.CONTENT, 0x1240, b"\x55", b'{"p":6,"m":[]}'),
        wire("61451240 55 FF", b'{"p":6,"m":[]}'),
    ),
    (
        m.reply(MessageType.ACK, Code.CONTENT, 0x1251, b"\x60", m.encode_value("int32", -2)),
        wire("61451251 60 FF FFFFFFFE"),
    ),
    (m.function_result(0xFB08, b"\x64", 3), wire("5144FB08 64 FF 00000003")),
    (m.acknowledge(0x2011), wire("60002011")),
    (m.reply(MessageType.NON, Code.CHANGED, 0xFB0E, b"\x70"), wire("5144FB0E 70")),
    (m.reply(MessageType.ACK, Code.BAD_REQUEST, 0x2013, b"\x72"), wire("61802013 72")),
    (
        Message(MessageType.CON, Code.GET, 0xFB10, b"", ((11, b"c"),), b"\x00\x01"),
        wire("4001FB10 B163 FF 0001"),
    ),
    (Message(MessageType.NON, Code.PUT, 0x5E69, b"", ((11, b"u"),)), wire("50035E69 B175")),
]


@pytest.mark.parametrize(
    ("message", "expected"),
    DEVICE_231 + SERVER + LEGACY_063,
    ids=lambda part: part.hex()[:24] if isinstance(part, bytes) else "",
)
def test_trace_line(message: Message, expected: bytes) -> None:
    assert message.encode().hex() == expected.hex()
    assert Message.decode(expected) == message


def test_hello_of_2x() -> None:
    hello = m.parse_hello(Message.decode(wire("5002C3F1 B168 FF FFFF FFFF 00 37 0006")))
    assert hello == m.Hello(0xFFFF, 0xFFFF, 0x37, 6)
    assert hello.flags & m.HelloFlag.UPDATED


def test_hello_of_3x() -> None:
    data = wire("50020001 B168 FF 0006 0002 0036 0006 00 00 0CE6 039F 00040000 0200")
    assert len(data) == 27
    hello = m.Hello(6, 2, 0x36, 6, system_version=3302, max_message=927, chunk_size=512)
    assert m.parse_hello(Message.decode(data)) == hello
    assert m.hello(1, hello).encode() == data


def test_event_of_a_device() -> None:
    assert m.parse_event(DEVICE_231[1][0]) == m.Event("spark/device/claim/code", b"x", 60, True)
    assert m.parse_event(DEVICE_231[2][0]) == m.Event("ab/c12345678901", b"", 60, False)
    assert m.parse_event(DEVICE_231[3][0]) == m.Event("n", None, 61, False)


def test_event_in_segments() -> None:
    message = Message.decode(wire("40021280 B165 03", b"foo", "03", b"bar", "31 3C FF", b"hello"))
    assert m.parse_event(message) == m.Event("foo/bar", b"hello", 60, False)


def test_subscriptions() -> None:
    assert m.parse_subscription(m.subscribe(1, "shade/", "mine")) == ("shade/", "mine")
    assert m.parse_subscription(m.subscribe(1, "shade/", "all")) == ("shade/", "all")
    assert m.parse_subscription(m.subscribe(1, "x", "0123456789ab")) == ("x", "0123456789ab")


@pytest.mark.parametrize(
    ("kind", "value"), [("bool", False), ("bool", True), ("int32", -(2**31)), ("double", -0.1), ("string", "ä\n")]
)
def test_values(kind: m.ValueKind, value: bool | int | float | str) -> None:
    assert m.parse_value(kind, m.encode_value(kind, value)) == value


@pytest.mark.parametrize(("kind", "size"), [("bool", 0), ("bool", 2), ("int32", 3), ("double", 4)])
def test_values_of_a_wrong_size_are_refused(kind: m.ValueKind, size: int) -> None:
    with pytest.raises(ProtocolError, match=f"{size} bytes"):
        m.parse_value(kind, bytes(size))


def test_an_empty_string_value_needs_no_payload() -> None:
    assert m.parse_value("string", None) == ""


def test_describe() -> None:
    assert m.parse_describe(APP) == json.loads(APP)
    for bad in (None, b"", b"[]", b"{", b"\xff", b"[" * 5000):
        with pytest.raises(ProtocolError, match="describe"):
            m.parse_describe(bad)


def test_diagnostics() -> None:
    head = bytes.fromhex("000400 0200 0400")
    assert m.parse_metrics(head) == {}
    assert m.parse_metrics(head + bytes.fromhex("0600 58020000 1300 00b7ffff")) == {6: 600, 19: -18688}
    assert m.parse_metrics(head + bytes.fromhex("0680 feffffff")) == {}  # the device could not read it
    for bad in (None, b"", head[:-1], b"\x01" + head[1:], head + b"\x06", head + bytes(7), b"{}" * 5):
        with pytest.raises(ProtocolError, match="diagnostics"):
            m.parse_metrics(bad)


def test_further_blocks_of_a_describe() -> None:
    request = m.describe_request(1, b"\x01", m.DescribePart.APPLICATION, 1)
    assert request.encode().hex() == "4101000101b1644102" + "8115"
    answer = Message(MessageType.CON, Code.CONTENT, 2, b"\x01", ((4, b"e"), (23, b"\x0d")), b"{")
    assert m.more_blocks(answer)
    assert not m.more_blocks(Message(MessageType.CON, Code.CONTENT, 2, b"\x01", ((23, b"\x15"),), b"}"))


def test_missed_chunks() -> None:
    assert m.parse_missed(m.chunks_missed(1, [0, 1, 0xFFFF])) == [0, 1, 0xFFFF]
    with pytest.raises(ProtocolError, match="index"):
        m.parse_missed(Message(MessageType.NON, Code.GET, 1, b"", ((11, b"c"),), b"\0\0\0"))


def test_text_without_utf8_form_is_replaced() -> None:
    assert m.function_call(1, b"\1", "f", "\ud800").encode().endswith(b"A?")


@given(st.text(min_size=1, max_size=64), st.none() | st.binary(max_size=400), st.integers(0, 0xFFFFFF), st.booleans())
def test_events_round_trip(name: str, data: bytes | None, ttl: int, private: bool) -> None:
    sent = m.device_event(7, name, data, private=private, ttl=ttl)
    assert m.parse_event(Message.decode(sent.encode())) == m.Event(name, data, ttl, private)


@given(st.binary(max_size=120))
def test_readers_raise_nothing_but_protocol_error(data: bytes) -> None:
    for head in ("5002 0001 B168 FF", "5002 0001 B165", "4001 0001 B165", "4001 0001 B163 FF"):
        try:
            message = Message.decode(wire(head) + data)
        except ProtocolError:
            continue
        for read in (m.parse_hello, m.parse_event, m.parse_subscription, m.parse_missed):
            try:
                read(message)
            except ProtocolError as error:
                assert str(error)
