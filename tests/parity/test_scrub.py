"""What must not be recorded is replaced, the same by the same."""

from __future__ import annotations

import pytest

from photonrig.errors import RigError
from photonrig.parity.scrub import Scrubber, renumbered

DEVICE, OTHER = "0123456789abcdef01234567", "fedcba9876543210fedcba98"


def test_known_names_and_identifiers_get_placeholders_that_stay() -> None:
    scrub = Scrubber({"device": DEVICE, "product": "20001"})
    said = scrub(f'{{"id":"{DEVICE}","other":"{OTHER}","product_id":20001,"size":120001}}')
    assert said == '{"id":"{device}","other":"{id1}","product_id":{product},"size":120001}'
    assert scrub(f"{OTHER} {'a' * 24} {OTHER}") == "{id1} {id2} {id1}"


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        (DEVICE.upper(), "{DEVICE}"),  # case is part of an answer
        ("AB" * 294, "{HEX:588}"),
        ("0" * 40, "{token}"),
        ("Qq1/" * 15 + "Qq1", "{code}"),
        ("jane.doe+x@example.com", "{mail1}"),
        ("2026-01-02T03:04:05.678Z", "{time}"),
        ("c4:7f:51:00:00:01", "{mac}"),
        ("at 192.168.7.31 now", "at {ip} now"),
        ("1b4e28ba-2fa1-11d2-883f-0016d3cca427", "{uuid1}"),
        ("-----BEGIN PUBLIC KEY-----\nMIG\n-----END PUBLIC KEY-----", "{pem:55}"),
    ],
)
def test_each_kind(text: str, scrubbed: str) -> None:
    assert Scrubber({"device": DEVICE})(text) == scrubbed


def test_a_secret_is_taken_out_wherever_it_is_and_one_that_is_left_is_refused() -> None:
    scrub = Scrubber(secrets=["pass word", "pass word 2"])
    assert scrub("xpass word 2x and pass word") == "x{secret}x and {secret}"
    scrub.check("{secret}")
    with pytest.raises(RigError, match="secret is left"):
        scrub.check("a pass word")


def test_lines_compare_by_their_own_numbers() -> None:
    assert renumbered("{id7} {id9} {id7} {mail3} {ID9}") == renumbered("{id1} {id2} {id1} {mail1} {ID2}")
    assert renumbered("{id1} {id2}") != renumbered("{id1} {id1}")
