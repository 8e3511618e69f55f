"""Failed requests: retries, the events they become, and pauses for a server that fails often."""

from __future__ import annotations

import socket
import tracemalloc
from dataclasses import replace
from pathlib import Path

from photonrig.localcloud.webhooks.dispatcher import HookLimits
from photonrig.localcloud.webhooks.hosts import Ratings

from ..hook_target import beside_target
from ..world import DEVICE, PLAIN
from .firing import fire, published, watching


async def test_a_failed_request_is_told_and_tried_again_after_30_s_and_a_minute(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(500, b""), (404, b"")]
        target.answer = (200, b"")
        assert await published(there, "e") == [
            ("hook-error/e/0", "error status 500 from 127.0.0.1"),
            ("hook-error/e/0", "error status 404 from 127.0.0.1"),
            ("hook-sent/e", "undefined"),
        ]
        assert there.slept == [30.0, 60.0]
        shown = (await there.ok("GET", f"/v1/integrations/{made['id']}", "u"))["integration"]
        assert [each["response"]["status"] for each in shown["errors"]] == [500, 404]
        assert [each["event"]["name"] for each in shown["logs"]] == ["e"]
        (counter,) = shown["counters"]
        assert (counter["success"], counter["error"], counter["skipped"]) == (1, 2, 0)


async def test_after_the_third_failure_the_event_is_given_up(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        hook = {"event": "e", "url": target.url, "errorResponseTopic": "failed_{{PARTICLE_DEVICE_ID}}"}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answer = (503, b"")
        told = await published(there, "e")
        assert told == [(f"failed_{DEVICE}/0", "error status 503 from 127.0.0.1")] * 3
        assert len(target.received) == 3


async def test_a_hook_that_was_deleted_meanwhile_is_not_tried_again(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answer = (500, b"")
        there.may_sleep.clear()
        await there.device_publishes("e")
        await target.until(lambda: len(target.received) == 1)
        await there.ok("DELETE", f"/v1/integrations/{made['id']}", "u")
        there.may_sleep.set()
        await there.cloud.webhooks.idle()
        assert len(target.received) == 1


async def test_a_server_that_does_not_answer_or_listen_is_an_error(tmp_path: Path) -> None:
    limits = replace(PLAIN, hook_limits=HookLimits(timeout=0.2, retries=()))
    assert HookLimits().timeout == 20.0
    async with beside_target(tmp_path, limits) as (there, target):
        await there.user_with_device("u")
        target.silent = True
        await there.ok("POST", "/v1/integrations", "u", json={"event": "slow", "url": target.url})
        assert await published(there, "slow") == [("hook-error/slow/0", "error no answer within 0.2 s from 127.0.0.1")]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        await there.ok("POST", "/v1/integrations", "u", json={"event": "none", "url": f"http://127.0.0.1:{port}/"})
        assert await published(there, "none") == [("hook-error/none/0", "error ConnectError from 127.0.0.1")]
        header = {"event": "bad", "url": target.url, "headers": {"X": "{{{PARTICLE_EVENT_VALUE}}}"}}
        await there.ok("POST", "/v1/integrations", "u", json=header)
        ((name, text),) = await published(there, "bad", "a\r\nInjected: yes")
        assert name == "hook-error/bad/0"
        assert "from 127.0.0.1" in (text or "")
        assert all("injected" not in each.headers for each in target.received)


async def test_a_server_that_fails_often_is_spared_and_tried_again_after_a_rest(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answer = (500, b"")
        for _ in range(4):
            await fire(there, "e")
        assert len(target.received) == 10
        told = await published(there, "e")
        assert told == [("hook-error/e/0", "Sleeping, too many errors, please wait and try again")] * 3
        assert len(target.received) == 10
        there.clock.seconds += 5
        target.answer = (200, b"")
        assert await published(there, "e") == [("hook-sent/e", "undefined")]
        assert await published(there, "e") == [("hook-sent/e", "undefined")]


def test_a_resting_server_gets_one_try_at_a_time_and_longer_rests() -> None:
    now = 0.0
    ratings = Ratings(lambda: now)
    for _ in range(10):
        assert not ratings.spared("a")
        ratings.note("a", ok=False)
    rests = []
    for _ in range(5):
        began = now
        while ratings.spared("a"):
            now += 1
        assert ratings.spared("a")  # the one try is under way
        rests.append(now - began)
        ratings.note("a", ok=False)
    assert rests == [5, 10, 20, 40, 60]
    assert not ratings.spared("b")


def test_servers_that_events_name_are_not_remembered_without_end() -> None:
    ratings = Ratings(lambda: 0.0)
    tracemalloc.start()
    try:
        for number in range(50_000):
            ratings.note(f"127.{number >> 16}.{number >> 8 & 255}.{number & 255}", ok=False)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < 5_000_000


async def test_what_waits_is_bounded(tmp_path: Path) -> None:
    limits = replace(PLAIN, hook_limits=HookLimits(waiting=3, at_once=1))
    async with beside_target(tmp_path, limits) as (there, target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        async with watching(there) as seen:
            for _ in range(5):
                await there.device_publishes("e")
            await there.cloud.webhooks.idle()
        assert len(target.received) == 3
        assert [event.data for event in seen if event.name.startswith("hook-error")] == [
            "Sleeping, too many errors, please wait and try again"
        ] * 2
