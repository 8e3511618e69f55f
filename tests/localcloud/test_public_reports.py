"""What people reported of Particle's cloud, in public issues and forum threads, tried against the local cloud.

Each test names its report. docs/reports.md lists all of them, with those that other tests hold.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from photonrig.localcloud.device.contract import Describe
from photonrig.localcloud.events import Event
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.config import HookConfig

from ..patience import PATIENCE
from .hook_target import beside_target
from .reports import DOCUMENT, DOCUMENTED, FIXED, HELD, REPORTED, address, render
from .streams import on_sockets
from .world import DEVICE, ERAS, World, populate, world

ROOT = Path(__file__).parents[2]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def _owned(there: World) -> None:
    await there.user("u")
    await there.enrol("u")
    await there.go_online()
    await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE})


def _shaped(template: str, answer: Any) -> str | None:
    config = HookConfig.parse({"event": "e", "url": "http://h/", "responseTemplate": template})
    event = Event("e", None, DEVICE, 0.0, device=DEVICE)
    told = messages.response_events(config, event, {}, json.dumps(answer).encode(), "", 0.0, of_product=False)
    return told[0].data


# --- webhooks ---------------------------------------------------------------------------------------------------------


async def test_an_error_topic_of_ones_own_with_a_variable_is_kept_and_used(tmp_path: Path) -> None:
    """particle-cli#361: the field was lost when the hook was made by the CLI."""
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        hook = {
            "event": "errorClicks",
            "url": target.url,
            "requestType": "POST",
            "headers": {"content-type": "application/json", "accept": "application/json"},
            "body": "{}",
            "responseTopic": "hook-response/errorClicks_{{group}}",
            "errorResponseTopic": "hook-error/errorClicks_{{SPARK_CORE_ID}}",
            "mydevices": True,
            "noDefaults": True,
        }
        made = await there.ok("POST", "/v1/webhooks", "u", json=hook)
        assert made["errorResponseTopic"] == hook["errorResponseTopic"]
        seen: list[str] = []
        reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event.name)), "token")
        target.answers = [(200, b"fine"), *[(500, b"")] * 3]
        for _ in range(2):
            await there.device_publishes("errorClicks", '{"group":"7"}')
            await there.cloud.webhooks.idle()
        there.cloud.bus.unsubscribe(reader)
        assert "hook-response/errorClicks_7/0" in seen
        assert seen.count(f"hook-error/errorClicks_{DEVICE}/0") == 3
        assert {each.headers["content-type"] for each in target.received} == {"application/json"}


@pytest.mark.parametrize(
    "body",
    [
        # particle-cli#17: eventName, members of auth in brackets, a field that is none
        "eventName=bouncer&event=bouncer&auth[username]=u&auth[password]=p&data=OFF&mydevices=true",
        # spark-cli#158: form fields in brackets
        "event=bouncer&form[command]={{{PARTICLE_EVENT_VALUE}}}&form[device]={{PARTICLE_DEVICE_ID}}&requestType=POST",
    ],
)
async def test_a_hook_may_be_a_form_with_members_in_brackets(tmp_path: Path, body: str) -> None:
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        content = f"{body}&url={target.url}".encode()
        await there.ok("POST", "/v1/webhooks", "u", content=content, headers=FORM)
        await there.device_publishes("bouncer", "ON")
        await there.cloud.webhooks.idle()
        (request,) = target.received
        assert request.method == "POST"
        if "auth" in body:
            assert request.headers["authorization"] == "Basic dTpw"
            assert request.form["data"] == "ON"
        else:
            assert request.form.items() >= {"command": "ON", "device": DEVICE}.items()


async def test_parts_that_are_empty_or_null_are_none(tmp_path: Path) -> None:
    """spark-cli#181 and forum 14612: what the builder and the CLI leave empty."""
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        empty = {"headers": {}, "query": {"temp": "10"}, "json": None, "auth": None, "form": None, "mydevices": True}
        hook = {"event": "temp", "url": target.url, "requestType": "GET", **empty}
        await there.ok("POST", "/v1/webhooks", "u", json=hook)
        await there.device_publishes("temp")
        await there.cloud.webhooks.idle()
        query = dict(parse_qsl(urlsplit(target.received[0].target).query, keep_blank_values=True))
        assert query["temp"] == "10"


