"""The API of webhooks: create, list, show, change, delete and test them, and who may."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from photonrig.errors import UsageError
from photonrig.localcloud.webhooks.config import HookConfig

from ..hook_target import beside_target
from ..world import DEVICE, ERAS, populate
from .firing import fire, watching


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
        gone = await there.call("DELETE", f"{base}/{made['id']}", "u")
        assert (gone.status_code, gone.content) == (204, b"")
        gone = await there.call("DELETE", f"{base}/{made['id']}", "u")
        assert (gone.status_code, gone.json()) == (404, {"ok": False, "error": "Webhook not found"})


async def test_a_password_that_was_not_shown_is_kept_when_the_rest_is_changed(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        hook = {"event": "e", "url": target.url, "auth": {"username": "a", "password": "b"}}
        made = await there.ok("POST", "/v1/integrations", "u", json=hook)
        await there.ok("PUT", f"/v1/integrations/{made['id']}", "u", json={**made, "requestType": "PUT"})
        await fire(there, "e")
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
        {"requestType": "PATCH"},
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
        await there.user_with_device("u")
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


@pytest.mark.parametrize("era", ["2016-before", "2016-after"])
async def test_deleting_a_hook_has_a_body_in_2016(tmp_path: Path, era: str) -> None:
    """Recorded in 2015; the CLI of that time looked for ``ok``."""
    async with beside_target(tmp_path, ERAS[era]) as (there, target):
        await there.user("u")
        made = await there.ok("POST", "/v1/webhooks", "u", json={"event": "e", "url": target.url})
        gone = await there.ok("DELETE", f"/v1/webhooks/{made['id']}", "u")
        assert gone == {"ok": True, "status": "Hook Deleted"}
