"""Frames of the cloud session: vectors, the unusual IV rule, any split, and nothing but ProtocolError on rubbish."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import ProtocolError
from photonrig.particle.frames import MAX_MESSAGE_FROM_DEVICE, MAX_MESSAGE_TO_DEVICE, FrameDecoder, FrameEncoder

KEY = bytes(range(16))
IV = bytes(range(16, 32))
VECTOR = [
    ("50020001b168", "0010d2b521aa68b3b7a0926c427fc26fab7f"),
    ("40000002", "0010762bdcb7f56bac37a2e8d0226a821f05"),
    ("4101000342b1760169", "001070d4c316445bc069acbe7c0993998b8d"),
]

bodies = st.lists(st.binary(min_size=1, max_size=MAX_MESSAGE_TO_DEVICE), min_size=1, max_size=6)


def stream_of(messages: list[bytes]) -> bytes:
    encoder = FrameEncoder(KEY, IV)
    return b"".join(encoder.encode(message) for message in messages)


def test_three_messages_in_one_direction() -> None:
    encoder, decoder = FrameEncoder(KEY, IV), FrameDecoder(KEY, IV)
    for plain, frame in VECTOR:
        assert encoder.encode(bytes.fromhex(plain)).hex() == frame
        assert decoder.decode(bytes.fromhex(frame)) == [bytes.fromhex(plain)]


def test_the_next_iv_is_the_first_block_not_the_last() -> None:
    """Two blocks and then one: the second frame differs from what ordinary chaining would give."""
    encoder = FrameEncoder(KEY, IV)
    first = encoder.encode(bytes(20))
    second = encoder.encode(b"next")
    assert FrameEncoder(KEY, first[2:18]).encode(b"next") == second
    assert FrameEncoder(KEY, first[18:34]).encode(b"next") != second


def test_every_split_in_two_gives_the_same_messages() -> None:
    messages = [bytes.fromhex(plain) for plain, _ in VECTOR] + [bytes(15), bytes(16), bytes(17)]
    stream = stream_of(messages)
    for cut in range(len(stream) + 1):
        decoder = FrameDecoder(KEY, IV)
        assert decoder.decode(stream[:cut]) + decoder.decode(stream[cut:]) == messages


def test_byte_by_byte() -> None:
    messages = [b"a", bytes(100), b"zz"]
    decoder = FrameDecoder(KEY, IV)
    assert [found for byte in stream_of(messages) for found in decoder.decode(bytes((byte,)))] == messages


@given(bodies, st.lists(st.integers(0, 5000), max_size=8))
def test_any_messages_survive_any_split(messages: list[bytes], cuts: list[int]) -> None:
    stream = stream_of(messages)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = FrameDecoder(KEY, IV)
    found = [m for start, end in itertools.pairwise(edges) for m in decoder.decode(stream[start:end])]
    assert found == messages


@given(st.binary(max_size=3000))
def test_rubbish_raises_protocol_error_or_nothing(data: bytes) -> None:
    decoder = FrameDecoder(KEY, IV)
    try:
        decoder.decode(data)
    except ProtocolError:
        return
    assert decoder.decode(b"") == []


@pytest.mark.parametrize("size", [0, MAX_MESSAGE_TO_DEVICE + 1])
def test_a_message_no_device_takes_is_not_encoded_and_leaves_the_stream_whole(size: int) -> None:
    encoder = FrameEncoder(KEY, IV)
    with pytest.raises(ProtocolError, match=f"{size} bytes"):
        encoder.encode(bytes(size))
    assert encoder.encode(bytes.fromhex(VECTOR[0][0])).hex() == VECTOR[0][1]


def test_the_largest_messages_pass() -> None:
    assert len(FrameEncoder(KEY, IV).encode(bytes(MAX_MESSAGE_TO_DEVICE))) == 2 + 768
    frame = FrameEncoder(KEY, IV, max_message=MAX_MESSAGE_FROM_DEVICE).encode(bytes(MAX_MESSAGE_FROM_DEVICE))
    assert FrameDecoder(KEY, IV).decode(frame) == [bytes(MAX_MESSAGE_FROM_DEVICE)]


@pytest.mark.parametrize("header", ["0000", "0011", "0410", "fff0"])
def test_an_impossible_length_is_refused_before_its_body_comes(header: str) -> None:
    with pytest.raises(ProtocolError, match="frame of"):
        FrameDecoder(KEY, IV).decode(bytes.fromhex(header))


def test_another_key_is_noticed() -> None:
    frame = bytes.fromhex(VECTOR[0][1])
    with pytest.raises(ProtocolError, match="padding"):
        FrameDecoder(bytes(16), IV).decode(frame)