def test_nested_lists_of_an_answer_in_one_template() -> None:
    """particle-iot/docs#149 and forum 11223."""
    days = [{"temp": {"day": 21.5}, "weather": [{"id": 500, "main": "Rain"}, {"id": 701, "main": "Mist"}]}]
    template = "{{#list}}{{temp.day}}{{#weather}}~{{id}}~{{main}}~{{/weather}}{{/list}}"
    assert _shaped(template, {"list": days * 2}) == "21.5~500~Rain~~701~Mist~" * 2


def test_sections_that_are_objects_are_entered() -> None:
    """Forum 14612, a forecast three levels deep."""
    day = {"date": {"day": 3}, "high": {"fahrenheit": "71"}, "low": {"fahrenheit": "50"}, "maxwind": {"mph": 9}}
    template = (
        "{{#forecast}}{{#simpleforecast}}{{#forecastday}}{{date.day}}~{{high.fahrenheit}}~{{low.fahrenheit}}~"
        "{{maxwind.mph}}~{{/forecastday}}{{/simpleforecast}}{{/forecast}}"
    )
    assert _shaped(template, {"forecast": {"simpleforecast": {"forecastday": [day, day]}}}) == "3~71~50~9~" * 2


@pytest.mark.parametrize(
    ("template", "data", "body"),
    [
        ('{"anArray":[{{a}}]}', '{"a":[123,456,789]}', {"anArray": [123, 456, 789]}),
        ('{"anArray":[{{a}}]}', '{"a":123}', {"anArray": [123]}),
        ('{"anArray":[{{a}}]}', "{}", {"anArray": []}),
        (
            '{ "cat":"{{b.c}}", "dog":{{b.d}}, "apple":{{a}} }',
            '{"a":123,"b":{"c":"hello","d":false}}',
            {"cat": "hello", "dog": False, "apple": 123},
        ),
        ('{ {{#b}}"cat":"{{c}}",{{/b}} "apple":{{a}} }', '{"a":123}', {"apple": 123}),
    ],
)
def test_the_bodies_of_the_tutorial(template: str, data: str, body: Any) -> None:
    """rickkas7/particle-webhooks: arrays, optional members, booleans."""
    config = HookConfig.parse({"event": "e", "url": "http://h/", "body": template})
    event = Event("e", data, DEVICE, 0.0)
    assert json.loads(messages.outgoing(config, event, messages.event_variables(event)).content or b"") == body


# --- devices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("era", ERAS)
async def test_an_id_in_capitals_claims_nothing(tmp_path: Path, era: str) -> None:
    """particle-cli#208 (February 2016) and #550 (2020): "device not found"; the CLI sends lower case since."""
    async with world(tmp_path, ERAS[era]) as there:
        await there.user("u")
        device = "220034000e47343432313031"
        await there.enrol("u", device)
        await there.go_online(device)
        answer = await there.call("POST", "/v1/devices", "u", json={"id": device.upper()})
        assert (answer.status_code, answer.json()["errors"]) == (404, ["device does not exist"])
        await there.ok("POST", "/v1/devices", "u", json={"id": device})


async def test_an_id_in_capitals_is_imported(tmp_path: Path) -> None:
    """particle-cli#370 asks for it in 2017; documented today for files: any case."""
    async with world(tmp_path) as there:
        made = await populate(there)
        device = "2a0048000000000000000000"
        await there.enrol("m", device)
        path = f"/v1/products/{made.product}/devices"
        assert (await there.ok("POST", path, "m", json={"id": device.upper()}))["updatedDeviceIds"] == [device]


async def test_a_name_with_dashes_is_kept_and_serves_in_paths(tmp_path: Path) -> None:
    """particle-cli#110: for a day in 2015 dashes became underscores; fixed there."""
    async with world(tmp_path) as there:
        await _owned(there)
        renamed = await there.ok("PUT", f"/v1/devices/{DEVICE}", "u", json={"name": "GX-LT-0001"})
        assert renamed["name"] == "GX-LT-0001"
        assert (await there.ok("GET", "/v1/devices/GX-LT-0001", "u"))["id"] == DEVICE


