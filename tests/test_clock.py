from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime

import pytest

from photonrig.clock import Clock, Deadline, NotSeen, SystemClock, utc
from photonrig.errors import ExpectationFailed
from photonrig.testing import FakeClock

from .patience import PATIENCE


def test_waiting_returns_what_was_seen() -> None:
    looks = iter([0, "", None, [7]])
    assert FakeClock().wait_until(lambda: next(looks), 10, "a list") == [7]


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
def test_a_vain_wait_lasts_as_long_as_was_said_and_names_what_was_awaited(clock: Clock) -> None:
    begun = clock.now()
    with pytest.raises(NotSeen, match=r"not seen within 0\.05 s: the device online") as failed:
        clock.wait_until(lambda: False, 0.05, "the device online")
    assert isinstance(failed.value, ExpectationFailed)
    assert clock.now() - begun >= 0.05


def test_it_looks_at_least_once_and_once_more_when_the_time_is_over() -> None:
    assert SystemClock().wait_until(lambda: "there", 0, "something") == "there"
    clock = FakeClock()
    assert clock.wait_until(lambda: clock.now() >= 3, 3, "the last moment") is True


def test_the_clock_of_this_machine_tells_what_the_machine_tells() -> None:
    clock = SystemClock()
    before = time.monotonic(), time.time()
    told = clock.now(), clock.wall()
    after = time.monotonic(), time.time()
    assert all(first <= between <= last for first, between, last in zip(before, told, after, strict=True))


def test_its_pauses_last_and_a_set_event_ends_a_wait() -> None:
    clock, event = SystemClock(), threading.Event()
    for pause in (lambda: clock.pause(0.02), lambda: asyncio.run(clock.pause_async(0.02))):
        begun = time.monotonic()
        pause()
        assert time.monotonic() - begun >= 0.02
    assert not clock.wait_for(event, 0.01)
    threading.Timer(0.01, event.set).start()
    assert clock.wait_for(event, PATIENCE)


def test_a_fake_clock_jumps_and_both_its_times_with_it() -> None:
    clock = FakeClock(wall=datetime(2026, 2, 28, 23, tzinfo=UTC).timestamp())
    deadline = Deadline(clock, 90)
    clock.pause(3600)
    assert (clock.now(), utc(clock).isoformat()) == (3600, "2026-03-01T00:00:00+00:00")
    assert deadline.left == 90 - 3600
    asyncio.run(clock.pause_async(1.5))
    assert clock.waits == [3600, 1.5]
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_the_time_of_day_may_be_set_and_the_monotonic_clock_goes_on() -> None:
    clock = FakeClock()
    clock.advance(5)
    clock.set_wall(0)
    clock.advance(5)
    assert (clock.now(), clock.wall()) == (10, 5)


def test_what_is_to_happen_meanwhile_happens_in_order_at_its_time() -> None:
    clock, event = FakeClock(), threading.Event()
    seen: list[tuple[str, float]] = []
    clock.at(20, lambda: seen.append(("second", clock.now())))
    clock.at(10, lambda: seen.append(("first", clock.now())))
    clock.at(40, event.set)
    assert not clock.wait_for(event, 30)
    assert seen == [("first", 10), ("second", 20)]
    assert clock.wait_for(event, 30)
    assert clock.wait_for(event, 30) and clock.now() == 60  # no time passes for what is there
