"""Limits: nobody exceeds them, whoever asks at once."""

from __future__ import annotations

import threading

from photonrig.fleet.throttle import LIMITS, Limits, Throttle
from photonrig.testing import FakeClock

from ..patience import PATIENCE


def times(throttle: Throttle, clock: FakeClock, *paths: str) -> list[float]:
    """When each request may go."""
    taken = []
    for path in paths:
        throttle.pass_by(path)
        taken.append(clock.now())
    return taken


def test_requests_beyond_a_limit_wait_for_the_window() -> None:
    clock = FakeClock()
    throttle = Throttle(Limits(calls=5, tokens=1, seconds=300), clock)
    assert times(throttle, clock, *["/v1/devices"] * 12) == [0] * 5 + [300] * 5 + [600] * 2
    assert throttle.calls == 12


def test_the_window_slides() -> None:
    clock = FakeClock()
    throttle = Throttle(Limits(calls=2, seconds=300), clock)
    taken = times(throttle, clock, "/v1/devices")
    clock.advance(200)
    taken += times(throttle, clock, *["/v1/devices"] * 3)
    assert taken == [0, 200, 300, 500]


def test_threads_share_the_limit() -> None:
    clock = FakeClock()
    throttle = Throttle(Limits(calls=5, seconds=300), clock)
    threads = [threading.Thread(target=throttle.pass_by, args=("/v1/devices",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert throttle.calls == 12
    assert clock.now() >= 600  # the eleventh goes two windows after the first


def test_token_requests_have_a_limit_of_their_own() -> None:
    clock = FakeClock()
    throttle = Throttle(Limits(calls=100, tokens=1, seconds=300), clock)
    assert times(throttle, clock, "/oauth/token", "/v1/devices", "/oauth/token", "/v1/devices") == [0, 0, 300, 300]
    assert (throttle.calls, throttle.tokens) == (4, 2)


def test_leaving_lets_everyone_go() -> None:
    waits = threading.Event()

    class Real(FakeClock):
        def wait_for(self, event: threading.Event, seconds: float) -> bool:
            waits.set()
            return event.wait(PATIENCE)

    throttle = Throttle(Limits(calls=1, seconds=1000), Real())
    throttle.pass_by("/v1/devices")
    waiting = threading.Thread(target=throttle.pass_by, args=("/v1/devices",))
    waiting.start()
    assert waits.wait(PATIENCE)
    assert waiting.is_alive()
    throttle.stop_waiting()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_least_time() -> None:
    assert LIMITS["none"].least_seconds(10**6, 10**6) == 0
    assert LIMITS["particle"].least_seconds(10_000, 100) == 0
    assert LIMITS["particle"].least_seconds(10_001, 100) == 300
    assert LIMITS["particle"].least_seconds(1, 301) == 900
