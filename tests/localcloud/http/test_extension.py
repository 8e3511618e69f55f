"""What no Particle cloud has: off unless asked for, and what it promises about a device that changes hands."""

from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.localcloud.eras.viewers import HookViewer
from photonrig.localcloud.http import extension, history
from photonrig.localcloud.http.app import all_routes, endpoints_of

from ..streams import on_sockets
from ..world import DEVICE, ERAS, OTHER_DEVICE, Fixture, populate, world

EXTENDED = {name: replace(settings, extensions=True) for name, settings in ERAS.items()}


def _owner_path(fixture: Fixture) -> str:
    return f"/v1/products/{fixture.product}/devices/{DEVICE}/owner"


def test_the_extensions_paths_are_no_other_eras() -> None:
    faithful = {endpoint for route in all_routes() for endpoint in endpoints_of(route)}
    added = {endpoint for route in (*extension.ROUTES, *history.ROUTES) for endpoint in endpoints_of(route)}
    assert not faithful & added
    assert faithful | added == {endpoint for route in all_routes(extensions=True) for endpoint in endpoints_of(route)}


@pytest.mark.parametrize("era", ERAS)
async def test_a_faithful_cloud_has_none_of_it(tmp_path: Path, era: str) -> None:
    async with world(tmp_path, ERAS[era]) as there:
        fixture = await populate(there)
        for method, path in (
            ("PUT", _owner_path(fixture)),
            ("GET", "/extensions/v1/any/devices"),
            ("GET", f"/extensions/v1/any/devices/{DEVICE}"),
        ):
            answer = await there.call(
                method, path, "m", json={"customer": "c@example.com"} if method == "PUT" else None
            )
            assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Not Found"})


@pytest.mark.parametrize("era", EXTENDED)
async def test_a_device_changes_hands_in_one_step(tmp_path: Path, era: str) -> None:
    """Rows 12, 42: session kept, both owners and the product told, hooks fed throughout, old tokens out at once."""
    async with on_sockets(tmp_path, EXTENDED[era]) as (there, listen):
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        rules, fed = there.cloud.era, []
        hook = there.cloud.bus.subscribe(
            lambda event: (
                rules.may_see(HookViewer(products=frozenset({fixture.product})), event) and bool(fed.append(event.name))
            ),
            "hook",
        )
        former = await listen("/v1/devices/events", "m")
        later = await listen("/v1/devices/events", "c")
        product = await listen(f"/v1/products/{fixture.product}/events", "p")
        await there.device_publishes("before")
        answer = await there.call("PUT", _owner_path(fixture), "m", json={"customer": "C@example.com"})
        assert (answer.status_code, answer.headers["X-Photonrig-Extension"]) == (200, "owner-change")
        assert (answer.json()["owner"], answer.json()["online"]) == ("c@example.com", True)
        assert there.devices.disconnected == []
        assert await there.ok("GET", "/v1/devices", "m") == []
        assert (await there.ok("GET", f"/v1/devices/{DEVICE}/position", "c"))["result"] == 42
        await there.device_publishes("after")
        told = ("photonrig/device/owner", '{"from": "user", "to": "customer"}')
        await product.until(lambda: product.events == [("before", None), told, ("after", None)])
        await later.until(lambda: later.events == [told, ("after", None)])
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "canary"})
        await former.until(lambda: former.events == [("before", None), told, ("canary", None)])
        assert fed == ["before", "photonrig/device/owner", "after"]
        again = await there.ok("PUT", _owner_path(fixture), "p", json={"customer": "c2@example.com"})
        assert again["owner"] == "c2@example.com"
        for path in (f"/v1/devices/{DEVICE}", f"/v1/devices/{DEVICE}/position"):
            assert (await there.call("GET", path, "c")).status_code == 403
        back = await there.ok("PUT", _owner_path(fixture), "p", json={"user": "m@example.com"})
        assert back["owner"] == "m@example.com"
        there.cloud.bus.unsubscribe(hook)


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("m", {}, 400),
        ("m", {"customer": "c@example.com", "user": "m@example.com"}, 400),
        ("m", {"customer": "nobody"}, 404),
        ("m", {"user": "nobody"}, 404),
        ("m", {"user": "o@example.com"}, 400),
        ("o", {"user": "o@example.com"}, 404),
        ("c", {"customer": "c2@example.com"}, 404),
    ],
)
async def test_wrong_owners_and_callers_change_nothing(
    tmp_path: Path, who: str, body: dict[str, str], status: int
) -> None:
    async with world(tmp_path, EXTENDED["today"]) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        before = there.cloud.store.devices.get(DEVICE)
        answer = await there.call("PUT", _owner_path(fixture), who, json=body)
        assert answer.status_code == status
        assert answer.json()["error"]
        assert there.cloud.store.devices.get(DEVICE) == before


async def test_a_quarantined_device_is_not_the_teams_to_give(tmp_path: Path) -> None:
    async with world(tmp_path, EXTENDED["today"]) as there:
        fixture = await populate(there)
        await there.enrol("o", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "o", json={"id": OTHER_DEVICE})
        await there.go_online(OTHER_DEVICE, product_id=fixture.product)
        path = f"/v1/products/{fixture.product}/devices/{OTHER_DEVICE}/owner"
        for body in ({"user": "m@example.com"}, {"customer": "c@example.com"}):
            assert (await there.call("PUT", path, "m", json=body)).status_code == 404
        assert there.owner(OTHER_DEVICE) is not None


@pytest.mark.parametrize("era", EXTENDED)
async def test_one_family_of_addresses_serves_owners_and_teams(tmp_path: Path, era: str) -> None:
    """Row 52."""
    async with on_sockets(tmp_path, EXTENDED[era]) as (there, listen):
        fixture = await populate(there)
        code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
        assert await there.cloud.reports.claim_code_presented(DEVICE, code)
        streams = []
        for who in ("m", "c", "p"):
            listed = await there.call("GET", "/extensions/v1/any/devices", who)
            assert listed.headers["X-Photonrig-Extension"] == "any-token"
            assert [(each["id"], each["owner"]) for each in listed.json()["devices"]] == [(DEVICE, "c@example.com")]
            assert (await there.ok("GET", f"/extensions/v1/any/devices/{DEVICE}", who))["product_id"] == fixture.product
            assert (await there.ok("GET", f"/extensions/v1/any/devices/{DEVICE}/position", who))["result"] == 42
            called = await there.ok("POST", f"/extensions/v1/any/devices/{DEVICE}/move", who, json={"arg": "up"})
            assert called["return_value"] == 2
            streams += [
                await listen("/extensions/v1/any/devices/events", who),
                await listen(f"/extensions/v1/any/devices/{DEVICE}/events/mo", who),
            ]
        for who in ("o", "c2"):
            assert (await there.ok("GET", "/extensions/v1/any/devices", who))["devices"] == []
            assert (await there.call("GET", f"/extensions/v1/any/devices/{DEVICE}", who)).status_code == 403
            assert (await there.call("GET", f"/extensions/v1/any/devices/{DEVICE}/position", who)).status_code == 403
        await there.device_publishes("moved")
        for each in streams:
            await each.until(lambda each=each: each.events == [("moved", None)])
        assert (
            await there.call("PUT", f"/extensions/v1/any/devices/{DEVICE}", "c", json={"name": "x"})
        ).status_code == 403
        assert (await there.ok("PUT", f"/extensions/v1/any/devices/{DEVICE}", "m", json={"name": "x"}))["name"] == "x"
        assert await there.ok("DELETE", f"/extensions/v1/any/devices/{DEVICE}", "m") == {"ok": True}
        assert there.owner() is None
