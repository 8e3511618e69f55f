"""Rollout: the firmware each device is to run, and the updates that follow by themselves."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.localcloud.service import rollout
from photonrig.localcloud.service.rollout import target_version
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.groups import Targeting
from photonrig.localcloud.system_events import UPDATES_ENABLED
from photonrig.ownership.model import DeviceState, Quarantine

from ..firmware import comes_online, flashed, running
from ..world import DEVICE, OTHER_DEVICE, populate, world

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
