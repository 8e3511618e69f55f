"""How devices come in, stay and go: splits, cuts, garbage, wrong keys, replaced and silent sessions."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.localcloud.device.allowance import Allowance
from photonrig.localcloud.device.contract import DeviceOffline, Hello
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.device.limits import Limits
from photonrig.particle import messages
from photonrig.particle.coap import Code, Message, MessageType

from ...patience import PATIENCE
from .conftest import DEVICE_ID, OTHER_ID, LocalHub, RecordingCore
from .peer import ANY, DevicePeer

NewDevice = Callable[..., DevicePeer]


async def turns() -> None:
    """Let the server read what was just sent: loopback delivers at once, reading takes two turns of the shared loop."""
    for _ in range(4):
        await asyncio.sleep(0)


async def closed(reader: asyncio.StreamReader) -> None:
    """Wait until the server hangs up."""
    try:
        async with asyncio.timeout(ANY):
            while await reader.read(4096):
                pass
    except ConnectionError:
        return


async def test_a_device_comes_online_and_goes(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = await new_device().join()
    assert await core.saw("online") == Hello(6, 2, 6, 0x36, "127.0.0.1")
    assert hub.online(DEVICE_ID)
    await peer.leave()
    await core.saw("offline")
    assert not hub.online(DEVICE_ID)
    with pytest.raises(DeviceOffline):
        await hub.read_variable(DEVICE_ID, "position", "int32")


async def test_the_device_block_may_be_split_anywhere(core: RecordingCore, new_device: NewDevice) -> None:
    for cut in range(1, 256):
        peer = new_device()
        block = await peer.connect()
        peer.writer_write(block[:cut])
        await turns()
        peer.writer_write(block[cut:])
        await peer.take_session()
        peer.writer_write(peer.first_frames())
        await core.saw("online", cut)
        await peer.leave()


async def test_the_first_frames_may_be_split_anywhere(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    cut = size = 1
    while cut <= size:
        peer = new_device()
        peer.writer_write(await peer.connect())
        await peer.take_session()
        frames = peer.first_frames()
        size = len(frames)
        peer.writer_write(frames[:cut])
        await turns()
        peer.writer_write(frames[cut:])
        await core.saw("described", cut)
        peer.start()
        assert await hub.read_variable(DEVICE_ID, "position", "int32") == 42
        await peer.leave()
        await core.saw("offline", cut)
        cut += 1
    assert size > 250


async def test_everything_in_single_bytes(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = new_device()
    for byte in await peer.connect():
        peer.writer_write(bytes((byte,)))
        await turns()
    await peer.take_session()
    for byte in peer.first_frames():
        peer.writer_write(bytes((byte,)))
        await turns()
    await core.saw("described")
    assert len(hub.subscriptions(DEVICE_ID)) == 2


async def test_a_connection_cut_at_any_byte_leaves_the_service_whole(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    steady = await new_device(OTHER_ID, 1).join()
    for cut in range(0, 256, 5):
        peer = new_device()
        peer.writer_write((await peer.connect())[:cut])
        await turns()
        peer.writer.transport.abort()
    for cut in range(0, 400, 7):
        peer = new_device()
        peer.writer_write(await peer.connect())
        await peer.take_session()
        peer.writer_write(peer.first_frames()[:cut])
        await turns()
        peer.writer.transport.abort()
    assert await hub.ping(OTHER_ID)
    await new_device().join()
    assert await hub.read_variable(OTHER_ID, "variant", "string") == "roller"
    assert not steady.ended


async def test_garbage_on_the_port_disturbs_nobody(hub: LocalHub, core: RecordingCore, new_device: NewDevice) -> None:
    await new_device().join()
    chance = random.Random(1)
    pieces = [b"GET / HTTP/1.1\r\n\r\n" + bytes(300), bytes(256), b"\xff" * 256, os.urandom(4096)]
    pieces += [chance.randbytes(256 + number) for number in range(30)]
    for piece in pieces:
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(piece)
        await closed(reader)
        writer.close()
        assert await hub.read_variable(DEVICE_ID, "position", "int32") == 42
    assert core.all("offline") == []


async def test_garbage_instead_of_frames_ends_only_that_session(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    await new_device(OTHER_ID, 1).join()
    peer = await new_device().join()
    peer.writer_write(b"\xff" * 50)
    await peer.end()
    await core.saw("offline")
    assert hub.online(OTHER_ID)
    assert not hub.online(DEVICE_ID)


async def test_a_message_that_makes_no_sense_is_passed_over(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    peer = await new_device().join()
    for plain in (b"\x00", bytes(4), b"\x4f" + bytes(20), bytes.fromhex("50020001b165"), bytes.fromhex("5007000100ff")):
        peer.writer_write(peer.encoder.encode(plain))
    peer.send(messages.describe_post(9, messages.DescribePart.SYSTEM, b"not json"))
    assert await hub.read_variable(DEVICE_ID, "position", "int32") == 42


async def test_a_device_with_another_key_than_enrolled_is_turned_away(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    new_device(key=0)
    impostor = new_device(key=1, enrolled=False)
    impostor.writer_write(await impostor.connect())
    await closed(impostor.reader)
    assert core.events == []
    assert f"{DEVICE_ID} showed another key" in caplog.text


async def test_an_unknown_device_is_turned_away_unless_admitted(
    core: RecordingCore, new_device: NewDevice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stranger = new_device(enrolled=False)
    stranger.writer_write(await stranger.connect())
    await closed(stranger.reader)
    assert core.events == []
    assert f"{DEVICE_ID} is unknown" in caplog.text
    core.admits = True
    await new_device(enrolled=False).join()
    await core.saw("online")
    assert core.keys[DEVICE_ID] == stranger.public_key


async def test_who_knows_the_public_key_alone_gets_no_session(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, server_key: rsa.RSAPrivateKey
) -> None:
    """The block can be made by anybody; the frames after it only by the holder of the private key."""
    peer = new_device()
    peer.writer_write(await peer.connect())
    await peer.reader.readexactly(384)
    # One block in 256 has sound padding by chance under any key, and would be ignored as a message; not four in a row.
    peer.writer_write(b"".join(bytes.fromhex("0010") + bytes([n]) * 16 for n in range(4)))
    await closed(peer.reader)
    assert core.events == []
    assert not hub.online(DEVICE_ID)


async def test_a_newer_session_replaces_the_older(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    older = await new_device().join()
    newer = await new_device().join()
    await older.end()
    await core.saw("online", 2)
    assert await hub.ping(DEVICE_ID)
    assert core.all("offline") == []
    await newer.leave()
    await core.saw("offline")


async def test_what_an_older_session_said_is_told_before_the_newer_one(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    core.event_gate = asyncio.Event()
    older = await new_device().join()
    older.publish("last", b"words")
    answer = older.publish("truly", b"last", confirm=True)
    await older.got(lambda message: message.message_id == answer)
    await new_device().join()
    assert await hub.ping(DEVICE_ID)
    core.event_gate.set()
    await core.saw("online", 2)
    kinds = [kind for kind, _, _ in core.events if kind != "described"]
    assert kinds == ["online", "event", "event", "online"]


async def test_a_ping_before_hello_is_answered(core: RecordingCore, new_device: NewDevice) -> None:
    peer = new_device()
    peer.writer_write(await peer.connect())
    await peer.take_session()
    peer.send(messages.ping(0xFB01))
    peer.start()
    await peer.got(lambda message: message == messages.acknowledge(0xFB01))
    assert core.events == []
    peer.writer_write(peer.first_frames())
    await core.saw("online")


async def test_closing_the_hub_ends_all_sessions(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peers = [await new_device().join(), await new_device(OTHER_ID, 1).join()]
    half = new_device()
    await half.connect()
    await hub.close()
    for peer in peers:
        await peer.end()
    await closed(half.reader)
    assert len(core.all("offline")) == 2


async def test_disconnect(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = await new_device().join()
    hub.disconnect(DEVICE_ID)
    await peer.end()
    await core.saw("offline")
    hub.disconnect(DEVICE_ID)


class TestImpatient:
    """Limits that end a connection, made short."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(handshake=0.6, silence=0.6, describe_grace=0.0, describe_answer=0.05)

    async def test_a_handshake_that_does_not_go_on_is_closed(self, hub: DeviceHub, new_device: NewDevice) -> None:
        peer = new_device()
        await peer.connect()
        await closed(peer.reader)

    async def test_a_device_without_hello_is_closed(
        self, hub: DeviceHub, core: RecordingCore, new_device: NewDevice
    ) -> None:
        peer = new_device()
        peer.writer_write(await peer.connect())
        await peer.take_session()
        await closed(peer.reader)
        assert core.events == []

    async def test_a_silent_session_is_closed(self, hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
        peer = new_device()
        peer.mute = True
        await peer.join()
        await peer.end()
        await core.saw("offline")


class TestSlowCore:
    """Little may wait for the core, and it takes longer than a device may be silent."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(silence=0.6, undelivered=2, describe_grace=0.0, describe_answer=0.05)

    async def test_a_device_is_not_silent_while_it_is_not_listened_to(
        self, hub: DeviceHub, core: RecordingCore, new_device: NewDevice
    ) -> None:
        peer = await new_device().join()
        core.event_gate = asyncio.Event()
        for number in range(6):
            peer.publish("burst", str(number).encode())
        await asyncio.sleep(1.0)  # longer than the silence
        peer.publish("burst", b"6")
        core.event_gate.set()
        await core.saw("event", 7)
        assert core.all("offline") == []
        assert hub.online(DEVICE_ID)


class TestCrowded:
    """At most three unfinished handshakes."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(pending_handshakes=3)

    async def test_of_too_many_unfinished_handshakes_the_oldest_goes(
        self, hub: DeviceHub, core: RecordingCore, new_device: NewDevice
    ) -> None:
        idle = []
        for _ in range(4):
            peer = new_device()
            await peer.connect()
            idle.append(peer)
        await closed(idle[0].reader)
        await new_device().join()
        await core.saw("online")


@pytest.mark.parametrize("limits", [Limits(describe_grace=0.2, messages_per_second=200, message_burst=50)])
async def test_a_device_that_floods_is_slowed_and_others_are_not(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    flooding, calm = await new_device().join(), await new_device(OTHER_ID, 1).join()
    stop = asyncio.Event()

    async def flood() -> None:
        while not stop.is_set():
            for _ in range(50):
                flooding.publish("flood", b"x" * 200)
            await flooding.writer.drain()

    began = asyncio.get_running_loop().time()
    task = asyncio.create_task(flood())
    await core.saw("event", 100)
    for _ in range(50):
        assert await hub.read_variable(OTHER_ID, "position", "int32") == 42
    stop.set()
    flooding.writer.transport.abort()
    await asyncio.wait((task,))
    took = asyncio.get_running_loop().time() - began
    floods = [event for event in core.publications() if event.name == "flood"]
    assert len(floods) <= 50 + 200 * took + 200  # burst, rate, and what one read brings
    assert calm.ended is False
    assert await hub.ping(OTHER_ID)


# What a device may send at any time without having been asked for it.
UNASKED: dict[str, Callable[[DevicePeer], Message]] = {
    "time": lambda peer: messages.time_request(peer.next_id(), b"t"),
    "time by NON": lambda peer: messages.time_request(peer.next_id(), b"t")._replace(type=MessageType.NON),
    "ping": lambda peer: messages.ping(peer.next_id()),
    "empty NON": lambda peer: messages.ping(peer.next_id())._replace(type=MessageType.NON),
    "acknowledgement": lambda peer: messages.acknowledge(peer.next_id()),
    "reset": lambda peer: messages.acknowledge(peer.next_id())._replace(type=MessageType.RST),
    "answer": lambda peer: messages.reply(MessageType.NON, Code.CONTENT, peer.next_id(), b"zz", b"1"),
    "answer by CON": lambda peer: messages.reply(MessageType.CON, Code.CHANGED, peer.next_id(), b"zz", b"1"),
    "describe": lambda peer: messages.describe_post(peer.next_id(), messages.DescribePart.APPLICATION, b"{}"),
    "hello": lambda peer: messages.hello(peer.next_id(), peer.hello),
    "unknown code": lambda peer: Message(MessageType.NON, 0x1F, peer.next_id()),
    "signal": lambda peer: messages.signal(peer.next_id(), b"s", True),
    "subscription": lambda peer: messages.subscribe(peer.next_id(), "a", "mine"),
}


@pytest.mark.parametrize("limits", [Limits(describe_grace=0.2, messages_per_second=400, message_burst=50)])
@pytest.mark.parametrize("kind", [*UNASKED, "no message"])
async def test_whatever_a_device_says_unasked_counts_in_its_allowance(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, kind: str
) -> None:
    peer = await new_device().join()
    await core.saw("described")
    await asyncio.sleep(0.2)  # the burst is whole again
    began = asyncio.get_running_loop().time()
    for _ in range(500):
        if kind in UNASKED:
            peer.send(UNASKED[kind](peer))
        else:
            peer.writer.write(peer.encoder.encode(b"\xff"))
    peer.publish("after", b"1")
    await core.saw("event")
    took = asyncio.get_running_loop().time() - began
    assert core.publications()[0].name == "after"
    assert took > 0.4  # 500 messages, 50 at once and the others at 400 a second
    assert hub.online(DEVICE_ID)


@pytest.mark.parametrize("limits", [Limits(describe_grace=0.2, messages_per_second=1, message_burst=20)])
async def test_what_the_cloud_asked_for_does_not_count(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    """Against the allowance, these answers would take more than five minutes."""
    await new_device().join()
    async with asyncio.timeout(PATIENCE):
        for _ in range(100):
            assert await hub.read_variable(DEVICE_ID, "position", "int32") == 42
            assert await hub.call_function(DEVICE_ID, "move", "7") == 7
            assert await hub.ping(DEVICE_ID)


async def test_a_device_that_floods_before_its_hello_is_hung_up_on(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice
) -> None:
    peer = new_device()
    peer.writer_write(await peer.connect())
    await peer.take_session()
    for _ in range(600):
        peer.send(messages.ping(peer.next_id()))
    await closed(peer.reader)
    assert core.events == []


async def test_the_allowance_of_a_device() -> None:
    now = 0.0
    allowance = Allowance(rate=10, burst=5, now=lambda: now)
    for _ in range(5):
        allowance.spend()
    assert allowance.overdrawn() == 0
    for _ in range(20):
        allowance.spend()
    assert allowance.overdrawn() == 2
    now = 2.0
    assert allowance.overdrawn() == 0
    now = 100.0  # rest fills no more than the burst
    assert allowance.overdrawn() == 0
    for _ in range(15):
        allowance.spend()
    assert allowance.overdrawn() == 1
    allowance.give_back()
    assert allowance.overdrawn() == 0.9
