"""CoAP messages: exact bytes at the edges of the option encoding, round trips, and only ProtocolError on rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import ProtocolError
from photonrig.particle.coap import Code, Message, MessageType, Option

options = st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=400)), max_size=6).map(
    lambda found: tuple(sorted(found, key=lambda option: option[0]))
)
messages = st.builds(
    Message,
    type=st.sampled_from(MessageType),
    code=st.integers(0, 255),
    message_id=st.integers(0, 0xFFFF),
    token=st.binary(max_size=8),
    options=options,
    payload=st.none() | st.binary(max_size=300),
)


def with_option(number: int, value: bytes) -> Message:
    return Message(MessageType.CON, Code.GET, 1, b"", ((number, value),))


@given(messages)
def test_round_trip(message: Message) -> None:
    assert Message.decode(message.encode()) == message


@given(st.binary(max_size=200))
def test_rubbish_raises_protocol_error_or_is_a_message(data: bytes) -> None:
    try:
        message = Message.decode(data)
    except ProtocolError:
        return
    assert Message.decode(message.encode()) == message


@given(messages, st.integers(0, 60))
def test_a_message_cut_short_is_no_crash(message: Message, kept: int) -> None:
    try:
        found = Message.decode(message.encode()[:kept])
    except ProtocolError:
        return
    assert (found.code, found.message_id, found.token) == (message.code, message.message_id, message.token)


@pytest.mark.parametrize(
    ("number", "length", "header"),
    [
        (11, 1, "b1"),
        (11, 12, "bc"),
        (11, 13, "bd00"),
        (15, 268, "dd02ff"),
        (15, 269, "de020000"),
        (15, 623, "de020162"),
        (269, 0, "e00000"),
    ],
)
def test_option_headers(number: int, length: int, header: str) -> None:
    data = with_option(number, bytes(length)).encode()
    assert data[4 : len(data) - length].hex() == header
    assert Message.decode(data).values(number) == [bytes(length)]


def test_marker_without_payload_is_kept_apart_from_no_marker() -> None:
    head = "5002c3f2b145016e"
    assert Message.decode(bytes.fromhex(head)).payload is None
    assert Message.decode(bytes.fromhex(head + "ff")).payload == b""
    assert Message.decode(bytes.fromhex(head + "ff")).encode().hex() == head + "ff"


def test_path_and_values() -> None:
    message = Message.decode(bytes.fromhex("40021280b16503666f6f03626172313cff68"))
    assert message.path == [b"e", b"foo", b"bar"]
    assert message.values(Option.MAX_AGE) == [b"\x3c"]
    assert message.payload == b"h"
    assert not message.is_response
    assert Message.decode(bytes.fromhex("51848001aa")).is_response


@pytest.mark.parametrize(
    "data",
    [
        "",
        "400000",
        "00000001",
        "80000001",
        "49000001" + "00" * 9,
        "42000001aa",
        "40000001f1",
        "400000011f",
        "40000001b5aa",
    ],
)
def test_what_is_no_message(data: str) -> None:
    with pytest.raises(ProtocolError):
        Message.decode(bytes.fromhex(data))


def test_what_cannot_be_encoded() -> None:
    with pytest.raises(ProtocolError, match="token"):
        Message(MessageType.CON, Code.GET, 1, bytes(9)).encode()
    with pytest.raises(ProtocolError, match="ascending"):
        Message(MessageType.CON, Code.GET, 1, b"", ((15, b""), (11, b""))).encode()
    with pytest.raises(ProtocolError, match="too large"):
        with_option(70000, b"").encode()