async def test_a_variable_of_an_offline_device_times_out_and_says_so(tmp_path: Path) -> None:
    """particle-cli#113: "Timed out", which is not about the token."""
    async with world(tmp_path, ERAS["2016-after"]) as there:
        await _owned(there)
        await there.go_offline()
        answer = await there.call("GET", f"/v1/devices/{DEVICE}/position", "u")
        assert (answer.status_code, answer.json()) == (408, {"error": "Timed out."})


async def test_an_event_has_coreid_and_a_variable_coreinfo(tmp_path: Path) -> None:
    """particle-iot/docs#281: two names of one thing; #1301 of device-os shows the stream's bytes."""
    async with on_sockets(tmp_path) as (there, listen):
        await _owned(there)
        stream = await listen("/v1/devices/events", "u")
        await there.device_publishes("temperature", "25.34")
        await stream.until(lambda: bool(stream.events))
        (name, data), (body,) = stream.events[0], stream.bodies
        assert (name, data, body["ttl"], body["coreid"]) == ("temperature", "25.34", "60", DEVICE)
        assert stream.raw.startswith(b":ok\n\nevent: temperature\ndata: {")
        read = await there.ok("GET", f"/v1/devices/{DEVICE}/position", "u")
        assert read["coreInfo"]["deviceID"] == DEVICE


async def test_an_event_of_a_client_is_by_api(tmp_path: Path) -> None:
    """particle-iot/docs, firmware-update-events.md (2024), and streams of 2017 to 2023 in public code: coreid "api"."""
    async with on_sockets(tmp_path) as (there, listen):
        await _owned(there)
        stream = await listen("/v1/devices/events", "u")
        await there.ok("POST", "/v1/devices/events", "u", json={"name": "squarism/blinkwon"})
        await stream.until(lambda: bool(stream.events))
        assert stream.bodies[0]["coreid"] == "api"


@pytest.mark.parametrize("client", ["spark", "Spark", "particle"])
async def test_public_clients_of_any_time_log_in(tmp_path: Path, client: str) -> None:
    """particle-iot/docs, generated/api-service.json of 2022, POST /oauth/token: any client id works."""
    async with on_sockets(tmp_path) as (there, _):
        await there.user("u")
        form = {"grant_type": "password", "username": "u@example.com", "password": "secret"}
        assert (await there.ok("POST", "/oauth/token", data=form, auth=(client, client)))["access_token"]


@pytest.mark.parametrize("name", ["event", "error"])
async def test_events_whose_names_clients_use_themselves_come_through(tmp_path: Path, name: str) -> None:
    """particle-api-js#62 and #86: the client stopped reading; the cloud sends them as any other."""
    async with on_sockets(tmp_path) as (there, listen):
        await _owned(there)
        stream = await listen("/v1/devices/events", "u")
        for each in (name, "after"):
            await there.device_publishes(each, "1")
        await stream.until(lambda: len(stream.events) == 2)
        assert [each for each, _ in stream.events] == [name, "after"]


async def test_a_call_while_a_stream_is_open_is_answered(tmp_path: Path) -> None:
    """spark-sdk-ios#35: calls timed out while the app was subscribed."""
    async with on_sockets(tmp_path) as (there, listen):
        await _owned(there)
        await listen("/v1/devices/events", "u")
        async with asyncio.timeout(PATIENCE):
            called = await there.ok("POST", f"/v1/devices/{DEVICE}/move", "u", data={"args": "70"})
        assert there.devices.calls == [(DEVICE, "move", "70")]
        assert "return_value" in called


