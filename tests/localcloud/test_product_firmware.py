"""Firmware of products: upload, release, precedence, and the updates that follow by themselves."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.localcloud.service import rollout
from photonrig.localcloud.service.rollout import target_version
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.groups import Targeting
from photonrig.localcloud.system_events import UPDATES_ENABLED
from photonrig.ownership.model import DeviceState, Quarantine
from photonrig.particle.module import build_native_module

from .world import DEVICE, OTHER_DEVICE, Fixture, World, populate, world


def image(product: int, version: int) -> bytes:
    return build_native_module(b"\x7fELF" + bytes(2000), product_id=product, product_version=version)


async def upload(there: World, product: int, version: int, **form: Any) -> dict[str, Any]:
    files = {"file": ("firmware.bin", image(product, version))}
    answer = await there.ok(
        "POST", f"/v1/products/{product}/firmware", "m", files=files, data={"version": str(version), **form}
    )
    return dict(answer)


async def running(there: World, fixture: Fixture, *versions: int) -> str:
    """A product with these versions, each of which runs on some device, so that all may be released."""
    await there.go_offline()
    for number, version in enumerate(versions):
        device_id = f"{number:024x}"
        await there.enrol("m", device_id)
        await there.ok("POST", f"/v1/products/{fixture.product}/devices", "m", json={"id": device_id})
        await upload(there, fixture.product, version)
        await there.go_online(device_id, fixture.product, version)
        await there.go_offline(device_id)
    return f"/v1/products/{fixture.product}"


async def comes_online(there: World, fixture: Fixture, version: int, device_id: str = DEVICE) -> list[int]:
    """A device says Hello with this version; the versions it is then flashed with."""
    there.devices.flashed.clear()
    await there.go_online(device_id, fixture.product, version)
    await there.cloud.rollout.idle()
    return flashed(there, device_id)


def flashed(there: World, device_id: str = DEVICE) -> list[int]:
    return [
        int(name.removeprefix("v").removesuffix(".bin")) for id_, _, name in there.devices.flashed if id_ == device_id
    ]


# --- a version's life -------------------------------------------------------------------------------------------------


async def test_upload_list_edit_download_and_delete(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/firmware"
        made = await upload(there, fixture.product, 7, title="Seven", description="Sieben", mandatory="true")
        assert (
            made.items()
            >= {
                "version": 7,
                "title": "Seven",
                "description": "Sieben",
                "mandatory": True,
                "name": "firmware.bin",
                "size": len(image(fixture.product, 7)),
                "product_default": False,
                "groups": [],
                "product_id": fixture.product,
                "uploaded_by": {"username": "m@example.com"},
                "device_count": 0,
            }.items()
        )
        await upload(there, fixture.product, 9)
        assert [each["version"] for each in await there.ok("GET", base, "m")] == [9, 7]
        edited = await there.ok("PUT", f"{base}/7", "m", json={"title": "7!", "mandatory": False})
        assert (edited["title"], edited["description"], edited["mandatory"]) == ("7!", "Sieben", False)
        assert (await there.call("GET", f"{base}/7/binary", "p")).content == image(fixture.product, 7)
        assert (await there.call("DELETE", f"{base}/7", "m")).status_code == 204
        assert (await there.call("GET", f"{base}/7", "m")).status_code == 404
        assert (await there.call("GET", base, "c")).status_code == 404


async def test_images_that_would_never_come_to_rest_are_refused(tmp_path: Path) -> None:
    """A device that does not report the version it is to run would be updated again and again."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base, product = f"/v1/products/{fixture.product}/firmware", fixture.product
        for content, version in (
            (image(product, 2), "3"),
            (image(product + 1, 3), "3"),
            (build_native_module(b"\x7fELF" + bytes(2000), product_version=3), "3"),
            (image(product, 3)[:-50], "3"),
            (b"", "3"),
            (image(product, 3), "0"),
            (image(product, 3), "65536"),
            (image(product, 3), "three"),
        ):
            files = {"file": ("firmware.bin", content)}
            answer = await there.call("POST", base, "m", files=files, data={"version": version})
            assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert (await there.call("POST", base, "m", data={"version": "3"})).status_code == 400
        await upload(there, product, 3)
        again = await there.call(
            "POST", base, "m", files={"file": ("firmware.bin", image(product, 3))}, data={"version": "3"}
        )
        assert (again.status_code, "exists already" in again.json()["error"]) == (400, True)
        assert len(await there.ok("GET", base, "m")) == 1


