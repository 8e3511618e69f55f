"""Webhooks: who fires, what is sent, what the cloud tells of it, and how failing servers are spared."""

import asyncio
import base64
import contextlib
import json
import socket
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import UsageError
from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.events import Event, iso_time
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.dispatcher import HookLimits
from photonrig.localcloud.webhooks.hosts import Ratings, addresses_of, may_call
from photonrig.localcloud.webhooks.templates import check_template, parse_json, render, variables_of

from ...patience import PATIENCE
from ..hook_target import beside_target, hook_target
from ..world import DEVICE, OTHER_DEVICE, PLAIN, World, populate, world

HOOK_USER_FIELDS = {"event", "data", "published_at", "coreid"}


@contextlib.asynccontextmanager
async def watching(there: World) -> AsyncIterator[list[Event]]:
    """All events of the cloud, as they are published."""
    seen: list[Event] = []
    reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event)), "token")
    yield seen
    there.cloud.bus.unsubscribe(reader)


async def _owned(there: World) -> None:
    await there.user("u")
    await there.enrol("u")
    await there.go_online()
    await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE})


async def _fire(there: World, name: str, data: str | None = None, device_id: str = DEVICE) -> None:
    await there.device_publishes(name, data, device_id)
    await there.cloud.webhooks.idle()


# --- whose events fire it ---------------------------------------------------------------------------------------------


async def test_a_users_hook_sees_the_users_devices_and_a_products_hook_all_of_the_product(tmp_path: Path) -> None:
    """Row 41: the hook of the account goes silent when a customer owns the device; the product's fires on."""
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        await there.ok("POST", "/v1/integrations", "m", json={"event": "shade", "url": f"{target.url}/user"})
        product = f"/v1/products/{fixture.product}/integrations"
        await there.ok("POST", product, "m", json={"event": "shade", "url": f"{target.url}/product"})

        async def fired() -> list[str]:
            target.received.clear()
            await _fire(there, "shade/moved", "1")
            return sorted(each.path for each in target.received)

        assert await fired() == ["/hook/product"]  # nobody's
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert await fired() == ["/hook/product", "/hook/user"]
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m")
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert await fired() == ["/hook/product"]


