"""Events that devices hear: of their owner and product, by the scope they listen in."""

import asyncio
from pathlib import Path

from photonrig.localcloud.device.contract import PublishedEvent, Subscription
from photonrig.localcloud.service.cloud import Settings

from ...patience import PATIENCE
from ..world import DEVICE, OTHER_DEVICE, World, populate, world


async def test_devices_hear_their_owner_and_their_product_and_nobody_else(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        there.devices.listening[DEVICE] = (Subscription("sun/", "mine"),)
        for who in ("c", "c2", "m", "o"):
            await there.ok("POST", "/v1/devices/events", who, json={"name": f"sun/{who}", "data": "1"})
        await there.ok("POST", "/v1/devices/events", "c", json={"name": "moon/c"})
        await there.ok("POST", f"/v1/products/{fixture.product}/events", "m", data={"name": "sun/product"})
        async with asyncio.timeout(PATIENCE):
            heard = [await there.devices.received.get() for _ in range(2)]
        assert heard == [(DEVICE, "sun/c", "1"), (DEVICE, "sun/product", None)]
        assert there.devices.received.empty()


async def test_a_claimed_device_does_not_hear_the_other_devices_of_its_product(tmp_path: Path) -> None:
    """Only what its owner's devices say, and what is said to the product itself; unclaimed it hears all of them."""

    async def heard(there: World) -> list[str]:
        await there.device_publishes("sun/device", device_id=OTHER_DEVICE)
        await there.ok("POST", "/v1/devices/events", "c2", json={"name": "sun/customer"})
        await there.ok("POST", "/v1/products/20001/events", "m", json={"name": "sun/as", "as_device_id": OTHER_DEVICE})
        await there.ok("POST", "/v1/products/20001/events", "m", json={"name": "sun/product"})
        names: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while not names or names[-1] != "sun/product":
                device, name, _ = await there.devices.received.get()
                assert device == DEVICE
                names.append(name)
        return names

    async with world(tmp_path) as there:
        await populate(there)
        await there.enrol("m", OTHER_DEVICE)
        await there.ok("POST", "/v1/products/20001/devices", "m", json={"id": OTHER_DEVICE})
        await there.go_online(OTHER_DEVICE, product_id=20001)
        await there.ok("POST", "/v1/devices", "c2", json={"id": OTHER_DEVICE})
        there.devices.listening[DEVICE] = (Subscription("sun/", "mine"),)
        assert await heard(there) == ["sun/device", "sun/as", "sun/product"]
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        assert await heard(there) == ["sun/product"]
        await there.ok("DELETE", f"/v1/devices/{DEVICE}", "c")
        await there.ok("POST", "/v1/devices", "c2", json={"id": DEVICE})
        assert await heard(there) == ["sun/device", "sun/customer", "sun/as", "sun/product"]


async def test_whom_a_device_hears_by_the_scope_in_which_it_listens(tmp_path: Path) -> None:
    """To mine, to all (public events of anybody, in 2016), or to one device, by its id or the beginning of it."""

    async def heard(there: World, scope: str) -> list[str]:
        there.devices.received = asyncio.Queue()
        there.devices.listening[OTHER_DEVICE] = (Subscription("sun/", scope),)
        for name, private in (("sun/private", True), ("sun/public", False)):
            await there.cloud.reports.published(DEVICE, PublishedEvent(name, None, 60, private))
        await there.ok("POST", "/v1/devices/events", "u", json={"name": "sun/mine", "private": True})
        await there.cloud.reports.published(DEVICE, PublishedEvent("sun/end", None, 60, False))
        await there.ok("POST", "/v1/devices/events", "u", json={"name": "sun/end", "private": True})
        names: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while not names or names[-1] != "sun/end":
                names.append((await there.devices.received.get())[1])
        return names[:-1]

    async with world(tmp_path, Settings(era="2016-after")) as there:
        for who, device in (("o", DEVICE), ("u", OTHER_DEVICE)):
            await there.user(who)
            await there.enrol(who, device)
            await there.go_online(device)
            await there.ok("POST", "/v1/devices", who, json={"id": device})
        assert await heard(there, "mine") == ["sun/mine"]
        assert await heard(there, "all") == ["sun/public", "sun/mine"]
        assert await heard(there, DEVICE) == await heard(there, DEVICE[:12]) == ["sun/public"]