async def test_a_version_is_released_only_after_it_ran_and_then_stays(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/firmware"
        await upload(there, fixture.product, 2)
        body = {"version": 2, "product_default": True}
        early = await there.call("PUT", f"{base}/release", "m", json=body)
        assert (early.status_code, "must run on at least one device" in early.json()["error"]) == (400, True)
        await there.go_online(product_id=fixture.product, version=2)
        released = await there.ok("PUT", f"{base}/release", "m", json=body)
        assert (released["product_default"], released["device_count"]) == (True, 1)
        assert (await there.call("DELETE", f"{base}/2", "m")).status_code == 400
        for bad in ({"version": 2}, {"version": 3, "product_default": True}, {"version": 2, "groups": ["nobody"]}):
            assert (await there.call("PUT", f"{base}/release", "m", json=bad)).status_code in (400, 404)


# --- who gets what ----------------------------------------------------------------------------------------------------

IN_PRODUCT = Device(DEVICE, b"", DeviceState(platform=6, product=1))


@pytest.mark.parametrize(
    ("device", "targeting", "default", "released", "target"),
    [
        (IN_PRODUCT, Targeting(), None, {}, None),
        (IN_PRODUCT, Targeting(), 3, {}, 3),
        (IN_PRODUCT, Targeting(("a",)), 3, {"a": 2}, 2),
        (IN_PRODUCT, Targeting(("a",)), 3, {"a": None, "b": 9}, 3),
        (IN_PRODUCT, Targeting(("a", "b")), 3, {"a": 5, "b": 4}, 5),
        (IN_PRODUCT, Targeting(("a",), desired=1), 3, {"a": 2}, 1),
        (replace(IN_PRODUCT, development=True), Targeting(("a",), desired=1, forced=True), 3, {"a": 2}, None),
        (replace(IN_PRODUCT, state=DeviceState(platform=6)), Targeting(desired=1), 3, {}, None),
        (replace(IN_PRODUCT, state=DeviceState(platform=6, quarantine=Quarantine(1, False))), Targeting(), 3, {}, None),
    ],
)
def test_precedence(
    device: Device, targeting: Targeting, default: int | None, released: Mapping[str, int | None], target: int | None
) -> None:
    """Development device: none; then the lock; then the groups; then the product's default."""
    assert target_version(device, targeting, default, released) == target


@given(
    st.booleans(),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(1, 9),
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(1, 9)),
    st.sets(st.sampled_from("abc")),
)
def test_a_target_is_always_something_that_was_released_or_locked(
    development: bool, desired: int | None, default: int | None, released: dict[str, int | None], groups: set[str]
) -> None:
    target = target_version(
        replace(IN_PRODUCT, development=development), Targeting(tuple(groups), desired), default, released
    )
    if development:
        assert target is None
    elif desired is not None:
        assert target == desired
    else:
        assert target in {default, *(released.get(name) for name in groups)}


async def test_a_device_that_comes_online_gets_what_it_is_to_run_and_nothing_else(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2, 3)
        assert await comes_online(there, fixture, 1) == []
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        assert there.devices.flashed == []  # not at once
        assert await comes_online(there, fixture, 1) == [2]
        assert await comes_online(there, fixture, 2) == []
        assert await comes_online(there, fixture, 3) == [2]  # by inequality: downwards too
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"development": True})
        assert await comes_online(there, fixture, 1) == []
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"development": False, "groups": ["beta"]})
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 3, "groups": ["beta"]})
        assert await comes_online(there, fixture, 2) == [3]
        shown = await there.ok("GET", f"{base}/devices/{DEVICE}", "m")
        assert (shown["groups"], shown["targeted_firmware_release_version"]) == (["beta"], 3)
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"desired_firmware_version": 2})
        assert await comes_online(there, fixture, 3) == [2]
        unlocked = await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"desired_firmware_version": None})
        assert unlocked["desired_firmware_version"] is None
        assert await comes_online(there, fixture, 3) == []