async def test_no_event_of_a_name_of_the_system_fires_a_hook(tmp_path: Path) -> None:
    """particle-iot/docs#1027: an event name that begins with particle cannot be used."""
    async with beside_target(tmp_path) as (there, target):
        await _owned(there)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "particle", "url": target.url})
        await there.device_publishes("particle-data", "1")
        refused = await there.call("POST", "/v1/devices/events", "u", json={"name": "particle-data", "data": "1"})
        await there.cloud.webhooks.idle()
        assert refused.status_code == 400
        assert target.received == []


async def test_a_device_that_vanishes_during_a_call_times_out_for_the_caller(tmp_path: Path) -> None:
    """Brewskey/spark-server#274: the answer to a call never came; here it ends."""
    async with world(tmp_path) as there:
        await _owned(there)
        there.devices.silent.add(DEVICE)
        answer = await there.call("POST", f"/v1/devices/{DEVICE}/move", "u", json={"arg": "1"})
        assert (answer.status_code, answer.json()) == (408, {"ok": False, "error": "timed out"})


# --- accounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("era", ERAS)
async def test_another_users_device_is_asked_for_as_the_refusal_says(tmp_path: Path, era: str) -> None:
    """particle-cli#114: "To request a transfer add ?request_transfer=true to the URL."; #549 asks for it since."""
    async with world(tmp_path, ERAS[era]) as there:
        await _owned(there)
        await there.user("o")
        assert (await there.call("POST", "/v1/devices", "o", json={"id": DEVICE})).status_code == 403
        asked = await there.ok("POST", "/v1/devices?request_transfer=true", "o", json={"id": DEVICE})
        assert asked["transfer_id"]
        assert there.owner() == ("user", there.cloud.store.users.named("u@example.com").id)  # type: ignore[union-attr]
        # Row 60 of the forum thread: data in the address of a POST counts for nothing else.
        assert (await there.call("POST", f"/v1/devices?id={DEVICE}&request_transfer=true", "o")).status_code == 400


@pytest.mark.parametrize("era", ERAS)
async def test_a_users_password_with_the_client_of_a_product(tmp_path: Path, era: str) -> None:
    """particle-android#81: developers could log in by their product's client, and cannot since October 2019."""
    async with world(tmp_path, ERAS[era]) as there:
        made = await populate(there)
        form = {"grant_type": "password", "username": "m@example.com", "password": "secret"}
        answer = await there.call("POST", "/oauth/token", data=form, auth=made.client)
        if era != "today":
            assert answer.status_code == 200
            return
        refusal = {"error": "invalid_grant", "error_description": "User credentials are invalid"}
        assert (answer.status_code, answer.json()) == (400, refusal)
        own = (await there.ok("POST", "/v1/clients", "m", json={"name": "mine", "type": "installed"}))["client"]
        await there.ok("POST", "/oauth/token", data=form, auth=(own["id"], own["secret"]))  # particlerb, 2017


async def test_a_customers_mail_is_any_text_and_in_lower_case(tmp_path: Path) -> None:
    """Forum 26410: an id in place of an e-mail does; capitals become small ones."""
    async with world(tmp_path) as there:
        made = await populate(there)
        path = f"/v1/products/{made.product}/customers"
        form = {"email": "ABCdefg-12345", "no_password": "true"}
        assert (await there.ok("POST", path, data=form, auth=made.client))["scope"] == "customer=abcdefg-12345"
        for scope in ("customer=abcdefg-12345", "customer=ABCDEFG-12345"):
            grant = {"grant_type": "client_credentials", "scope": scope}
            there.tokens["id"] = (await there.ok("POST", "/oauth/token", data=grant, auth=made.client))["access_token"]
            assert await there.ok("GET", "/v1/devices", "id") == []
        again = await there.call("POST", path, data=form | {"email": "abcdEFG-12345"}, auth=made.client)
        assert again.status_code == 400


