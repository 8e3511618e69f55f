"""How a wave waits: for as long as the cloud says, else ever longer, but not while somebody gets on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.fleet.journal import Journal
from photonrig.fleet.waves import Job, Rules, carry
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress
from photonrig.testing import FakeClock

from .conftest import Quiet


def waits(tries: list[str], retry_after: float | None = None) -> Job:
    """A device that at each try stands at the next of these steps, and arrives after them."""
    left = iter(tries)

    def go(progress: Progress | None, keep: Keep) -> Progress:
        step = next(left, None)
        now = Progress("to-customer", "d", step or "check", outcome="waiting" if step else "done")
        return replace(now, retry_after=retry_after if step else None)

    return Job("d", go)


@pytest.mark.parametrize(
    ("tries", "retry_after", "expected"),
    [
        (["look"] * 4, None, [0.5, 1, 2, 4]),
        (["look"] * 8, None, [0.5, 1, 2, 4, 8, 16, 30, 30]),
        (["look", "look", "look", "release", "release", "claim"], None, [0.5, 1, 2, 0.5, 1, 0.5]),
        (["look"] * 3, 7.0, [7, 7, 7]),
    ],
)
def test_pauses(tmp_path: Path, tries: list[str], retry_after: float | None, expected: list[float]) -> None:
    clock = FakeClock()
    with Journal(tmp_path / "journal", digest="", plan="") as journal:
        carried = carry([waits(tries, retry_after)], journal, "forward", Rules(patience=1000), Quiet(), clock=clock)
    assert carried.complete
    assert clock.waits == expected
    assert carried.seconds == sum(expected)