async def test_firmware_of_another_product_is_replaced(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        there.devices.flashed.clear()
        await there.go_online(product_id=6, version=2)
        await there.cloud.rollout.idle()
        assert flashed(there) == [2]


async def test_an_intelligent_release_and_a_lock_with_flash_reach_devices_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2, 3)
        await comes_online(there, fixture, 1)
        seen: list[tuple[str, str | None]] = []
        reader = there.cloud.bus.subscribe(lambda event: bool(seen.append((event.name, event.data))), "token")
        release = {"version": 2, "product_default": True, "intelligent": True}
        await there.ok("PUT", f"{base}/firmware/release", "m", json=release)
        await there.cloud.rollout.idle()
        assert flashed(there) == [2]
        assert ("spark/status", "auto-update") in seen
        there.cloud.bus.unsubscribe(reader)
        lock = {"desired_firmware_version": 3, "flash": True}
        answer = await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json=lock)
        assert answer["desired_firmware_version"] == 3
        await there.cloud.rollout.idle()
        assert flashed(there) == [2, 3]
        missing = await there.call("PUT", f"{base}/devices/{DEVICE}", "m", json={"desired_firmware_version": 9})
        assert missing.status_code == 404


async def test_a_device_that_takes_no_updates_is_told_and_can_be_forced(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        path = f"{base}/devices/{DEVICE}"
        there.devices.connected.add(DEVICE)
        await there.device_publishes(UPDATES_ENABLED.name, "false")
        await there.cloud.rollout.idle()
        assert there.devices.received.get_nowait() == (DEVICE, "particle/device/updates/pending", "true")
        assert there.devices.flashed == []
        assert (await there.ok("GET", path, "m"))["firmware_updates_enabled"] is False
        await there.device_publishes(UPDATES_ENABLED.name, "true")
        await there.cloud.rollout.idle()
        assert flashed(there) == [2]
        await there.device_publishes(UPDATES_ENABLED.name, "false")
        await there.cloud.rollout.idle()
        there.devices.received.get_nowait()
        forced = await there.ok("PUT", path, "m", json={"firmware_updates_forced": True})
        assert forced["firmware_updates_forced"] is True
        await there.cloud.rollout.idle()
        assert there.devices.received.get_nowait() == (DEVICE, "particle/device/updates/forced", "true")
        assert flashed(there) == [2, 2]
        await comes_online(there, fixture, 2)
        assert there.devices.received.get_nowait() == (DEVICE, "particle/device/updates/forced", "true")


async def test_an_update_that_keeps_failing_is_not_tried_for_ever(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2, 3)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        tried = [len(await comes_online(there, fixture, 1)) for _ in range(5)]
        assert tried == [1, 1, 1, 0, 0]
        there.clock.seconds += rollout.RETRY_SECONDS
        assert await comes_online(there, fixture, 1) == [2]
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"desired_firmware_version": 3})
        assert await comes_online(there, fixture, 1) == [3]  # another version counts anew


async def test_only_so_many_updates_run_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "AT_ONCE", 2)
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        there.devices.may_flash.clear()
        for number in range(5):
            device_id = f"b{number:023x}"
            await there.enrol("m", device_id)
            await there.ok("POST", f"{base}/devices", "m", json={"id": device_id})
            await there.go_online(device_id, fixture.product, 1)
        for _ in range(20):
            await asyncio.sleep(0)
        assert there.devices.flashing_most == 2
        there.devices.may_flash.set()
        await there.cloud.rollout.idle()
        assert len(there.devices.flashed) == 5
        assert there.devices.flashing_most == 2


@pytest.mark.parametrize("waits", [True, False], ids=["waiting for its turn", "under way"])
async def test_an_update_ends_when_the_device_leaves_the_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr(rollout, "AT_ONCE", 1)
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        there.devices.may_flash.clear()
        for device_id in (OTHER_DEVICE, DEVICE) if waits else (DEVICE,):
            await there.enrol("m", device_id)
            await there.ok("POST", f"{base}/devices", "m", json={"id": device_id})
            await there.go_online(device_id, fixture.product, 1)
        await asyncio.wait_for(there.devices.is_flashing.wait(), 10)
        assert (await there.call("DELETE", f"{base}/devices/{DEVICE}", "m")).status_code == 204
        there.devices.may_flash.set()
        await there.cloud.rollout.idle()
        assert flashed(there) == []
        assert flashed(there, OTHER_DEVICE) == ([2] if waits else [])


