"""The documented limits: off unless asked for, 429 with Retry-After beyond them, and over after their time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from photonrig.localcloud.http.rate_limits import _STREAM
from photonrig.localcloud.service import rates
from photonrig.localcloud.service.cloud import Settings
from photonrig.localcloud.service.rates import Rates, Rule

from ...patience import PATIENCE
from ..world import PLAIN, World, world

LIMITED = Settings(rate_limits=True)


def _is_refusal(answer: httpx.Response) -> bool:
    if answer.status_code != 429:
        return False
    assert answer.json()["ok"] is False
    assert 0 < int(answer.headers["retry-after"]) <= 3600
    return True


async def _many(there: World, count: int, method: str, path: str, who: str | None = None) -> list[bool]:
    return [_is_refusal(await there.call(method, path, who)) for _ in range(count)]


def test_the_documented_figures() -> None:
    assert {
        (rule.count, rule.seconds) for rule in (rates.TOKEN_GRANTS, rates.TOKENS_AND_USERS, rates.OPEN_STREAMS)
    } == {(100, 300)}
    assert (rates.ANY_CALL.count, rates.ANY_CALL.seconds) == (10_000, 300)
    assert (rates.SERIAL_NUMBERS.count, rates.SERIAL_NUMBERS.seconds) == (50, 3600)
    assert (rates.STREAMS_AT_ONCE, rates.FAILED_LOG_INS, rates.LOCK_SECONDS) == (100, 10, 1800)


async def test_administration_and_health_do_not_count(tmp_path: Path) -> None:
    async with world(tmp_path, replace(PLAIN, rate_limits=True)) as there:
        assert there.cloud.rates is not None
        while not there.cloud.rates.take(rates.ANY_CALL, "127.0.0.1"):
            pass
        assert await _many(there, 1, "GET", "/v1/nothing") == [True]
        for path, who in (("/admin/audit", "admin"), ("/healthz", None)):
            assert (await there.call("GET", path, who)).status_code == 200


async def test_without_the_option_nothing_is_limited(tmp_path: Path) -> None:
    async with world(tmp_path, PLAIN) as there:
        assert not any(await _many(there, 150, "POST", "/v1/users"))


@pytest.mark.parametrize(
    ("method", "path", "count"),
    [
        ("POST", "/v1/users", 100),
        ("GET", "/v1/access_tokens", 100),
        ("DELETE", "/v1/access_tokens/abc", 100),
        ("GET", "/v1/devices/events", 100),
        ("GET", "/v1/products/1/events/x", 100),
    ],
)
async def test_a_hundred_in_five_minutes_and_then_again(tmp_path: Path, method: str, path: str, count: int) -> None:
    async with world(tmp_path, LIMITED) as there:
        assert await _many(there, count + 2, method, path) == [False] * count + [True] * 2
        there.clock.seconds += 299
        assert await _many(there, 1, method, path) == [True]
        there.clock.seconds += 1
        assert await _many(there, 1, method, path) == [False]


async def test_ten_wrong_passwords_in_a_row_lock_for_half_an_hour(tmp_path: Path) -> None:
    async with world(tmp_path, LIMITED) as there:
        await there.user("u")
        wrong = {"grant_type": "password", "username": "u@example.com", "password": "guess"}
        auth = ("particle-cli", "particle-cli")
        for _ in range(9):
            assert (await there.call("POST", "/oauth/token", data=wrong, auth=auth)).status_code == 400
        await there.log_in("u@example.com")  # a success counts from the start
        for _ in range(10):
            assert (await there.call("POST", "/oauth/token", data=wrong, auth=auth)).status_code == 400
        right = wrong | {"password": "secret"}
        locked = await there.call("POST", "/oauth/token", data=right, auth=auth)
        assert _is_refusal(locked)
        assert locked.headers["retry-after"] == "1800"
        there.clock.seconds += 1800
        assert (await there.call("POST", "/oauth/token", data=right, auth=auth)).is_success


async def test_serial_numbers_are_limited_by_user(tmp_path: Path) -> None:
    async with world(tmp_path, LIMITED) as there:
        await there.user("u")
        await there.user("o")
        refused = await _many(there, 51, "GET", "/v1/serial_numbers/x", "u")
        assert refused == [False] * 50 + [True]
        assert await _many(there, 1, "GET", "/v1/serial_numbers/x", "o") == [False]


def test_ten_thousand_calls_of_any_kind_by_each_address() -> None:
    now = 0.0
    counts = Rates(lambda: now)
    assert not any(counts.take(rates.ANY_CALL, "a") for _ in range(10_000))
    assert counts.take(rates.ANY_CALL, "a") == 300
    assert counts.take(rates.ANY_CALL, "b") == 0


def test_streams_at_once() -> None:
    counts = Rates(lambda: 0.0)
    assert all(counts.stream_opens("a") for _ in range(100))
    assert not counts.stream_opens("a")
    assert counts.stream_opens("b")
    counts.stream_ends("a")
    assert counts.stream_opens("a")


def test_what_is_remembered_is_bounded() -> None:
    counts = Rates(lambda: 0.0)
    for number in range(25_000):
        counts.take(Rule("r", 1, 60), str(number))
        counts.logged_in(str(number), ok=False)
    assert len(counts._windows) <= 10_000
    assert len(counts._log_ins) <= 10_000


@pytest.mark.parametrize(
    ("path", "streams"),
    [
        ("/v1/events/x", True),
        ("/v1/devices/events", True),
        ("/v1/devices/0123/events/spark/status", True),
        ("/v1/orgs/o/products/p/events", True),
        ("/v1/devices", False),
        ("/v1/devices/0123/eventsource", False),
    ],
)
def test_which_paths_are_streams(path: str, streams: bool) -> None:
    assert (_STREAM.match(path) is not None) == streams


async def test_a_stream_that_ends_frees_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "STREAMS_AT_ONCE", 1)
    async with world(tmp_path, LIMITED) as there:
        await there.user("u")
        assert there.cloud.rates is not None
        first = asyncio.create_task(there.call("GET", "/v1/devices/events", "u"))
        async with asyncio.timeout(PATIENCE):
            while there.cloud.bus.readers == 0:  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert _is_refusal(await there.call("GET", "/v1/devices/events", "u"))
        there.cloud.bus.close()
        assert (await first).is_success
        assert (await there.call("GET", "/v1/devices/events", "u")).is_success
