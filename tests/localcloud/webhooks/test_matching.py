"""Whose events fire a webhook, and which of them."""

from __future__ import annotations

from pathlib import Path

from ..hook_target import beside_target, hook_target
from ..world import DEVICE, OTHER_DEVICE, populate, world
from .firing import fire


async def test_a_users_hook_sees_the_users_devices_and_a_products_hook_all_of_the_product(tmp_path: Path) -> None:
    """Row 41: the hook of the account goes silent when a customer owns the device; the product's fires on."""
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        await there.ok("POST", "/v1/integrations", "m", json={"event": "shade", "url": f"{target.url}/user"})
        product = f"/v1/products/{fixture.product}/integrations"
        await there.ok("POST", product, "m", json={"event": "shade", "url": f"{target.url}/product"})

        async def fired() -> list[str]:
            target.received.clear()
            await fire(there, "shade/moved", "1")
            return sorted(each.path for each in target.received)

        assert await fired() == ["/hook/product"]  # nobody's
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert await fired() == ["/hook/product", "/hook/user"]
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "m")
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert await fired() == ["/hook/product"]


async def test_events_are_matched_by_prefix_and_a_users_hook_by_device(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        await there.enrol("u", OTHER_DEVICE)
        await there.go_online(OTHER_DEVICE)
        await there.ok("POST", "/v1/devices", "u", json={"id": OTHER_DEVICE})
        await there.ok("PUT", f"/v1/devices/{OTHER_DEVICE}", "u", json={"name": "kitchen"})
        hook = {"event": "shade", "url": target.url, "deviceid": "kitchen"}  # as the CLI sends what was typed
        made = await there.ok("POST", "/v1/webhooks", "u", json=hook)
        assert made["deviceID"] == OTHER_DEVICE
        for name in ("shade", "shade/moved", "shad", "Shade", "xshade"):
            await fire(there, name, device_id=OTHER_DEVICE)
        await fire(there, "shade")
        assert [each.form["event"] for each in target.received] == ["shade", "shade/moved"]
        assert {each.form["coreid"] for each in target.received} == {OTHER_DEVICE}


async def test_events_of_clients_fire_hooks_and_what_hooks_publish_does_not(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
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
        await there.user_with_device("u")
        hook = {"event": "e", "url": target.url, "disabled": True}
        made = await there.ok("POST", "/v1/integrations", "u", json=hook)
        path = f"/v1/integrations/{made['id']}"
        await fire(there, "e")
        assert target.received == []
        await there.ok("PUT", path, "u", json={"event": "e", "url": target.url, "requestType": "PUT"})
        await fire(there, "e")
        assert [each.method for each in target.received] == ["PUT"]
        await there.ok("DELETE", path, "u")
        await fire(there, "e")
        assert len(target.received) == 1


async def test_hooks_outlive_the_process(tmp_path: Path) -> None:
    async with hook_target() as target:
        async with world(tmp_path) as there:
            await there.user_with_device("u")
            await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        async with world(tmp_path) as there:
            await there.go_online()
            await fire(there, "e")
        assert len(target.received) == 1