async def test_an_update_to_what_is_no_longer_wanted_gives_way_to_the_next(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = await running(there, fixture, 2, 3)
        await there.ok("PUT", f"{base}/firmware/release", "m", json={"version": 2, "product_default": True})
        there.devices.may_flash.clear()
        await there.go_online(DEVICE, fixture.product, 1)
        await asyncio.wait_for(there.devices.is_flashing.wait(), 10)
        await there.ok("PUT", f"{base}/devices/{DEVICE}", "m", json={"desired_firmware_version": 3})
        there.devices.may_flash.set()
        await there.cloud.rollout.idle()
        assert flashed(there) == [3]


# --- groups -----------------------------------------------------------------------------------------------------------


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
        for name in ("", "a b", "x" * 65, "ä"):
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


# --- labels and vitals ------------------------------------------------------------------------------------------------


async def test_serial_numbers_are_stated_with_the_key_and_name_a_device(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        form = {"publicKey": there.pem, "serial_number": "phhmab000000001"}
        await there.ok("POST", f"/v1/provisioning/{OTHER_DEVICE}", "m", data=form)
        found = await there.ok("GET", "/v1/serial_numbers/PHHMAB000000001", "o")
        assert (found["ok"], found["deviceID"]) == (True, OTHER_DEVICE)
        assert (await there.call("GET", "/v1/serial_numbers/PH0", "o")).status_code == 404
        base = f"/v1/products/{fixture.product}/devices"
        done = await there.ok("POST", base, "m", files={"file": ("file", b"PHHMAB000000001\r\n")})
        assert done["updatedDeviceIds"] == [OTHER_DEVICE]
        (listed,) = (await there.ok("GET", base, "m", params={"serialNumber": "PHHMAB"}))["devices"]
        assert (listed["id"], listed["serial_number"]) == (OTHER_DEVICE, "PHHMAB000000001")
        form = {"publicKey": there.pem, "serial_number": "PHHMAB000000001"}
        taken = await there.call("POST", f"/v1/provisioning/{'b' * 24}", "m", data=form)
        assert taken.status_code == 400
        assert there.cloud.store.devices.get("b" * 24) is None


async def test_vitals_are_asked_of_the_device_kept_and_published(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        product = f"/v1/products/{fixture.product}/diagnostics/{DEVICE}"
        assert (await there.call("GET", f"{product}/last", "m")).status_code == 404
        seen: list[str] = []
        reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event.name)), "token")
        assert await there.ok("POST", f"{product}/update", "m") == {"ok": True}
        there.cloud.bus.unsubscribe(reader)
        assert seen == ["spark/device/diagnostics/update"]
        there.devices.vitals = {6: 700, 19: -18688, 37: -4784128, 33: 13823, 8: 4, 10: 2, 99: 5}
        await there.ok("POST", f"{product}/update", "m")
        shown = (await there.ok("GET", f"{product}/last", "m"))["diagnostics"]
        assert shown["deviceID"] == DEVICE
        assert shown["payload"]["device"] == {
            "system": {"uptime": 700},
            "network": {
                "connection": {"status": "connected"},
                "signal": {"rssi": -73.0, "strengthv": -73.0, "strength": 21.1},
            },
            "cloud": {"connection": {"status": "connected"}},
            "other": {"99": 5},
        }
        reports = (await there.ok("GET", product, "m"))["diagnostics"]
        assert [each["payload"]["device"]["system"]["uptime"] for each in reports] == [700, 600]
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        assert await there.ok("GET", f"/v1/diagnostics/{DEVICE}/last", "m") == {"diagnostics": shown}
        assert (await there.call("GET", f"/v1/diagnostics/{DEVICE}", "o")).status_code == 403
        await there.go_offline()
        assert (await there.call("POST", f"{product}/update", "m")).status_code == 408
