"""State of a shade in one phrase, from what it tells, what its model tells, and what it was asked."""

from __future__ import annotations

from typing import Any

import pytest

from photonrig.bench.shade_words import in_words
from photonrig.trace import Lane, Moment

REST = {"position": 0, "moving": False, "target": 0, "fault": 0, "fault_text": "none", "known": True}
MOVE_40 = ("http", '… POST /v1/products/1/devices/ab/move {"arg": "40"} -> 200 {"return_value": 40}')


def moments(*seen: tuple[Lane, str]) -> list[Moment]:
    return [Moment(float(at), lane, text) for at, (lane, text) in enumerate(seen)]


@pytest.mark.parametrize(
    ("status", "parts", "seen", "words"),
    [
        (
            {"fault": 4, "fault_text": "stalled"},
            {"lift": {"position": 0.0, "no_edge_ms": 300}, "tilt": {"position": 0.0, "no_edge_ms": 0}},
            [MOVE_40],
            "venetian stalled (fault 4) at 0 % while opening to 40 %, motor drew no edges for 300 ms",
        ),
        ({}, {}, [("serial", "> move open")], "venetian rests at 0 % instead of opening to 100 %"),
        ({}, {}, [MOVE_40, ("serial", "> move 101")], "venetian rests at 0 % instead of opening to 40 %"),
        ({"position": 100}, {}, [("serial", "> move close")], "venetian rests at 100 % instead of closing to 0 %"),
        ({"position": 40}, {"lift": {"position": 61.3}}, [MOVE_40],
         "venetian rests at 40 %, the shade itself is at 61 %"),
        ({"position": 20, "moving": True}, {}, [MOVE_40], "venetian is still moving at 20 %, opening to 40 %"),
        ({"fault": 11, "fault_text": "end_missing", "known": False}, {}, [],
         "venetian end missing (fault 11) at 0 %, its position is not known"),
    ],
)  # fmt: skip
def test_it_says_what_the_shade_does_instead(
    status: dict[str, Any], parts: dict[str, dict[str, float]], seen: list[tuple[Lane, str]], words: str
) -> None:
    assert in_words("venetian", REST | status, parts, moments(*seen)) == words


def test_a_status_of_something_else_says_nothing() -> None:
    assert in_words("roller", {"state": "fine"}, {}, []) == ""
