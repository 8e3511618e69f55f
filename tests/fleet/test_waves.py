"""How a wave waits: for as long as the cloud says, else ever longer, but not while somebody gets on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import Rules, run_waves
from photonrig.ownership.engine import Progress
from photonrig.testing import FakeClock

from .conftest import Quiet

DEVICE = "d" * 24


def waits(tries: list[str], retry_after: float | None = None) -> Callable[[Transfer], Transfer]:
    """A device that at each try stands at the next of these steps, and arrives after them."""
    left = iter(tries)

    def go(transfer: Transfer) -> Transfer:
        step = next(left, None)
        now = Progress("to-customer", DEVICE, step or "check", outcome="waiting" if step else "done")
        return transfer.at("forward", replace(now, retry_after=retry_after if step else None))

    return go


@pytest.mark.parametrize(
    ("tries", "retry_after", "expected"),
    [
        (["look"] * 4, None, [0.5, 1, 2, 4]),
        (["look"] * 8, None, [0.5, 1, 2, 4, 8, 16, 30, 30]),
        (["look", "look", "look", "release", "release", "claim"], None, [0.5, 1, 2, 0.5, 1, 0.5]),
        (["look"] * 3, 7.0, [7, 7, 7]),
    ],
)
def test_pauses(tries: list[str], retry_after: float | None, expected: list[float]) -> None:
    clock = FakeClock()
    carried = run_waves([Transfer(2, DEVICE)], waits(tries, retry_after), Rules(patience=1000), Quiet(), clock=clock)
    assert carried.complete
    assert clock.waits == expected
    assert carried.seconds == sum(expected)
