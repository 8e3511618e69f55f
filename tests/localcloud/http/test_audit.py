"""/admin/audit: owners that changed, who asked with which token, and what webhooks were answered."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from ..hook_target import beside_target
from ..world import DEVICE, World, populate, world


async def entries(there: World, kind: str, since: int = 0) -> list[dict[str, Any]]:
    answer = await there.ok("GET", "/admin/audit", "admin", params={"since": since})
    return [each for each in answer["entries"] if each["kind"] == kind]


def digits(there: World, who: str) -> str:
    return sha256(there.tokens[who].encode()).hexdigest()[:6]


async def test_owners_and_on_whose_behalf_they_changed(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})  # changes nothing
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m")
        code = (await there.ok("POST", "/v1/device_claims", "m"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        changes = await entries(there, "owner")
        assert [(each["before"], each["owner"], each["by"]) for each in changes] == [
            (None, "m@example.com", "m@example.com"),
            ("m@example.com", None, "m@example.com"),
            (None, "m@example.com", "the device, by claim code"),
        ]
        assert {each["device"] for each in changes} == {DEVICE}


async def test_a_customer_who_is_deleted_is_still_named(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        await there.ok("DELETE", f"/v1/products/{fixture.product}/customers/c@example.com", "m")
        changes = await entries(there, "owner")
        assert [(each["before"], each["owner"], each["by"]) for each in changes] == [
            (None, "c@example.com", "customer c@example.com"),
            ("c@example.com", None, "m@example.com"),
        ]


async def test_tokens_that_worked_and_those_that_did_not(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        await there.ok("GET", f"/v1/devices/{DEVICE}/position", "c")
        await there.call("GET", f"/v1/devices/{DEVICE}/position", "o")
        await there.ok("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "p")
        asked = await entries(there, "asked")
        told = [(each["who"], each["token"], each["request"], each["status"]) for each in asked][-4:]
        assert told == [
            ("customer c@example.com", digits(there, "c"), "POST /v1/devices", 200),
            ("customer c@example.com", digits(there, "c"), "GET /v1/devices/…/position", 200),
            ("o@example.com", digits(there, "o"), "GET /v1/devices/…/position", 403),
            (f"product {fixture.product}", digits(there, "p"), f"GET /v1/products/{fixture.product}/devices/…", 200),
        ]
        whole = (await there.call("GET", "/admin/audit", "admin")).text
        assert not any(token in whole for token in there.tokens.values())


async def test_the_same_request_is_noted_again_after_ten_seconds(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        since = (await there.ok("GET", "/admin/audit", "admin"))["next"]
        for seconds, noted in ((0, 1), (9, 1), (1, 2)):
            there.clock.seconds += seconds
            await there.ok("GET", f"/v1/devices/{DEVICE}", "m")
            assert len(await entries(there, "asked", since)) == noted


async def test_webhooks_and_their_answers(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        hook = await there.ok("POST", "/v1/integrations", "m", json={"event": "moved", "url": target.url})
        await there.device_publishes("moved", "40")
        await there.cloud.webhooks.idle()
        (sent,) = await entries(there, "webhook")
        assert (sent["device"], sent["event"], sent["hook"]) == (DEVICE, "moved", hook["id"])
        assert (sent["status"], sent["error"]) == (200, None)


async def test_only_for_the_administrator_and_from_a_number_on(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        assert (await there.call("GET", "/admin/audit", "m")).status_code == 401
        assert (await there.call("GET", "/admin/audit?since=x", "admin")).status_code == 400
        answer = await there.ok("GET", "/admin/audit", "admin")
        assert answer["next"] == len(answer["entries"]) > 0
        later = await there.ok("GET", f"/admin/audit?since={answer['next']}", "admin")
        assert later == {"entries": [], "next": answer["next"]}
