from __future__ import annotations

import pytest

from photonrig.clock import NotSeen, SystemClock
from photonrig.errors import ExpectationFailed


def test_waiting_returns_what_was_seen() -> None:
    looks = iter([0, "", None, [7]])
    assert SystemClock().wait_until(lambda: next(looks), 10, "a list") == [7]


def test_a_vain_wait_names_what_was_awaited() -> None:
    with pytest.raises(NotSeen, match=r"not seen within 0\.05 s: the device online") as failed:
        SystemClock().wait_until(lambda: False, 0.05, "the device online")
    assert isinstance(failed.value, ExpectationFailed)


def test_it_looks_at_least_once() -> None:
    assert SystemClock().wait_until(lambda: "there", 0, "something") == "there"


def test_time_does_not_go_back() -> None:
    clock = SystemClock()
    assert clock.now() <= clock.now()
