"""What the cloud asks of a device and what a device asks of the cloud, as both Device OS generations speak."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import pytest

from photonrig.errors import ProtocolError, UsageError
from photonrig.localcloud.device.contract import (
    Describe,
    DeviceOffline,
    DeviceTimeout,
    FunctionUnknown,
    PublishedEvent,
    Subscription,
    VariableUnknown,
)
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.system_events import CLAIM_CODE
from photonrig.particle import messages
from photonrig.particle.coap import Code, Message, MessageType

from ...patience import PATIENCE
from .conftest import DEVICE_ID, RecordingCore
from .peer import LARGE_SYSTEM, OLD_SYSTEM, DevicePeer

NewDevice = Callable[..., DevicePeer]


@pytest.fixture(params=["2.3.1", "0.6.3"])
def device(request: pytest.FixtureRequest, new_device: NewDevice) -> DevicePeer:
    """A device of each generation, not yet joined."""
    peer = new_device()
    if request.param == "0.6.3":
        peer.legacy, peer.posts, peer.system = True, False, OLD_SYSTEM
        peer.hello = messages.Hello(6, 2, 0, 6)
    return peer


def event_named(name: str) -> Callable[[Message], bool]:
    return lambda message: b"/".join(message.path[1:]) == name.encode() and message.path[0] in (b"e", b"E")


async def test_variables_of_every_type(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    assert await hub.read_variable(DEVICE_ID, "position", "int32") == 42
    assert await hub.read_variable(DEVICE_ID, "moving", "bool") is True
    assert await hub.read_variable(DEVICE_ID, "variant", "string") == "roller"
    assert await hub.read_variable(DEVICE_ID, "ratio", "double") == 0.5


async def test_diagnostics(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    assert await hub.metrics(DEVICE_ID) == {6: 600, 10: 2}
    device.metrics = b"{}"
    with pytest.raises(ProtocolError):
        await hub.metrics(DEVICE_ID)
    with pytest.raises(DeviceOffline):
        await hub.metrics("f" * 24)


async def test_an_unknown_variable(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    with pytest.raises(VariableUnknown):
        await hub.read_variable(DEVICE_ID, "nothing", "int32")
    with pytest.raises(VariableUnknown):
        await hub.read_variable(DEVICE_ID, "n" * 65, "int32")
    assert not [message for message in device.received if message.path[1:2] == [b"n" * 65]]


async def test_a_variable_of_another_size_than_its_type(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    with pytest.raises(ProtocolError, match="6 bytes"):
        await hub.read_variable(DEVICE_ID, "variant", "int32")


async def test_many_reads_at_once_get_their_own_answers(hub: DeviceHub, device: DevicePeer) -> None:
    device.variables |= {f"v{number}": messages.encode_value("int32", number) for number in range(100)}
    await device.join()
    values = await asyncio.gather(*(hub.read_variable(DEVICE_ID, f"v{number}", "int32") for number in range(100)))
    assert values == list(range(100))


async def test_a_function(hub: DeviceHub, device: DevicePeer) -> None:
    device.functions["move"] = lambda argument: -len(argument)
    await device.join()
    assert await hub.call_function(DEVICE_ID, "move", "abc") == -3
    assert await hub.call_function(DEVICE_ID, "move", "") == 0
    call = [message for message in device.received if message.path == [b"f", b"move"]][-1]
    assert call.encode().endswith(b"\x04move\x40"), "an empty argument is still there"


async def test_an_unknown_function_is_not_called(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    with pytest.raises(FunctionUnknown):
        await hub.call_function(DEVICE_ID, "nothing", "1")
    assert not [message for message in device.received if message.path[:1] == [b"f"]]


async def test_a_function_registered_after_the_describe(
    hub: DeviceHub, core: RecordingCore, device: DevicePeer
) -> None:
    await device.join()
    await core.saw("described")
    device.application = b'{"f":["move","late"],"v":{}}'
    device.functions["late"] = lambda _: 7
    assert await hub.call_function(DEVICE_ID, "late", "") == 7
    described = await core.saw("described", 2)
    assert isinstance(described, Describe)
    assert described.functions == ("move", "late")


async def test_an_argument_too_long_is_refused_before_it_is_sent(hub: DeviceHub, device: DevicePeer) -> None:
    device.functions["move"] = len
    await device.join()
    limit = 63 if device.legacy else 622
    assert await hub.call_function(DEVICE_ID, "move", "x" * limit) == limit
    with pytest.raises(UsageError, match=f"{limit + 1} bytes.*takes {limit}"):
        await hub.call_function(DEVICE_ID, "move", "x" * (limit + 1))
    assert hub.online(DEVICE_ID)


async def test_a_device_with_the_large_buffer_takes_864_bytes(hub: DeviceHub, new_device: NewDevice) -> None:
    """Device OS 3.0 and later: arguments of 864 bytes, and events that fill its 928 bytes of ciphertext."""
    device = new_device()
    device.system, device.functions["move"] = LARGE_SYSTEM, len
    await device.join()
    device.subscribe("shade/", "mine")
    assert await hub.call_function(DEVICE_ID, "move", "x" * 864) == 864
    with pytest.raises(UsageError, match=r"865 bytes.*takes 864"):
        await hub.call_function(DEVICE_ID, "move", "x" * 865)
    assert hub.send_event(DEVICE_ID, "shade/moved", "x" * 900)
    assert (await device.got(event_named("shade/moved"))).payload == b"x" * 900
    assert not hub.send_event(DEVICE_ID, "shade/moved", "x" * 920)


async def test_a_function_that_does_not_return(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    with pytest.raises(DeviceTimeout):
        await hub.call_function(DEVICE_ID, "slow", "", timeout=0.1)
    assert await hub.call_function(DEVICE_ID, "move", "5") == 5


async def test_each_request_has_its_own_time(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    given_up: list[float] = []

    async def call(within: float) -> None:
        with pytest.raises(DeviceTimeout):
            await hub.call_function(DEVICE_ID, "slow", "", timeout=within)
        given_up.append(within)

    await asyncio.gather(*(call(within) for within in (0.3, 0.1, 0.2)))
    assert given_up == [0.1, 0.2, 0.3]
    assert await hub.call_function(DEVICE_ID, "move", "5") == 5


async def test_a_device_that_goes_away_in_the_middle(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    call = asyncio.create_task(hub.call_function(DEVICE_ID, "slow", ""))
    await device.got(lambda message: message.path == [b"f", b"slow"])
    await device.leave()
    with pytest.raises(DeviceOffline):
        await call


async def test_signal_and_ping_whatever_id_the_answer_has(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    await hub.signal(DEVICE_ID, True)
    await hub.signal(DEVICE_ID, False)
    sent = [message.values(15) for message in device.received if message.path == [b"s"]]
    assert sent == [[b"\1"], [b"\0"]]
    assert await hub.ping(DEVICE_ID)


async def test_ping_of_a_device_that_is_not_there(hub: DeviceHub, device: DevicePeer) -> None:
    assert await hub.ping(DEVICE_ID) is False
    await device.join()
    device.mute = True
    assert await hub.ping(DEVICE_ID, timeout=0.1) is False


async def test_describe_of_both_parts(hub: DeviceHub, core: RecordingCore, device: DevicePeer) -> None:
    await device.join()
    describe = await core.saw("described")
    assert isinstance(describe, Describe)
    assert describe.functions == ("move", "slow")
    assert describe.variables == {"position": "int32", "moving": "bool", "variant": "string", "ratio": "double"}
    assert describe.system_version == ("0.6.3" if device.legacy else "2.3.1")
    assert [module["f"] for module in describe.modules] == ["s"]
    assert core.events[0][0] == "online"


async def test_a_device_that_posts_its_describe_is_not_asked(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    peer = await new_device().join()
    await core.saw("described")
    await hub.ping(DEVICE_ID)
    assert not [message for message in peer.received if message.path == [b"d"]]


async def test_a_device_that_forgets_to_post_is_asked_for_each_part(core: RecordingCore, new_device: NewDevice) -> None:
    peer = new_device()
    peer.posts = False
    await peer.join()
    await core.saw("described")
    assert [message.values(15) for message in peer.received if message.path == [b"d"]] == [[b"\1"], [b"\2"]]
    assert len(core.all("described")) == 1


async def test_one_request_answered_with_both_parts(core: RecordingCore, new_device: NewDevice) -> None:
    """Device OS 0.6.0: two answers with the request's token to one request."""
    peer = new_device()
    peer.posts, peer.mute, peer.hello = False, True, messages.Hello(6, 2, 0, 6)
    await peer.join()
    request = await peer.got(lambda message: message.path == [b"d"])
    for content in (peer.system, peer.application):
        peer.send(messages.reply(MessageType.ACK, Code.CONTENT, request.message_id, request.token, content))
    described = await core.saw("described")
    assert isinstance(described, Describe)
    assert described.functions == ("move", "slow")
    assert described.system_version == "2.3.1"