async def test_whoever_has_a_device_in_hand_takes_it_over_by_a_claim_code(tmp_path: Path) -> None:
    """particle-tinker-app-ios#3, staff: a Photon in hand is owned by whoever has it. particle-cli#363: by id not."""
    async with world(tmp_path) as there:
        await _owned(there)
        await there.user("o")
        assert (await there.call("POST", "/v1/devices", "o", json={"id": DEVICE})).status_code == 403
        code = (await there.ok("POST", "/v1/device_claims", "o"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        assert [each["id"] for each in await there.ok("GET", "/v1/devices", "o")] == [DEVICE]
        assert await there.ok("GET", "/v1/devices", "u") == []
        assert (await there.call("GET", f"/v1/devices/{DEVICE}", "u")).status_code == 403


async def test_the_hooks_of_a_product_are_not_among_the_users(tmp_path: Path) -> None:
    """particle-cli#281: "webhook list" shows those outside products only."""
    async with world(tmp_path) as there:
        made = await populate(there)
        hook = {"event": "e", "url": "http://127.0.0.1:9/"}
        own = await there.ok("POST", "/v1/webhooks", "m", json=hook)
        other = await there.ok("POST", f"/v1/products/{made.product}/webhooks", "m", json=hook)
        assert [each["id"] for each in await there.ok("GET", "/v1/webhooks", "m")] == [own["id"]]
        listed = await there.ok("GET", f"/v1/products/{made.product}/integrations", "m")
        assert [each["id"] for each in listed] == [other["id"]]


# --- streams and names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1/events/e", "/v1/devices/events", "/v1/devices/events/e", f"/v1/devices/{DEVICE}/events"]
)
async def test_a_stream_with_a_bad_token_is_refused_at_once(tmp_path: Path, path: str) -> None:
    """particle-cli#207: "subscribe" ended in silence; the cloud answers as for any other request."""
    async with world(tmp_path) as there:
        await _owned(there)
        answer = await there.call("GET", path, headers={"Authorization": "Bearer nothing"})
        refusal = {"error": "invalid_token", "error_description": "The access token provided is invalid."}
        assert (answer.status_code, answer.json()) == (401, refusal)


@pytest.mark.parametrize("prefix", ["weather", "weather/", "weather%2F", "weather/te", "weather%2Ftemp", "w%65ather"])
async def test_a_prefix_takes_slashes_and_escapes(tmp_path: Path, prefix: str) -> None:
    """particle-iot/spark-server#56 wants what Particle has: prefixes, with slashes; particle-api-js escapes them."""
    async with on_sockets(tmp_path) as (there, listen):
        await _owned(there)
        stream = await listen(f"/v1/devices/events/{prefix}", "u")
        for name in ("whether", "weather/temp"):
            await there.device_publishes(name, "1")
        await stream.until(lambda: bool(stream.events))
        assert stream.events == [("weather/temp", "1")]


@pytest.mark.parametrize("name", ["int 1", "50%", "a+b", "a%20b", "ä", "a/b", "a?b", "a#b", "..", "%2F"])
async def test_variables_and_functions_of_any_name_are_reached(tmp_path: Path, name: str) -> None:
    """device-os#1266: a blank in a name gave another variable's bytes; staff: the API did not decode it."""
    async with world(tmp_path) as there:
        await _owned(there)
        there.devices.variables = {name: 7}
        await there.cloud.reports.described(DEVICE, Describe({name: "int32"}, (name,), (), "2.3.1"))
        path = f"/v1/devices/{DEVICE}/{quote(name, safe='').replace('..', '%2E%2E')}"
        read = await there.ok("GET", path, "u")
        assert (read["name"], read["result"]) == (name, 7)
        await there.ok("POST", path, "u", json={"arg": "x"})
        assert there.devices.calls == [(DEVICE, name, "x")]


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_is_current() -> None:
    assert DOCUMENT.read_text() == render(), "run python -m tests.localcloud.reports and commit the page"


def test_each_case_has_an_address_and_a_test_that_exists() -> None:
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", written))
    assert len(REPORTED) >= 50
    for row in (*DOCUMENTED, *REPORTED):
        for source in row.sources.split():
            assert re.fullmatch(r"https://[\w.-]+\.\w+/[\w./#-]+", address(source)), source
        assert row.sources, row.case
        if row.state in (HELD, FIXED):
            assert set(row.tests.split()) <= known, row
            assert row.tests, row.case
        else:
            assert re.match(r"not modelled: \w", row.state), row.case
