"""One question decides what anybody is shown: of streams, the history, listening devices and webhooks alike."""

from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.eras.today import TODAY
from photonrig.localcloud.eras.viewers import DeviceViewer, HookViewer, StreamViewer, Viewer
from photonrig.localcloud.events import Event
from photonrig.localcloud.service import cloud
from photonrig.localcloud.service.cloud import Settings

from ..world import DEVICE, OTHER_DEVICE, world

NAME = "shade/moved"


@pytest.mark.parametrize("entitled", [True, False])
async def test_who_is_not_entitled_is_shown_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entitled: bool
) -> None:
    asked: list[type[Viewer]] = []

    def entitles(viewer: Viewer, event: Event) -> bool:
        if event.name == NAME:
            asked.append(type(viewer))
        return entitled

    monkeypatch.setattr(cloud, "era_named", lambda _: replace(TODAY, entitles=entitles))

    async with world(tmp_path, Settings(extensions=True)) as there:
        await there.user("u")
        for device in (DEVICE, OTHER_DEVICE):
            await there.enrol("u", device)
            await there.go_online(device)
            await there.ok("POST", "/v1/devices", "u", json={"id": device})
        there.devices.listening[OTHER_DEVICE] = (Subscription("shade", "mine"),)
        await there.ok("POST", "/v1/integrations", "u", json={"event": "shade", "url": "http://127.0.0.1:9/"})
        token = there.cloud.tokens.find(there.tokens["u"])
        viewer = StreamViewer(there.cloud.tokens.principal(token), "own", "shade")
        reader = there.cloud.events.open((viewer,), token)
        await there.device_publishes(NAME, "1")
        # All of them were asked before the device had said its next.
        assert asked == [StreamViewer, HookViewer, DeviceViewer]
        assert reader.has_all is not entitled
        assert there.devices.received.empty() is not entitled
        assert there.cloud.webhooks.waiting == int(entitled)
        seen = there.cloud.events.latest(viewer, since=0, limit=10)
        assert [event.name for event in seen] == [NAME] * entitled
        there.cloud.events.end(reader)
