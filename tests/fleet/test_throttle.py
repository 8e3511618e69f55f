"""Limits: nobody exceeds them, whoever asks at once."""

from __future__ import annotations

import threading
import time

from photonrig.fleet.throttle import LIMITS, Limits, Throttle

from ..patience import PATIENCE


def test_requests_beyond_a_limit_wait_for_the_window() -> None:
    throttle = Throttle(Limits(calls=5, tokens=1, seconds=0.3))
    taken: list[float] = []
    lock = threading.Lock()

    def ask() -> None:
        throttle.pass_by("/v1/devices")
        with lock:
            taken.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken.sort()
    assert throttle.calls == 12
    for first, sixth in zip(taken, taken[5:], strict=False):
        assert sixth - first >= 0.25


def test_token_requests_have_a_limit_of_their_own() -> None:
    throttle = Throttle(Limits(calls=100, tokens=1, seconds=0.2))
    begun = time.monotonic()
    throttle.pass_by("/oauth/token")
    throttle.pass_by("/v1/devices")
    throttle.pass_by("/oauth/token")
    assert time.monotonic() - begun >= 0.2
    assert (throttle.calls, throttle.tokens) == (3, 2)


def test_leaving_lets_everyone_go() -> None:
    throttle = Throttle(Limits(calls=1, seconds=1000))
    throttle.pass_by("/v1/devices")
    waiting = threading.Thread(target=throttle.pass_by, args=("/v1/devices",))
    waiting.start()
    throttle.stop_waiting()
    waiting.join(PATIENCE)
    assert not waiting.is_alive()


def test_least_time() -> None:
    assert LIMITS["none"].least_seconds(10**6, 10**6) == 0
    assert LIMITS["particle"].least_seconds(10_000, 100) == 0
    assert LIMITS["particle"].least_seconds(10_001, 100) == 300
    assert LIMITS["particle"].least_seconds(1, 301) == 900
