"""Bounds of webhooks: what templates, servers' answers and chains of hooks may cost, and how each ends."""

import asyncio
import contextlib
import gzip
import json
import logging
import threading
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from photonrig.errors import UsageError
from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.webhooks import messages, templates
from photonrig.localcloud.webhooks.answers import read_answer
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.dispatcher import HookLimits
from photonrig.localcloud.webhooks.templates import Budget, check_template, render, render_tree, variables_of

from ...patience import PATIENCE
from ..hook_target import Received, Target, hook_target
from ..world import DEVICE, PLAIN, World, populate, world
from .firing import fire, watching

CUBE = "{{#a}}{{#a}}{{#a}}x{{/a}}{{/a}}{{/a}}"
ENTRIES = json.dumps({"a": [1] * 150})  # a device can publish that


@contextlib.asynccontextmanager
async def beside_target(folder: Path, **limits: Any) -> AsyncIterator[tuple[World, Target]]:
    """A world with a user's device, beside a server that webhooks may call; ``limits``: of webhooks."""
    settings = replace(PLAIN, hook_limits=HookLimits(**limits))
    async with hook_target() as target, world(folder, settings) as there:
        await there.user_with_device("u")
        yield there, target


async def published(there: World, name: str, data: str | None = None) -> list[tuple[str, str | None]]:
    """What is published after a device's event, also by servers that webhooks call."""
    async with watching(there) as seen:
        await fire(there, name, data)
    return [(event.name, event.data) for event in seen[1:]]


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "data"),
    [
        (CUBE, {"a": [1] * 150}),
        ("{{#a}}{{#a}}{{#a}}{{/a}}{{/a}}{{/a}}", {"a": [1] * 150}),  # writes nothing at all
        ("{{^b}}" * 13 + CUBE + "{{/b}}" * 13, {"a": [1] * 150}),
        ("{{#a}}{{#b}}{{#c}}x{{/c}}{{/b}}{{/a}}", {"a": [1] * 99, "b": [2] * 99, "c": [3] * 99}),
        ("{{" + ".".join("a" * 16_000) + "}}" + "{{b}}" * 3000, {"a": {}}),
        ("{{{a}}}" * 4000, {"a": "x" * 1000}),
        ("{{a}}" * 100, {"a": '"' * 1000}),  # each becomes six
        ("{{{a}}}" * 100, {"a": [[1] * 100] * 100}),  # lists become JSON
        ("x{{a}}" * 6000, {"a": "\U0001f600" * 10}),  # four bytes each
    ],
)
def test_no_template_takes_more_than_its_budget(template: str, data: dict[str, Any]) -> None:
    budget = Budget()
    with pytest.raises(UsageError, match=r"takes more than|becomes longer than"):
        render(template, variables_of(data), budget)
    assert budget.steps >= -16_000  # stopped at once, not after the fact
    assert budget.output >= -200_000


@pytest.mark.parametrize("template", ["{{", "{{#", "{{{a}}", "{{ a", "{", "}}", "{{a}", "{{!", "{{#a}}\n"])
def test_parsing_takes_time_in_proportion_to_length(template: str) -> None:
    """Of what is opened and never closed the rest is searched once, not from each place where it might begin."""
    searched: list[int] = []

    class Text(str):
        __slots__ = ()

        def find(self, *where: Any) -> int:
            found = super().find(*where)
            searched.append((len(self) if found < 0 else found) - where[1])
            return found

    text = Text(template * (32_000 // len(template)))
    with contextlib.suppress(UsageError):
        templates._parse(text, Budget())
    assert sum(searched) <= 3 * len(text)


def test_all_texts_of_a_request_share_one_budget() -> None:
    with pytest.raises(UsageError, match="becomes longer"):
        render_tree({str(number): "{{a}}" for number in range(200)}, {"a": "x" * 1000})


def test_a_reasonable_template_of_many_entries_fits() -> None:
    rows = "{{#rows}}{{n}}: {{{v}}} of {{unit}} ({{at.t}})\n{{/rows}}"
    data = {"unit": "mm", "rows": [{"n": n, "v": n * 2, "at": {"t": 0.5}} for n in range(1000)]}
    assert render(rows, variables_of(data)).count("\n") == 1000


def test_an_empty_object_counts_and_zero_and_null_do_not() -> None:
    shown: dict[str, Any] = {"o": {}, "z": 0, "n": None, "s": "", "l": [], "t": True, "i": 1}
    template = "".join(f"{{{{#{name}}}}}{name}{{{{/{name}}}}}" for name in shown)
    assert render(template, variables_of(shown)) == "oti"


@pytest.mark.parametrize(
    "field",
    [
        {"body": CUBE},
        {"url": "http://127.0.0.1/" + CUBE},
        {"headers": {"X-A": CUBE}},
        {"headers": {CUBE: "a"}},
        {"json": {"a": [CUBE]}},
        {"json": CUBE},
        {"form": {"a": CUBE}},
        {"query": {"a": CUBE}},
        {"auth": {"username": CUBE, "password": "b"}},
        {"responseTemplate": CUBE},
        {"responseTemplate": {"a": {"b": CUBE}}},
        {"responseTopic": CUBE},
    ],
    ids=str,
)
async def test_a_rendering_over_the_budget_is_a_hook_error_and_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, field: dict[str, Any]
) -> None:
    """Issue: three sections in one another, over 150 entries, stopped the whole cloud for 13 s."""
    async with beside_target(tmp_path) as (there, target):
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url, **field})
        target.answer = (200, b"fine")
        with caplog.at_level(logging.WARNING, "photonrig"):
            told = await published(there, "e", ENTRIES)
        answers = [each for each in told if each[0] != "hook-sent/e"]
        assert len(answers) == 1
        assert answers[0][0] == "hook-error/e/0"
        assert (answers[0][1] or "").startswith("error the template takes more than 20000 steps")
        assert len([each for each in caplog.records if "webhook" in each.message]) == 1
        assert there.slept == []  # the next time it would be the same


