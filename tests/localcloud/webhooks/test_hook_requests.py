"""What a webhook sends: defaults, variables and templates in each part of the request."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from photonrig.errors import UsageError
from photonrig.localcloud.events import Event, iso_time
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.config import HookConfig

from ..hook_target import beside_target
from ..world import DEVICE
from .firing import EVENT, fire

HOOK_USER_FIELDS = {"event", "data", "published_at", "coreid"}


@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "DELETE"])
async def test_without_more_words_the_event_is_sent_as_a_form_or_in_the_address(tmp_path: Path, method: str) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        hook = {"event": "e", "url": f"{target.url}?fixed=1", "requestType": method}
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        await fire(there, "e/x", "ä & b")
        (request,) = target.received
        assert request.method == method
        told = request.query if method in ("GET", "DELETE") else request.form
        assert {name: told[name] for name in HOOK_USER_FIELDS} == {
            "event": "e/x",
            "data": "ä & b",
            "coreid": DEVICE,
            "published_at": iso_time(there.clock.seconds),
        }
        assert request.query["fixed"] == "1"


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
    assert made.headers.items() >= {"X-Device": DEVICE, "X-Number": "5"}.items()
    assert made.query == {"attic": "21.5"}
    assert made.auth == ("attic", "shade/moved")
    form = dict(parse_qsl((made.content or b"").decode()))
    assert form.keys() > HOOK_USER_FIELDS
    assert form.items() >= {"version": "3", "second": "20", "on": "true", "all": "10,20"}.items()


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


def test_numbers_of_a_text_that_becomes_json_are_those_of_javascript() -> None:
    """ECMA-262: JSON.stringify(JSON.parse(text))."""
    made = _outgoing(json='{"a": 1.0, "b": [2.50, 1e3, -0.0], "c": 1e400}', noDefaults=True)
    assert made.content == b'{"a":1,"b":[2.5,1000,0],"c":null}'


def test_a_body_is_sent_as_it_is() -> None:
    made = _outgoing(body="{{#pos}}<{{.}}>{{/pos}}{{^gone}}none{{/gone}}", headers={"Content-Type": "text/plain"})
    assert made.content == b"<10><20>none"
    assert made.headers["Content-Type"] == "text/plain"


def test_the_whole_event_is_a_variable() -> None:
    made = _outgoing(body="{{{PARTICLE_EVENT_JSON}}} {{{PARTICLE_EVENT_BASE64}}}", noDefaults=True)
    plain, _, encoded = (made.content or b"").decode().rpartition(" ")
    assert json.loads(plain) == json.loads(base64.b64decode(encoded))
    assert json.loads(plain)["data"] == EVENT.data
    assert json.loads(plain)["id"] == EVENT.id


# What the webhook reference shows of requests: its hooks, its events, and the bytes that it prints for them.
REFERENCE: dict[str, tuple[dict[str, Any], tuple[str, str], str, str]] = {
    "default data": (
        {"event": "demo"},
        ("demo", "mydata"),
        "POST / content-type: application/x-www-form-urlencoded, content-length: 96",
        "event=demo&data=mydata&published_at=2017-02-01T21%3A08%3A05.763Z&coreid=3f002b000000000000000000",
    ),
    "web form": (
        {
            "event": "sms",
            "form": {"Body": "{{{BODY}}}", "To": "TO_PHONE_NUMBER", "From": "FROM_PHONE_NUMBER"},
            "noDefaults": True,
        },
        ("sms", '{"BODY":"Hi there!"}'),
        "POST / content-type: application/x-www-form-urlencoded",
        "Body=Hi%20there%21&To=TO_PHONE_NUMBER&From=FROM_PHONE_NUMBER",
    ),
    "simple data": (
        {
            "event": "Temperature/",
            "json": {"{{PARTICLE_EVENT_NAME}}": "{{{PARTICLE_EVENT_VALUE}}}"},
            "noDefaults": True,
        },
        ("Temperature/Kitchen", "20.00"),
        "POST / accept: application/json, content-type: application/json, content-length: 31",
        '{"Temperature/Kitchen":"20.00"}',
    ),
    "complex data": (
        {"event": "Elevation", "json": {"coordinates": {"lng": "{{{lng}}}", "lat": "{{{lat}}}"}}, "noDefaults": True},
        ("Elevation", '{"lat":"39.739155", "lng":"-104.984703"}'),
        "POST / accept: application/json, content-type: application/json, content-length: 55",
        '{"coordinates":{"lng":"-104.984703","lat":"39.739155"}}',
    ),
    "numbers in a body": (
        {
            "event": "Elevation",
            "headers": {"content-type": "application/json"},
            "body": '{ "coordinates": { "lat": {{{lat}}}, "lng": {{{lng}}} } }',
            "noDefaults": True,
        },
        ("Elevation", '{"lat":39.739155, "lng":-104.984703}'),
        "POST / content-type: application/json, content-length: 59",
        '{ "coordinates": { "lat": 39.739155, "lng": -104.984703 } }',
    ),
    "a query": (
        {
            "event": "Elevation",
            "requestType": "GET",
            "query": {"key": "XXXXXXXXXX", "locations": "{{{lat}}},{{{lng}}}"},
            "noDefaults": True,
        },
        ("Elevation", '{"lat":39.7,"lng":-104.9}'),
        "GET /?key=XXXXXXXXXX&locations=39.7%2C-104.9 ",
        "",
    ),
}


@pytest.mark.parametrize("shown", REFERENCE)
def test_requests_are_those_that_the_reference_prints(shown: str) -> None:
    hook, (name, data), head, body = REFERENCE[shown]
    event = Event(name, data, "3f002b000000000000000000", 1485983285.763)
    config = HookConfig.parse({"url": "http://host.com/", **hook})
    request = messages.outgoing(config, event, messages.event_variables(event)).request()
    method, target, headers = head.split(" ", 2)
    expected = dict(each.split(": ") for each in headers.split(", ") if each)
    expected |= {"user-agent": "ParticleBot/1.1 (https://docs.particle.io/webhooks)", "host": "host.com"}
    sent = {name: value for name, value in request.headers.items() if name in expected or name != "content-length"}
    assert (request.method, request.url.raw_path.decode()) == (method, target)
    assert sent == {**expected, messages.HOOK_HEADER.lower(): "1"}
    assert request.read() == body.encode()


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("data", [{"form": {"id": "{{n}}"}}, {"json": {"id": "7"}}, {"body": "id"}])
def test_get_and_delete_have_no_body_and_a_form_is_in_the_query(method: str, data: dict[str, Any]) -> None:
    """The reference, "Request format": only POST and PUT have a body; "Web form": into the query string."""
    event = Event("e", '{"n":7}', DEVICE, 0.0)
    config = HookConfig.parse({"event": "e", "url": "http://h/", "requestType": method, **data, "query": {"a": "1"}})
    made = messages.outgoing(config, event, messages.event_variables(event))
    assert made.query.keys() == HOOK_USER_FIELDS | {"a"} | ({"id"} if "form" in data else set())
    assert made.query.get("id", "7") == "7"
    request = made.request()
    assert request.read() == b""
    assert not {"content-type", "content-length", "accept"} & set(request.headers)


@pytest.mark.parametrize("name", ["user-agent", "User-Agent", "CONTENT-TYPE", "aCCept"])
def test_a_header_of_the_hook_replaces_the_default_in_any_capitals(name: str) -> None:
    request = _outgoing(json={"a": 1}, headers={name: "own"}).request()
    assert [value for key, value in request.headers.multi_items() if key == name.lower()] == ["own"]
