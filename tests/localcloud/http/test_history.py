"""Looking back: what was published, to whom it is shown, for how long."""

from pathlib import Path
from typing import Any

import pytest

from photonrig.localcloud.events import iso_time
from photonrig.localcloud.service import history
from photonrig.localcloud.service.cloud import Settings

from ..world import DEVICE, World, populate, world

EXTENDED = Settings(extensions=True)


async def _names(there: World, path: str, who: str, **query: Any) -> list[str]:
    answer = await there.ok("GET", f"/extensions/v1/{path}", who, params=query)
    return [event["name"] for event in answer["events"]]


async def test_everybody_sees_in_the_past_what_the_stream_would_have_shown(tmp_path: Path) -> None:
    async with world(tmp_path, EXTENDED) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
        await there.device_publishes("shade/moved", "1")
        await there.ok("POST", "/v1/devices/events", "m", json={"name": "mine"})
        product = f"products/{fixture.product}/events"
        assert await _names(there, "devices/events", "c") == ["shade/moved"]
        assert await _names(there, "devices/events", "m") == ["mine"]
        assert await _names(there, "devices/events", "o") == []
        assert await _names(there, f"{product}/shade/", "m") == ["shade/moved"]
        assert (await _names(there, product, "p"))[-1] == "shade/moved"
        assert (await there.call("GET", f"/extensions/v1/{product}", "c")).status_code == 404
        (event,) = (await there.ok("GET", "/extensions/v1/devices/events", "c"))["events"]
        assert event == {
            "name": "shade/moved",
            "data": "1",
            "ttl": "60",
            "coreid": DEVICE,
            "published_at": iso_time(there.clock.seconds),
        }


async def test_since_and_limit(tmp_path: Path) -> None:
    async with world(tmp_path, EXTENDED) as there:
        await there.user("u")
        for number in range(5):
            await there.ok("POST", "/v1/devices/events", "u", json={"name": f"e{number}"})
            there.clock.seconds += 10
        since = iso_time(there.clock.seconds - 25)
        assert await _names(there, "devices/events", "u", since=since) == ["e3", "e4"]
        assert await _names(there, "devices/events", "u", limit=2) == ["e3", "e4"]
        for bad in ({"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"since": "yesterday"}):
            assert (await there.call("GET", "/extensions/v1/devices/events", "u", params=bad)).status_code == 400


async def test_events_outlive_the_process_for_a_day(tmp_path: Path) -> None:
    async with world(tmp_path, EXTENDED) as there:
        await there.user("u")
        await there.ok("POST", "/v1/devices/events", "u", json={"name": "old", "data": "x"})
        token = there.tokens["u"]
    async with world(tmp_path, EXTENDED) as there:
        there.tokens["u"] = token
        assert await _names(there, "devices/events", "u") == ["old"]
        there.clock.seconds += history.EVENT_SECONDS + 1
        await there.ok("POST", "/v1/devices/events", "u", json={"name": "new"})
        assert await _names(there, "devices/events", "u") == ["new"]


async def test_of_very_many_events_the_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "EVENTS_KEPT", 700)
    async with world(tmp_path, EXTENDED) as there:
        await there.user_with_device("u")
        for number in range(1500):
            await there.device_publishes(f"e{number}")
        assert await _names(there, "devices/events", "u", limit=1000) == [f"e{number}" for number in range(800, 1500)]


async def test_without_extensions_it_is_not_there(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        assert (await there.call("GET", "/extensions/v1/devices/events", "u")).status_code == 404