async def test_an_error_topic_over_the_budget_gives_way_to_the_usual_one(tmp_path: Path) -> None:
    async with beside_target(tmp_path, retries=()) as (there, target):
        hook = {"event": "e", "url": target.url, "errorResponseTopic": CUBE}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answer = (500, b"")
        told = await published(there, "e", ENTRIES)
        assert told == [("hook-error/e/0", "error status 500 from 127.0.0.1")]


async def test_an_address_of_any_length_is_a_hook_error(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        for name, field in (("e", {"url": target.url + "{{{x}}}" * 20}), ("f", {"query": {"a": "{{{x}}}" * 20}})):
            hook = {"event": name, "url": target.url, "requestType": "GET", **field}
            await there.ok("POST", "/v1/integrations", "u", json=hook)
            told = await published(there, name, json.dumps({"x": "y" * 800}))
            assert told == [(f"hook-error/{name}/0", "error the url is longer than 8192 characters")]
        assert target.received == []


async def test_the_text_of_an_error_is_no_longer_than_a_piece(tmp_path: Path) -> None:
    async with beside_target(tmp_path, retries=()) as (there, _target):
        hook = {"event": "e", "url": f"http://{'.'.join(['{{{x}}}'] * 10)}/"}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        ((name, text),) = await published(there, "e", json.dumps({"x": "y" * 60}))
        assert name == "hook-error/e/0"
        assert (text or "").startswith("error yyy")
        assert len(text or "") == 512


async def test_nothing_that_strangers_wrote_is_rendered_or_checked_in_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[tuple[str, threading.Thread]] = []
    for module, name in (
        (messages, "event_variables"),
        (messages, "outgoing"),
        (messages, "response_events"),
        (messages, "error_event"),
        (messages, "parse_json"),
        (templates, "_parse"),
    ):
        true = getattr(module, name)

        def noted(*values: Any, true: Any = true, name: str = name, **more: Any) -> Any:
            threads.append((name, threading.current_thread()))
            return true(*values, **more)

        monkeypatch.setattr(module, name, noted)

    async with beside_target(tmp_path) as (there, target):
        hook = {
            "event": "e",
            "url": target.url,
            "body": "{{a}}",
            "responseTemplate": "{{b}}",
            "errorResponseTopic": "{{c}}",
        }
        made = await there.ok("POST", "/v1/integrations", "u", json=hook)
        await there.ok("PUT", f"/v1/integrations/{made['id']}", "u", json=hook)
        target.answers = [(500, b""), (200, b'{"b": 1}')]
        await published(there, "e", ENTRIES)
        await there.ok("POST", f"/v1/integrations/{made['id']}/test", "u", json={"data": "{}"})
    assert {name for name, _ in threads} == {
        *("event_variables", "outgoing", "response_events", "error_event", "parse_json", "_parse"),
    }
    assert threading.main_thread() not in {thread for _, thread in threads}


async def test_hooks_that_were_kept_are_not_checked_again_when_they_are_loaded(tmp_path: Path) -> None:
    """What an older version accepted does not keep the cloud from starting; it is told when it fires."""
    async with world(tmp_path) as there:
        await there.user("u")
        await there.enrol("u")
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": "http://127.0.0.1:9/"})
        with there.cloud.store.write():
            fields = {"event": "e", "url": "http://127.0.0.1:9/", "body": "{{#a}}"}
            there.cloud.store.hooks.update({"id": made["id"]}, fields=fields)
    async with world(tmp_path) as there:
        await there.go_online()
        there.tokens["u"] = (await there.log_in("u@example.com"))["access_token"]
        await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE})
        ((name, text),) = await published(there, "e")
        assert (name, text) == ("hook-error/e/0", "error the section 'a' is opened and not closed")


