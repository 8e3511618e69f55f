"""Vitals: asked of the device, kept and published."""

from pathlib import Path

from ..world import DEVICE, populate, world


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