async def test_events_reach_the_core_in_order(core: RecordingCore, device: DevicePeer) -> None:
    await device.join()
    device.publish("shade/moved", b'{"p":1}')
    device.publish("loud", b"", private=False)
    device.publish("bare", None)
    device.send(messages.device_event(7, "old", b"\xff", private=True, ttl=3600))
    await core.saw("event", 4)
    assert core.all("event") == [
        PublishedEvent("shade/moved", '{"p":1}', 60, True),
        PublishedEvent("loud", "", 60, False),
        PublishedEvent("bare", None, 60, True),
        PublishedEvent("old", "\ufffd", 3600, True),
    ]


async def test_a_burst_of_one_device_lets_others_have_their_turn(
    core: RecordingCore, new_device: NewDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streams are served by tasks of their own; without a turn between events they would fall behind by a burst."""
    device = new_device()
    turn, seen, all_seen = 0, list[int](), asyncio.Event()

    async def published(device_id: str, event: PublishedEvent) -> None:
        seen.append(turn)
        if len(seen) == 50:
            all_seen.set()

    async def take_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(core, "published", published)
    await device.join()
    others = asyncio.create_task(take_turns())
    for _ in range(50):
        device.publish("burst", b"1")
    async with asyncio.timeout(PATIENCE):
        await all_seen.wait()
    others.cancel()
    assert len(set(seen)) == 50


async def test_every_con_is_acknowledged_with_its_id(device: DevicePeer) -> None:
    await device.join()
    ids = [device.publish("e", b"1", confirm=True)]
    for number, message in enumerate((messages.ping(0x7001), messages.subscribe(0x7002, "x", "all"))):
        device.send(message)
        ids.append(0x7001 + number)
    device.send(Message(MessageType.CON, Code.POST, 0x7003, b"", ((11, b"x"),)))
    for message_id in (*ids, 0x7003):
        await device.got(lambda message, wanted=message_id: message == messages.acknowledge(wanted))


async def test_a_fault_of_the_core_does_not_end_the_session(
    hub: DeviceHub, core: RecordingCore, device: DevicePeer, caplog: pytest.LogCaptureFixture
) -> None:
    await device.join()
    with caplog.at_level(logging.ERROR):
        device.publish("poison", b"")
        device.publish("after", b"")
        await core.saw("event", 2)
    assert "the core has a fault" in caplog.text
    assert await hub.ping(DEVICE_ID)


async def test_an_accepted_claim_code_is_confirmed_and_hidden(
    hub: DeviceHub, core: RecordingCore, device: DevicePeer
) -> None:
    await device.join()
    device.publish(CLAIM_CODE.name, b"x" * 63)
    assert await core.saw("claim") == "x" * 63
    await device.got(event_named(CLAIM_CODE.name))
    await hub.ping(DEVICE_ID)
    assert core.all("event") == []


async def test_a_refused_claim_code_is_not_confirmed(hub: DeviceHub, core: RecordingCore, device: DevicePeer) -> None:
    core.claims = False
    await device.join()
    device.publish(CLAIM_CODE.name, b"y" * 63)
    await core.saw("claim")
    device.publish("canary", None)
    await core.saw("event")
    assert await hub.ping(DEVICE_ID)
    assert not list(filter(event_named(CLAIM_CODE.name), device.received))


async def test_an_erased_claim_code_is_none(core: RecordingCore, device: DevicePeer) -> None:
    await device.join()
    device.publish(CLAIM_CODE.name, b"\xff" * 63)
    device.publish("canary", None)
    await core.saw("event")
    assert core.all("claim") == []


async def test_the_time(device: DevicePeer) -> None:
    await device.join()
    device.send(messages.time_request(0x4321, b"\x67"))
    answer = await device.got(lambda message: message.token == b"\x67")
    assert (answer.type, answer.code, answer.message_id) == (MessageType.ACK, Code.CONTENT, 0x4321)
    assert int.from_bytes(answer.payload or b"", "big") > 1_600_000_000


async def test_subscriptions_and_events_to_the_device(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    device.subscribe("shade/", "mine")
    device.subscribe("all", "all")
    device.subscribe("one", "0123456789ab")
    device.publish("sync", b"", confirm=True)
    sync = await device.got(lambda message: message.type is MessageType.ACK and message.code == Code.EMPTY)
    assert sync is not None
    while len(hub.subscriptions(DEVICE_ID)) < 5:
        assert await hub.ping(DEVICE_ID)
    assert hub.subscriptions(DEVICE_ID)[2:] == (
        Subscription("shade/", "mine"),
        Subscription("all", "all"),
        Subscription("one", "0123456789ab"),
    )
    assert hub.send_event(DEVICE_ID, "shade/go", "now", private=False)
    assert hub.send_event(DEVICE_ID, "particle/device/updates/forced", "true")
    assert not hub.send_event(DEVICE_ID, "nobody/listens", "x")
    assert not hub.send_event("00" * 12, "shade/go", "x")
    message = await device.got(event_named("shade/go"))
    assert (message.path[0], message.payload, message.type) == (b"e", b"now", MessageType.NON)
    private = await device.got(event_named("particle/device/updates/forced"))
    assert private.path[0] == b"E"
    assert not list(filter(event_named("nobody/listens"), device.received))


async def test_an_event_too_long_for_the_device_is_left_out(hub: DeviceHub, device: DevicePeer) -> None:
    await device.join()
    assert not hub.send_event(DEVICE_ID, "spark/x", "x" * 800)
    assert await hub.ping(DEVICE_ID)


@pytest.mark.parametrize(("name", "check"), [("random", lambda d: len(d) == 40), ("ip", lambda d: d == b"127.0.0.1")])
async def test_what_an_application_may_ask_by_convention(
    device: DevicePeer, name: str, check: Callable[[bytes], bool]
) -> None:
    await device.join()
    device.publish(f"spark/device/{name}", None)
    answer = await device.got(event_named(f"spark/device/{name}"))
    assert check(answer.payload or b"")


async def test_a_device_that_reads_nothing_is_let_go(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    peer = await new_device().join()
    await core.saw("described")
    peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
    for _ in range(100_000):
        if not hub.send_event(DEVICE_ID, "spark/flood", "x" * 600):
            break
    await core.saw("offline")
    peer.writer.transport.abort()