async def test_events_are_matched_by_prefix_and_a_users_hook_by_device(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.enrol("u", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "u", json={"id": OTHER_DEVICE})
        await there.ok("PUT", f"/v1/devices/{OTHER_DEVICE}", "u", json={"name": "kitchen"})
        hook = {"event": "shade", "url": target.url, "deviceid": "kitchen"}  # as the CLI sends what was typed
        made = await there.ok("POST", "/v1/webhooks", "u", json=hook)
        assert made["deviceID"] == OTHER_DEVICE
        for name in ("shade", "shade/moved", "shad", "Shade", "xshade"):
            await _fire(there, name, device_id=OTHER_DEVICE)
        await _fire(there, "shade")
        assert [each.form["event"] for each in target.received] == ["shade", "shade/moved"]
        assert {each.form["coreid"] for each in target.received} == {OTHER_DEVICE}


async def test_events_of_clients_fire_hooks_and_what_hooks_publish_does_not(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.user("o")
        for event in ("hook-", "sun"):
            await there.ok("POST", "/v1/integrations", "u", json={"event": event, "url": target.url})
        target.answer = (200, b"thanks")
        for who in ("u", "o"):
            await there.ok("POST", "/v1/devices/events", who, json={"name": "sun/rise"})
        await there.cloud.webhooks.idle()
        assert [each.form["event"] for each in target.received] == ["sun/rise"]


async def test_a_disabled_hook_and_a_deleted_one_are_silent_and_a_changed_one_is_as_changed(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {"event": "e", "url": target.url, "disabled": True}
        made = await there.ok("POST", "/v1/integrations", "u", json=hook)
        path = f"/v1/integrations/{made['id']}"
        await _fire(there, "e")
        assert target.received == []
        await there.ok("PUT", path, "u", json={"event": "e", "url": target.url, "requestType": "PUT"})
        await _fire(there, "e")
        assert [each.method for each in target.received] == ["PUT"]
        await there.ok("DELETE", path, "u")
        await _fire(there, "e")
        assert len(target.received) == 1


async def test_hooks_outlive_the_process(tmp_path: Path) -> None:
    async with hook_target() as target:
        async with world(tmp_path) as there:
            await _owned(there)
            await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        async with world(tmp_path) as there:
            await there.go_online()
            await _fire(there, "e")
        assert len(target.received) == 1


# --- the API ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", ["webhooks", "integrations"])
async def test_create_list_show_and_delete_as_both_cli_generations_need_it(tmp_path: Path, family: str) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user("u")
        await there.user("o")
        base = f"/v1/{family}"
        body = {
            "integration_type": "Webhook",
            "event": "e",
            "url": target.url,
            "auth": {"username": "a", "password": "b"},
        }
        answer = await there.call("POST", base, "u", json=body)
        made = answer.json()
        assert answer.status_code == 201
        assert made["ok"] is True
        assert made["hookUrl"] == f"http://127.0.0.1:1/v1/webhooks/{made['id']}"
        assert {"event", "url", "created_at", "noDefaults", "rejectUnauthorized", "integration_type"} <= made.keys()
        assert "b" not in made["auth"].values()
        (listed,) = await there.ok("GET", f"/v1/{family}/", "u")
        assert listed["id"] == made["id"]
        shown = await there.ok("GET", f"{base}/{made['id']}", "u")
        assert shown[family[:-1]].items() >= {"logs": [], "errors": [], "counters": []}.items()
        for who in ("o",):
            assert (await there.call("GET", f"{base}/{made['id']}", who)).status_code == 404
            assert await there.ok("GET", base, who) == []
        assert (await there.ok("DELETE", f"{base}/{made['id']}", "u"))["ok"] is True
        gone = await there.call("DELETE", f"{base}/{made['id']}", "u")
        assert (gone.status_code, gone.json()) == (404, {"ok": False, "error": "Webhook not found"})


async def test_a_password_that_was_not_shown_is_kept_when_the_rest_is_changed(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {"event": "e", "url": target.url, "auth": {"username": "a", "password": "b"}}
        made = await there.ok("POST", "/v1/integrations", "u", json=hook)
        await there.ok("PUT", f"/v1/integrations/{made['id']}", "u", json={**made, "requestType": "PUT"})
        await _fire(there, "e")
        assert target.received[0].headers["authorization"] == "Basic " + base64.b64encode(b"a:b").decode()


async def test_who_may_touch_the_hooks_of_a_product(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}/integrations"
        hook = {"event": "e", "url": target.url}
        statuses = {who: (await there.call("POST", path, who, json=hook)).status_code for who in ("m", "p", "c", "o")}
        assert statuses == {"m": 201, "p": 201, "c": 404, "o": 404}
        assert (await there.call("POST", "/v1/integrations", "c", json=hook)).status_code == 403
        assert len(await there.ok("GET", path, "m")) == 2
        assert await there.ok("GET", "/v1/integrations", "m") == []


@pytest.mark.parametrize(
    "change",
    [
        {"event": None},
        {"event": ""},
        {"url": None},
        {"url": "ftp://127.0.0.1/"},
        {"url": "{{scheme}}://127.0.0.1/"},
        {"requestType": "CONNECT"},
        {"integration_type": "AzureIotHub"},
        {"deviceID": "no such name"},
        {"headers": "not json"},
        {"headers": {"a": {"b": 1}}},
        {"json": {"a": 1}, "form": {"a": 1}},
        {"auth": {"token": "x"}},
        {"body": "{{#a}}never closed"},
        {"body": "{{/a}}"},
        {"body": "{{=<% %>=}}"},
        {"body": "{{#a}}{{#b}}x{{/a}}{{/b}}"},
        {"body": "{{#a}}" * 17 + "{{/a}}" * 17},
        {"responseTemplate": [[[[[[[[[[[[[[[[["x"]]]]]]]]]]]]]]]]]},
        {"responseTopic": "Spark/status"},
        {"errorResponseTopic": "/particle/device/updates/pending"},
        {"body": "x" * 40_000},
        {"noDefaults": "perhaps"},
        {"event": ["a"]},
    ],
)
def test_bad_configurations_are_refused_in_words(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"\w+ .{10,}"):
        HookConfig.parse({"event": "e", "url": "http://127.0.0.1/", **change})


async def test_a_refusal_is_a_400_with_the_words(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, _target):
        await there.user("u")
        answer = await there.call("POST", "/v1/integrations", "u", json={"event": "e", "url": "ftp://127.0.0.1/"})
        assert answer.status_code == 400
        assert answer.json() == {"ok": False, "error": "url must begin with http:// or https://"}


async def test_there_is_a_limit_to_the_hooks_of_one_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photonrig.localcloud.service.hooks.MAX_HOOKS", 2)
    async with beside_target(tmp_path) as (there, target):
        await there.user("u")
        hook = {"event": "e", "url": target.url}
        codes = [(await there.call("POST", "/v1/webhooks", "u", json=hook)).status_code for _ in range(3)]
        assert codes == [201, 201, 400]


async def test_a_test_call_says_what_the_server_answered(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        path = f"/v1/integrations/{made['id']}/test"
        target.answers = [(200, b"fine"), (404, b"gone")]
        async with watching(there) as seen:
            passed = await there.ok("POST", path, "u", json={"data": "7", "device_id": DEVICE})
            assert passed == {"pass": True, "data": "fine", "error": None}
            assert (target.received[0].form["data"], target.received[0].form["coreid"]) == ("7", DEVICE)
            failed = await there.ok("POST", path, "u", json={})
            assert failed == {"pass": False, "data": "gone", "error": "error status 404 from 127.0.0.1"}
        assert seen == []


# --- what is sent -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE"])
async def test_without_more_words_the_event_is_sent_as_a_form_or_in_the_address(tmp_path: Path, method: str) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {"event": "e", "url": f"{target.url}?fixed=1", "requestType": method}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        await _fire(there, "e/x", "ä & b")
        (request,) = target.received
        assert request.method == method
        assert request.headers["user-agent"] == "ParticleBot/1.1"
        told = request.query if method in ("GET", "DELETE") else request.form
        assert {name: told[name] for name in HOOK_USER_FIELDS} == {
            "event": "e/x",
            "data": "ä & b",
            "coreid": DEVICE,
            "published_at": iso_time(there.clock.seconds),
        }
        assert request.query["fixed"] == "1"


EVENT = Event("shade/moved", '{"room":"attic","pos":[10,20],"at":{"t":21.5},"on":true}', DEVICE, 0.0, device=DEVICE)


def _outgoing(**given: Any) -> messages.Outgoing:
    config = HookConfig.parse({"event": "e", "url": "http://127.0.0.1/{{room}}", **given})
    return messages.outgoing(config, EVENT, messages.event_variables(EVENT, product_version=3))


def test_every_part_of_a_request_takes_variables() -> None:
    made = _outgoing(
        headers={"X-Device": "{{PARTICLE_DEVICE_ID}}", "X-Number": 5},
        query={"{{room}}": "{{at.t}}"},
        auth={"username": "{{room}}", "password": "{{SPARK_EVENT_NAME}}"},
        form={"version": "{{PRODUCT_VERSION}}", "second": "{{pos.1}}", "on": "{{on}}", "all": "{{{pos}}}"},
    )
    assert made.url == "http://127.0.0.1/attic"
    assert made.headers == {"User-Agent": "ParticleBot/1.1", "X-Device": DEVICE, "X-Number": "5"}
    assert made.query == {"attic": "21.5"}
    assert made.auth == ("attic", "shade/moved")
    assert made.form is not None
    assert made.form.keys() > HOOK_USER_FIELDS
    assert made.form.items() >= {"version": "3", "second": "20", "on": "true", "all": "[10, 20]"}.items()


def test_json_is_an_object_with_the_defaults_or_a_text_that_becomes_one() -> None:
    made = _outgoing(json={"{{room}}": ["{{{PARTICLE_EVENT_VALUE}}}"], "n": 1})
    assert made.headers["Content-Type"] == "application/json"
    sent = json.loads(made.content or b"")
    assert sent.keys() == HOOK_USER_FIELDS | {"attic", "n"}
    assert sent["attic"] == [EVENT.data]  # quotes in the data do no harm
    text = _outgoing(json='{"pos": {{pos.0}}, "t": {{at.t}}}', noDefaults=True)
    assert json.loads(text.content or b"") == {"pos": 10, "t": 21.5}
    with pytest.raises(UsageError):
        _outgoing(json='{"pos": {{gone}} }')


def test_a_body_is_sent_as_it_is() -> None:
    made = _outgoing(body="{{#pos}}<{{.}}>{{/pos}}{{^gone}}none{{/gone}}", headers={"Content-Type": "text/plain"})
    assert made.content == b"<10><20>none"
    assert made.form is None
    assert made.headers["Content-Type"] == "text/plain"


def test_the_whole_event_is_a_variable() -> None:
    made = _outgoing(body="{{{PARTICLE_EVENT_JSON}}} {{{PARTICLE_EVENT_BASE64}}}", noDefaults=True)
    plain, _, encoded = (made.content or b"").decode().rpartition(" ")
    assert json.loads(plain) == json.loads(base64.b64decode(encoded))
    assert json.loads(plain)["data"] == EVENT.data
    assert json.loads(plain)["id"] == EVENT.id


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{a.aa}}", "testing"),
        ("{{a.ab}}", "1234"),
        ("{{{c.0.ca}}} {{c.1.cb}} [{{c.2.cb}}]", "first 456 []"),
        ("{{#b}}{{b}}{{/b}}{{^b}}Missing{{/b}}", "xxx"),
        ("{{#z}}{{z}}{{/z}}{{^z}}Missing{{/z}}", "Missing"),
        ("{{#c}}{{{ca}}}~{{/c}}", "first~second~"),
        ("{{#e}}never{{/e}}{{^e}}empty{{/e}}", "empty"),
        ("{{t}} {{f}} {{n}} {{w}} {{{a}}}", 'true false  2 {"aa": "testing", "ab": 1234}'),
        ("{{q}} {{{q}}}", "&lt;&amp;&gt; <&>"),
        ("{{c.__class__}}{{c.entries}}{{b.upper}}{{a.keys}}{{> ../../etc/passwd}}", ""),
        ("no variable", "no variable"),
    ],
)
def test_templates(template: str, text: str) -> None:
    data = {
        "a": {"aa": "testing", "ab": 1234},
        "b": "xxx",
        "c": [{"ca": "first", "cb": 123}, {"ca": "second", "cb": 456}],
        "e": [],
        "t": True,
        "f": False,
        "n": None,
        "w": 2.0,
        "q": "<&>",
    }
    check_template("body", template)
    assert render(template, variables_of(data)) == text


@given(st.text(alphabet="{}#/^> .ab&!", max_size=40), st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_whatever_is_accepted_as_a_template_can_be_rendered(template: str, data: Any) -> None:
    try:
        check_template("body", template)
    except UsageError:
        return
    assert isinstance(render(template, variables_of({"a": data, "b": [data]})), str)


def test_only_json_gives_variables() -> None:
    assert variables_of(parse_json("just text")) == {}
    assert variables_of(parse_json(None)) == {}
    assert variables_of(parse_json("5")) == {}
    assert variables_of(parse_json("[1]")) == {"0": 1}


# --- what the cloud tells of it ---------------------------------------------------------------------------------------


async def _told(there: World, name: str, data: str | None = None) -> list[tuple[str, str | None]]:
    async with watching(there) as seen:
        await _fire(there, name, data)
    assert all(event.coreid == "particle-internal" for event in seen[1:])
    return [(event.name, event.data) for event in seen[1:]]


async def test_success_is_told_with_the_answer_in_pieces(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(200, b""), (201, b"ok"), (200, "ä".encode() * 300)]
        assert await _told(there, "e/x") == [("hook-sent/e/x", None)]
        assert await _told(there, "e") == [("hook-sent/e", None), ("hook-response/e/0", "ok")]
        _, first, second = await _told(there, "e")
        assert (first, second) == (("hook-response/e/0", "ä" * 256), ("hook-response/e/1", "ä" * 44))


@given(st.text(max_size=1500))
def test_pieces_are_whole_characters_and_together_the_answer(text: str) -> None:
    config = HookConfig.parse({"event": "e", "url": "http://127.0.0.1/"})
    answer = text.encode()
    told = messages.response_events(config, EVENT, {}, answer, "text/plain", 0.0, of_product=False)
    assert "".join(event.data or "" for event in told) == text
    assert all(0 < len((event.data or "").encode()) <= 512 for event in told)
    assert [event.name for event in told] == [f"hook-response/shade/moved/{n}" for n in range(len(told))]


async def test_of_a_long_answer_the_beginning_is_kept(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(200, b"x" * 300_000)]
        told = await _told(there, "e")
        assert sum(len(data or "") for _, data in told) == messages.MAX_RESPONSE


async def test_templates_and_topics_shape_the_answer(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {
            "event": "e",
            "url": target.url,
            "responseTemplate": {"lat": "{{results.0.lat}}", "of": "{{PARTICLE_EVENT_NAME}}"},
            "responseTopic": "{{PARTICLE_DEVICE_ID}}/answer",
        }
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answers = [(200, b'{"results":[{"lat":47.1}]}')]
        told = await _told(there, "e")
        assert told[1] == (f"{DEVICE}/answer/0", '{"lat": "47.1", "of": "e"}')


def test_unchunked_and_binary_answers() -> None:
    def told(answer: bytes, **given: Any) -> list[tuple[str, str | None]]:
        config = HookConfig.parse({"event": "e", "url": "http://127.0.0.1/", **given})
        made = messages.response_events(config, EVENT, {}, answer, "image/png", 0.0, of_product=True)
        return [(event.name, event.data) for event in made]

    topic = f"{DEVICE}/hook-response/shade/moved"
    assert told(b"x" * 1024, unchunked=True) == [(topic, "x" * 1024)]
    assert told(b"x" * 1025, unchunked=True) == []
    assert told(b"\x00\xff", dataUrlResponseEvent=True) == [(f"{topic}/0", "data:image/png;base64,AP8=")]


async def test_the_answer_reaches_the_device_that_asked_claimed_or_not(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        there.devices.listening[DEVICE] = (Subscription(f"{DEVICE}/hook-response/", "mine"),)
        path = f"/v1/products/{fixture.product}/integrations"
        await there.ok("POST", path, "m", json={"event": "e", "url": target.url})
        target.answer = (200, b"42")
        for owner in (None, "c"):
            if owner is not None:
                await there.ok("POST", "/v1/devices", owner, json={"id": DEVICE})
            await _fire(there, "e")
            async with asyncio.timeout(PATIENCE):
                assert await there.devices.received.get() == (DEVICE, f"{DEVICE}/hook-response/e/0", "42")


# --- failures ---------------------------------------------------------------------------------------------------------


async def test_a_failed_request_is_told_and_tried_again_after_30_s_and_a_minute(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        made = await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(500, b""), (404, b"")]
        target.answer = (200, b"")
        assert await _told(there, "e") == [
            ("hook-error/e/0", "error status 500 from 127.0.0.1"),
            ("hook-error/e/0", "error status 404 from 127.0.0.1"),
            ("hook-sent/e", None),
        ]
        assert there.slept == [30.0, 60.0]
        shown = (await there.ok("GET", f"/v1/integrations/{made['id']}", "u"))["integration"]
        assert [each["response"]["status"] for each in shown["errors"]] == [500, 404]
        assert [each["event"]["name"] for each in shown["logs"]] == ["e"]
        (counter,) = shown["counters"]
        assert (counter["success"], counter["error"], counter["skipped"]) == (1, 2, 0)


async def test_after_the_third_failure_the_event_is_given_up(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {"event": "e", "url": target.url, "errorResponseTopic": "failed_{{PARTICLE_DEVICE_ID}}"}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answer = (503, b"")
        told = await _told(there, "e")
        assert told == [(f"failed_{DEVICE}/0", "error status 503 from 127.0.0.1")] * 3
        assert len(target.received) == 3


async def test_a_hook_that_was_deleted_meanwhile_is_not_tried_again(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
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
        await _owned(there)
        target.silent = True
        await there.ok("POST", "/v1/integrations", "u", json={"event": "slow", "url": target.url})
        assert await _told(there, "slow") == [("hook-error/slow/0", "error no answer within 0.2 s from 127.0.0.1")]
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        await there.ok("POST", "/v1/integrations", "u", json={"event": "none", "url": f"http://127.0.0.1:{port}/"})
        assert await _told(there, "none") == [("hook-error/none/0", "error ConnectError from 127.0.0.1")]
        header = {"event": "bad", "url": target.url, "headers": {"X": "{{{PARTICLE_EVENT_VALUE}}}"}}
        await there.ok("POST", "/v1/integrations", "u", json=header)
        ((name, text),) = await _told(there, "bad", "a\r\nInjected: yes")
        assert name == "hook-error/bad/0"
        assert "from 127.0.0.1" in (text or "")
        assert all("injected" not in each.headers for each in target.received)


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("http://example.com/", None),
        ("http://0.0.0.0/", None),
        ("http://192.168.0.1/", None),
        ("http://127.0.0.1@example.com/", None),
        ("http://{{{PARTICLE_EVENT_VALUE}}}/", "example.com"),
        ("http://127.0.0.1.example.com/", None),
    ],
)
async def test_other_machines_are_not_called(tmp_path: Path, url: str, data: str | None) -> None:
    async with beside_target(tmp_path) as (there, _target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": url})
        told = await _told(there, "e", data)
        assert len(told) == 3
        assert all("--webhook-host" in (text or "") for _, text in told)


def test_hosts_that_were_allowed_by_name() -> None:
    allowed = frozenset({"hooks.example.com"})
    assert all(may_call(host, allowed) for host in ("127.0.0.1", "127.9.9.9", "::1", "LOCALHOST", "Hooks.Example.com."))
    assert not any(may_call(host, allowed) for host in ("example.com", "10.0.0.1", "::2", "", "127.1", "localhost.x"))


LINK_LOCAL_AND_WORSE = """
    169.254.0.1 169.254.169.254 169.254.169.254. [fe80::1] fe80::1%eth0 FEBF::1 ::ffff:169.254.169.254
    [::ffff:a9fe:a9fe] ::169.254.169.254 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 169.254.43518
    0251.0376.0251.0376 １６９.254.169.254 224.0.0.1 0.0.0.0 :: 255.255.255.255
"""


@pytest.mark.parametrize(
    "host",
    LINK_LOCAL_AND_WORSE.split(),
)
def test_link_local_addresses_are_not_called_however_they_are_written(host: str) -> None:
    assert not may_call(host, frozenset())


@pytest.mark.parametrize(
    ("name", "stands_for", "called"),
    [
        ("hooks.example.com", ["127.0.0.1"], ["127.0.0.1"]),
        ("hooks.example.com", ["192.168.1.9", "2001:db8::9"], ["192.168.1.9", "2001:db8::9"]),
        ("hooks.example.com", ["169.254.169.254"], None),
        ("hooks.example.com", ["fe80::1%eth0"], None),
        ("hooks.example.com", ["::ffff:169.254.169.254"], None),
        ("hooks.example.com", ["224.0.0.1", "0.0.0.0", "::", "ff02::1"], None),
        ("hooks.example.com", ["169.254.169.254", "192.168.1.9"], ["192.168.1.9"]),
        ("localhost", ["::1", "127.0.0.1"], ["::1", "127.0.0.1"]),
        ("localhost", ["192.168.1.9"], None),
    ],
)
async def test_what_a_name_stands_for_is_checked_too(
    monkeypatch: pytest.MonkeyPatch, name: str, stands_for: list[str], called: list[str] | None
) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in stands_for]

    hosts = frozenset({"hooks.example.com"})
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    if called is not None:
        assert await addresses_of(name, hosts) == called
    else:
        with pytest.raises(UsageError, match=r"stands for .* may not call"):
            await addresses_of(name, hosts)


async def test_the_address_that_was_checked_is_the_one_that_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for something else a moment later is not asked again."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in answers.pop(0)]

    async with beside_target(tmp_path, replace(PLAIN, webhook_hosts=frozenset({"hooks.example.com"}))) as (
        there,
        target,
    ):
        await _owned(there)
        url = target.url.replace("127.0.0.1", "hooks.example.com")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": url})
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert await _told(there, "e") == [("hook-sent/e", None)]
        assert target.received[0].headers["host"].startswith("hooks.example.com:")
        assert answers == [["169.254.169.254"]]


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answer = (302, b"")
        told = await _told(there, "e")
        assert told == [("hook-error/e/0", "error status 302 from 127.0.0.1")] * 3


async def test_a_server_that_fails_often_is_spared_and_tried_again_after_a_rest(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answer = (500, b"")
        for _ in range(4):
            await _fire(there, "e")
        assert len(target.received) == 10
        told = await _told(there, "e")
        assert told == [("hook-error/e/0", "Sleeping, too many errors, please wait and try again")] * 3
        assert len(target.received) == 10
        there.clock.seconds += 5
        target.answer = (200, b"")
        assert await _told(there, "e") == [("hook-sent/e", None)]
        assert await _told(there, "e") == [("hook-sent/e", None)]


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
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        async with watching(there) as seen:
            for _ in range(5):
                await there.device_publishes("e")
            await there.cloud.webhooks.idle()
        assert len(target.received) == 3
        assert [event.data for event in seen if event.name.startswith("hook-error")] == [
            "Sleeping, too many errors, please wait and try again"
        ] * 2