# --- answers ----------------------------------------------------------------------------------------------------------


def _read(chunks: list[bytes], **headers: str) -> tuple[bytes, int]:
    """What is read of an answer, and how many of its chunks were asked for."""
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        for chunk in chunks:
            taken += 1
            yield chunk

    async def read() -> bytes:
        response = httpx.Response(200, headers=headers, content=body(), request=httpx.Request("GET", "http://x/"))
        return await read_answer(response, messages.MAX_RESPONSE)

    return asyncio.run(read()), taken


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZIP"])
def test_a_tightly_compressed_answer_takes_no_memory(coding: str) -> None:
    """Issue: 300 kB of gzip took 170 MB."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + (0 if coding == "deflate" else 16))
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(300)) + compressor.flush()
    assert len(bomb) > 250_000
    tracemalloc.start()
    answer, _ = _read([bomb], **{"content-encoding": coding})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer == bytes(messages.MAX_RESPONSE)
    assert peak < 2 << 20


def test_answers_are_decompressed_whole_and_in_pieces() -> None:
    text = bytes(range(256)) * 100
    packed = gzip.compress(text)
    assert _read([packed], **{"content-encoding": "gzip"})[0] == text
    assert _read([packed[at : at + 1] for at in range(len(packed))], **{"content-encoding": "gzip"})[0] == text
    assert _read([text], **{"content-encoding": "identity"})[0] == text
    assert _read([text])[0] == text


def test_an_endless_answer_is_read_no_further_than_needed() -> None:
    piece = b"x" * 10_000
    assert _read([piece] * 1000) == (b"x" * messages.MAX_RESPONSE, 10)
    # A gzip header whose file name never ends: it decompresses to nothing.
    name = [b"\x1f\x8b\x08\x08\0\0\0\0\0\0", *[piece] * 1000]
    answer, taken = _read(name, **{"content-encoding": "gzip"})
    assert (answer, taken <= 21) == (b"", True)


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "gzip", "compress", "x" * 500])
def test_damaged_or_unknown_compression_is_an_error(coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        _read([b"no compression"], **{"content-encoding": coding})


async def test_servers_that_never_end_are_left_and_told_of(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    async with beside_target(tmp_path, timeout=0.4, retries=()) as (there, target):
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        late = [("hook-error/e/0", "error no answer within 0.4 s from 127.0.0.1")]
        broken = [("hook-error/e/0", "error RemoteProtocolError from 127.0.0.1")]
        target.slow = True
        for raw, endless, expected in (
            (head + b"Content-Length: 1000000\r\n\r\n", b"x", late),  # a drip
            (head + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", late),
            (head, b"X-A: b\r\n", late),  # headers that do not end
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n", late),
            (head + b"X-A: " + b"x" * 200_000, b"x", broken),  # a header beyond all measure
            (head + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nno gzip..", b"",
             [("hook-error/e/0", "error DecodingError from 127.0.0.1")]),
            (b"", b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
             [("hook-error/e/0", "error status 302 from 127.0.0.1")]),
        ):  # fmt: skip
            target.raw, target.endless = raw, endless
            assert await published(there, "e") == expected


async def test_no_cookie_of_one_request_is_in_another(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.raw = b"HTTP/1.1 200 OK\r\nSet-Cookie: secret=1\r\nContent-Length: 0\r\n\r\n"
        await published(there, "e")
        await published(there, "e")
        assert [each.headers.get("cookie") for each in target.received] == [None, None]


# --- chains -----------------------------------------------------------------------------------------------------------


async def _chain(there: World, target: Target, *links: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    """For each (event, other event) a hook that publishes the other through the cloud's own API; what each has done."""

    async def relay(request: Received) -> tuple[int, bytes]:
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
        answer = await there.http.request(request.method, request.target[5:], headers=headers, content=request.body)
        return answer.status_code, answer.content

    target.relay = relay
    made = []
    for event, other in links:
        form = {"access_token": there.tokens["u"], "name": other}
        hook = {"event": event, "url": f"{target.url}/v1/devices/events", "form": form, "noDefaults": True, **more}
        made.append(await there.ok("POST", "/v1/integrations", "u", json=hook))
    await published(there, links[0][0])
    counters = []
    for hook in made:
        shown = (await there.ok("GET", f"/v1/integrations/{hook['id']}", "u"))["integration"]["counters"]
        counters.append({key: value for key, value in (shown[0] if shown else {}).items() if value and key != "date"})
    return counters


