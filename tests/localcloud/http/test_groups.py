"""Groups of a product's devices, and what a change of them would update."""

from pathlib import Path

from ..firmware import comes_online, running, upload
from ..world import DEVICE, OTHER_DEVICE, populate, world


async def test_groups_are_created_renamed_and_deleted_and_devices_follow(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}"
        made = await there.call("POST", f"{base}/groups", "m", json={"name": "beta", "color": "#00ff00"})
        assert made.status_code == 201
        assert made.json()["group"].items() >= {"name": "beta", "color": "#00ff00", "fw_version": None}.items()
        assert (await there.call("POST", f"{base}/groups", "m", json={"name": "beta"})).status_code == 400
        changed = await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"groups": ["beta", "new"]})
        assert changed["groups"] == ["beta", "new"]
        listed = (await there.ok("GET", f"{base}/groups", "m"))["groups"]
        assert {group["name"]: group["device_count"] for group in listed} == {"beta": 1, "new": 1}
        assert (await there.ok("GET", base, "m"))["product"]["groups"] == ["beta", "new"]
        await there.ok("PUT", f"{base}/groups/beta", "m", json={"name": "gamma", "description": "third"})
        assert (await there.ok("GET", f"{base}/devices/{DEVICE}", "m"))["groups"] == ["gamma", "new"]
        assert (await there.call("PUT", f"{base}/groups/gamma", "m", json={"name": "new"})).status_code == 400
        assert (await there.call("DELETE", f"{base}/groups/gamma", "m")).status_code == 204
        assert (await there.ok("GET", f"{base}/devices/{DEVICE}", "m"))["groups"] == ["new"]
        assert (await there.call("GET", f"{base}/groups/gamma", "m")).status_code == 404
        for name in ("", "a b", "x" * 65, "ä", "Prerelease", "eu.west"):
            assert (await there.call("POST", f"{base}/groups", "m", json={"name": name})).status_code == 400


async def test_many_devices_at_once_and_the_list_by_group(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}"
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", f"{base}/devices", "m", json={"id": OTHER_DEVICE})
        body = {"action": "groups", "devices": [DEVICE, OTHER_DEVICE], "metadata": {"add": ["a", "b"]}}
        assert await there.ok("PUT", f"{base}/devices", "m", json=body) == {"ok": True}
        body = {"action": "groups", "devices": [OTHER_DEVICE], "metadata": {"remove": ["a"], "add": ["c"]}}
        await there.ok("PUT", f"{base}/devices", "m", json=body)

        async def ids(**query: str) -> list[str]:
            return [each["id"] for each in (await there.ok("GET", f"{base}/devices", "m", params=query))["devices"]]

        assert await ids(groups="a") == [DEVICE]
        assert sorted(await ids(groups="a,c")) == sorted([DEVICE, OTHER_DEVICE])
        assert await ids(groups="none") == []
        for bad in ({"action": "explode"}, {"metadata": None}, {"devices": []}, {"devices": ["f" * 24]}):
            answer = await there.call("PUT", f"{base}/devices", "m", json={**body, **bad})
            assert answer.status_code in (400, 404)


async def test_groups_and_lock_end_when_the_device_leaves_the_product(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}"
        await upload(there, fixture.product, 2)
        lock = {"groups": ["a"], "desired_firmware_version": 2}
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json=lock)
        await there.ok("DELETE", f"{base}/devices/{DEVICE}", "m")
        other = await there.product("m", "Other")
        await there.ok("POST", f"/v1/products/{other['id']}/devices", "m", json={"id": DEVICE})
        shown = await there.ok("GET", f"/v1/products/{other['id']}/devices/{DEVICE}", "m")
        assert (shown["groups"], shown["desired_firmware_version"]) == ([], None)


async def test_impact_says_what_a_change_would_do_and_does_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2, 3)
        await comes_online(there, fixture, 2)
        ask = {"version": "3", "product_default": "true"}
        told = await there.ok("GET", f"{base}/impact", "m", params=ask)
        assert {each["id"]: (each["from"], each["to"], each["online"]) for each in told["devices"]} == {
            DEVICE: (2, 3, True),
            f"{0:024x}": (2, 3, False),
        }
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"groups": ["beta"]})
        told = await there.ok("GET", f"{base}/impact", "m", params={"version": "3", "groups": "beta"})
        assert [each["id"] for each in told["devices"]] == [DEVICE]
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 3, "groups": ["beta"]})
        told = await there.ok("GET", f"{base}/impact", "m", params={"device": f"{0:024x}", "groups": "beta"})
        assert [(each["id"], each["to"]) for each in told["devices"]] == [(f"{0:024x}", 3)]
        assert there.devices.flashed == []
        assert (await there.call("GET", f"{base}/impact", "m", params={"version": "8"})).status_code == 404
