"""Server-sent events on bytes: what was recorded of Particle's cloud, and every way of cutting and ending lines."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from photonrig.errors import ProtocolError
from photonrig.particle import sse
from photonrig.particle.sse import Decoder, Published

# Particle's cloud, 2015-07-18; the device's id is replaced.
NAME, DATA, AT, COREID = "temperature", "25.34", "2015-07-18T00:12:18.174Z", "0123456789abcdef01234567"
RECORDED = (
    b"event: temperature\n"
    b'data: {"data":"25.34","ttl":"60","published_at":"2015-07-18T00:12:18.174Z","coreid":"0123456789abcdef01234567"}'
    b"\n\n"
)


def read(*chunks: bytes) -> list[Published]:
    decoder = Decoder()
    return [event for chunk in chunks for event in decoder.feed(chunk)]


def names(*chunks: bytes) -> list[tuple[str, str | None]]:
    return [(event.name, event.data) for event in read(*chunks)]


def test_an_event_is_written_as_it_was_recorded() -> None:
    assert sse.encode(NAME, sse.body(DATA, 60, AT, COREID)) == RECORDED


def test_a_recorded_event_is_read() -> None:
    (event,) = read(b":ok\n\n" + RECORDED)
    assert (event.name, event.data, event.ttl, event.published_at, event.coreid) == (NAME, DATA, 60, AT, COREID)
    assert event.raw == {"data": DATA, "ttl": "60", "published_at": AT, "coreid": COREID}


@pytest.mark.parametrize(("ttl", "seconds"), [('"60"', 60), ("60", 60), ("null", 0), ('""', 0)])
def test_ttl_is_read_as_string_and_as_number(ttl: str, seconds: int) -> None:
    (event,) = read(f'event: e\ndata: {{"data":null,"ttl":{ttl},"fw_version":3}}\n\n'.encode())
    assert (event.data, event.ttl, event.raw["fw_version"]) == (None, seconds, 3)


def test_what_is_no_event_is_skipped() -> None:
    nothing = (sse.OPENED, sse.KEEP_ALIVE, sse.dropped(3), b"event: e\n\n", b"data: {}\n\n", b"id: 7\nretry: 1\n\n")
    assert read(*nothing) == []
    # And leaves nothing behind that the next event takes up.
    assert names(*nothing, b"event: f\n", b"data: {}\n\n") == [("f", None)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_cut_and_every_end_of_a_line_gives_the_same_events(end: bytes) -> None:
    told = b":ok\n\n" + b'event: a\xe2\x80\xa8b\x0bc\ndata: {"data":\ndata:"\xc3\xa4"}\n\n' + RECORDED
    told = told.replace(b"\n", end)
    expected = [("a\u2028b\x0bc", "ä"), (NAME, DATA)]
    for first, second in itertools.combinations(range(len(told) + 1), 2):
        assert names(told[:first], told[first:second], told[second:]) == expected
    assert names(*(told[place : place + 1] for place in range(len(told)))) == expected


def test_a_byte_order_mark_stands_before_the_stream_alone() -> None:
    assert names(b"\xef\xbb\xbfevent: e\ndata: {}\n\n") == [("e", None)]
    assert names(b":ok\n\n\xef\xbb\xbfevent: e\ndata: {}\n\n") == []


@pytest.mark.parametrize("carried", ["[]", "1", "x", '{"ttl":[1]}', '{"ttl":"soon"}'])
def test_data_that_is_no_event_object_is_refused(carried: str) -> None:
    with pytest.raises(ProtocolError, match="event e carries no event object"):
        read(f"event: e\ndata: {carried}\n\n".encode())


@pytest.mark.parametrize(
    ("name", "data"),
    [("a\ndata: {}\n\nevent: forged", "x\n\nevent: forged"), ("a\rb", "\r\n\u2028\u2029"), ("ä", "\ud800"), (" e", "")],
)
def test_neither_name_nor_data_makes_another_event(name: str, data: str) -> None:
    carried: dict[str, Any] = sse.body(data, 1, AT, COREID)
    (event,) = read(sse.encode(name, carried))
    assert event.name == name.replace("\r", " ").replace("\n", " ")
    assert event.data == data.replace("\ud800", "?")
