"""The event bus: audiences, and readers that each read at their own pace."""

import asyncio
import weakref

from photonrig.localcloud.events import Event
from photonrig.localcloud.service.bus import Bus


async def test_readers_of_one_audience_are_asked_once_and_each_reads_at_its_own_pace() -> None:
    bus, asked = Bus(), list[str]()

    def wants(event: Event) -> bool:
        asked.append(event.name)
        return event.name != "other"

    def names(chunk: bytes | None) -> list[str]:
        return [line[7:] for line in (chunk or b"").decode().split("\n") if line.startswith("event: ")]

    fast, slow = (bus.subscribe(wants, "token", length=3, audience="us") for _ in range(2))
    for name in ("a", "other", "b"):
        bus.publish(Event(name, None, "id", 0.0))
    assert asked == ["a", "other", "b"]
    assert names(await fast.next(1)) == ["a", "b"]
    late = bus.subscribe(wants, "late", length=3, audience="us")
    for name in ("c", "d"):
        bus.publish(Event(name, None, "id", 0.0))
    assert names(await fast.next(1)) == names(await late.next(1)) == ["c", "d"]
    assert await slow.next(1) == b":dropped 1 events, this reader was too slow\n\n"
    assert names(await slow.next(1)) == ["b", "c", "d"]
    waiting = asyncio.create_task(late.next(10))
    await asyncio.sleep(0)
    bus.close_token("late")
    assert await waiting is None
    bus.publish(Event("e", None, "id", 0.0))
    assert names(await slow.next(1)) == ["e"]
    bus.unsubscribe(fast)
    bus.publish(Event("f", None, "id", 0.0))
    assert (names(await slow.next(1)), bus.readers) == (["f"], 2)


async def test_what_all_have_read_is_kept_no_longer() -> None:
    bus = Bus()
    readers = [bus.subscribe(lambda event: True, "token", audience="us") for _ in range(2)]
    event = Event("large", "x" * 600, "id", 0.0)
    gone = weakref.ref(event)
    bus.publish(event)
    del event
    for reader in readers:
        assert gone() is not None
        await reader.next(1)
    assert gone() is None
