"""A recording reads back whole, or not at all; comparisons name each difference."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import UsageError
from photonrig.parity.difference import compare
from photonrig.parity.recording import Head, Line, Recording, decode, encode, signing_key

HEAD = Head("a board", "2.3.1", "2026-01-02T03:04:05+00:00", "photonrig")
LINES = (
    Line("SoftAP", "version", '\n\n{"v":2}', 0.1),
    Line("LED", "online", "cyan breathe", 2.0),
    Line("LED", "listening", skipped="nobody looks"),
)
KEY = Ed25519PrivateKey.generate()
DATA = encode(HEAD, LINES, KEY)


def test_it_reads_back() -> None:
    read = decode(DATA)
    assert (read.head, read.lines) == (HEAD, LINES)
    assert read.chapters == {"SoftAP", "LED"}
    assert decode(encode(HEAD, (), KEY)).signer == read.signer
    assert decode(encode(HEAD, (), Ed25519PrivateKey.generate())).signer != read.signer


@given(st.integers(0, len(DATA) - 2), st.integers(1, 255))
def test_any_byte_that_was_changed_is_found(place: int, by: int) -> None:
    damaged = bytearray(DATA)
    damaged[place] ^= by
    try:
        assert decode(bytes(damaged)).lines == LINES  # letter case of the signature's own digits
    except UsageError as error:
        assert "damaged" in str(error)
    else:
        assert bytes(damaged).lower() == DATA.lower()


@pytest.mark.parametrize("data", [b"", b"\n", DATA[:-40], DATA + DATA, b"\n".join(DATA.split(b"\n")[1:]), b"{}\n{}\n"])
def test_a_part_or_another_file_is_none(data: bytes) -> None:
    with pytest.raises(UsageError, match="damaged"):
        decode(data, "x")


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "made" / "key.pem"
    key = signing_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert signing_key(path).public_key() == key.public_key()
    path.write_text("no key")
    with pytest.raises(UsageError, match="holds no key"):
        signing_key(path)


def of(*lines: Line) -> Recording:
    return Recording(HEAD, lines)


def test_a_comparison_names_answers_timings_and_what_is_missing() -> None:
    a = of(
        Line("SoftAP", "same", "x", 1.0),
        Line("SoftAP", "text", "x"),
        Line("SoftAP", "slow", "x", 1.0),
        Line("LED", "a", "x"),
    )
    b = of(
        Line("SoftAP", "same", "x", 3.0),
        Line("SoftAP", "text", "y"),
        Line("SoftAP", "slow", "x", 9.0),
        Line("DFU", "b", "x"),
    )
    found = compare(a, b)
    assert [(each.chapter, each.name, each.kind) for each in found.differences] == [
        ("SoftAP", "text", "answer"),
        ("SoftAP", "slow", "timing"),
        ("LED", "a", "missing"),
        ("DFU", "b", "missing"),
    ]
    assert found.compared == 3


def test_what_was_skipped_is_no_difference() -> None:
    found = compare(of(*LINES), of(*LINES[:2], Line("LED", "listening", "blue blink")))
    assert not found.differences
    assert [line.skipped for line in found.skipped] == ["nobody looks"]