@pytest.mark.parametrize(
    ("links", "done"),
    [
        ([("a", "b"), ("b", "a")], [{"success": 1}, {}]),
        ([("a", "b"), ("b", "c"), ("c", "a")], [{"success": 1}, {}, {}]),
        ([("a", "a")], [{"success": 1}]),
        ([("a", "a"), ("a", "a")], [{"success": 1}, {"success": 1}]),  # each time twice as many
    ],
)
@pytest.mark.parametrize("headers", [None, {"x-photonrig-hook": "", "X-PHOTONRIG-HOOK": "0"}], ids=["", "forged"])
async def test_hooks_that_publish_through_the_cloud_do_not_feed_each_other(
    tmp_path: Path, links: list[tuple[str, str]], done: list[dict[str, int]], headers: dict[str, str] | None
) -> None:
    async with beside_target(tmp_path) as (there, target):
        more = {} if headers is None else {"headers": headers}
        assert await _chain(there, target, *links, **more) == done


async def test_what_a_hook_publishes_through_the_cloud_is_shown_to_those_who_listen(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        there.devices.listening[DEVICE] = (Subscription("b", "mine"),)
        assert await _chain(there, target, ("a", "b")) == [{"success": 1}]
        async with asyncio.timeout(PATIENCE):
            assert await there.devices.received.get() == (DEVICE, "b", None)


async def test_a_hook_that_tests_itself_is_refused(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        (counters,) = await _chain(there, target, ("t", "x"), url=f"{target.url}/v1/integrations/{made['id']}/test")
        assert counters == {"error": 3}
        assert {each.path for each in target.received} == {f"/hook/v1/integrations/{made['id']}/test"}


async def test_a_hook_that_has_a_device_report_its_vitals_is_not_fired_by_the_report(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        url = f"{target.url}/v1/diagnostics/{DEVICE}/update"
        assert await _chain(there, target, ("a", ""), ("spark/device/diagnostics", ""), url=url) == [{"success": 1}, {}]


@pytest.mark.parametrize("status", [200, 500])
async def test_topics_of_a_hook_that_would_fire_it_again_do_not(tmp_path: Path, status: int) -> None:
    async with beside_target(tmp_path, retries=()) as (there, target):
        hook = {"event": "e", "url": target.url, "responseTopic": "e/again", "errorResponseTopic": "e/again"}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answer = (status, b"x")
        told = await published(there, "e")
        assert told[-1][0] == "e/again/0"
        assert len(target.received) == 1


async def test_a_topic_that_becomes_a_name_of_the_system_is_refused(tmp_path: Path) -> None:
    async with beside_target(tmp_path, retries=()) as (there, target):
        for field, status in (("responseTopic", 200), ("errorResponseTopic", 500)):
            hook = {"event": field, "url": target.url, field: "{{{PARTICLE_EVENT_VALUE}}}"}
            await there.ok("POST", "/v1/integrations", "u", json=hook)
            target.answer = (status, b"x")
            for data in ("spark/device/reset", "/Spark/status", "%73park/x", "x" * 300):
                told = [each for each in await published(there, field, data) if not each[0].startswith("hook-sent")]
                assert [name for name, _ in told] == [f"hook-error/{field}/0"]


async def test_a_product_hook_is_bounded_the_same_way(tmp_path: Path) -> None:
    async with hook_target() as target, world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/integrations"
        await there.ok("POST", path, "m", json={"event": "e", "url": target.url, "body": CUBE})
        ((name, text),) = await published(there, "e", ENTRIES)
        assert name == "hook-error/e/0"
        assert "takes more than" in (text or "")


def test_too_large_a_configuration_is_refused_before_anything_is_made_of_it() -> None:
    with pytest.raises(UsageError, match=r"nested 16 deep"):
        HookConfig.parse({"event": "e", "url": "http://127.0.0.1/", "json": json.loads("[" * 500 + "]" * 500)})
    with pytest.raises(UsageError, match=r"takes more than"):
        check_template("body", "{{a}}" * 200_000)
