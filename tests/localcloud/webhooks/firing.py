"""What tests of webhooks share: a user's device that publishes, and what the cloud publishes then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from photonrig.localcloud.events import Event

from ...patience import PATIENCE
from ..world import DEVICE, World

EVENT = Event("shade/moved", '{"room":"attic","pos":[10,20],"at":{"t":21.5},"on":true}', DEVICE, 0.0, device=DEVICE)


@contextlib.asynccontextmanager
async def watching(there: World) -> AsyncIterator[list[Event]]:
    """All events of the cloud, as they are published."""
    seen: list[Event] = []
    reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event)), "token")
    yield seen
    there.cloud.bus.unsubscribe(reader)


async def fire(there: World, name: str, data: str | None = None, device_id: str = DEVICE) -> None:
    """A device publishes; until no webhook is under way."""
    await there.device_publishes(name, data, device_id)
    async with asyncio.timeout(PATIENCE):
        await there.cloud.webhooks.idle()


async def published(there: World, name: str, data: str | None = None) -> list[tuple[str, str | None]]:
    """What the cloud publishes after a device's event, until no webhook is under way."""
    async with watching(there) as seen:
        await fire(there, name, data)
    assert all(event.coreid == "particle-internal" for event in seen[1:])
    return [(event.name, event.data) for event in seen[1:]]
