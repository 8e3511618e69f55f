"""The device port under bytes nobody meant: random and mutated, instead of a handshake and inside a session.

After each story a device that had no part in it has its session and answers, and the service has logged no fault.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from photonrig.errors import ProtocolError
from photonrig.localcloud.device.contract import (
    DeviceOffline,
    DeviceTimeout,
    FlashRefused,
    FunctionUnknown,
    VariableUnknown,
)
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.device.limits import Limits
from photonrig.particle import messages
from photonrig.particle.coap import Code, Message, MessageType
from photonrig.particle.frames import MAX_MESSAGE_FROM_DEVICE

from .conftest import DEVICE_ID, OTHER_ID
from .peer import ANY, APPLICATION, SYSTEM, DevicePeer

NewDevice = Callable[..., DevicePeer]
Step = tuple[str, bytes]
QUICK, LONG = 150, 3_000
# What a request to a device may end in when the device talks nonsense or is gone.
ENDS = (DeviceOffline, DeviceTimeout, FlashRefused, FunctionUnknown, VariableUnknown, ProtocolError)


def bounds(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples == QUICK,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


# --- what is sent -----------------------------------------------------------------------------------------------------

SAID = [
    messages.hello(1, messages.Hello(6, 2, 0x36, 6)),
    messages.describe_post(2, messages.DescribePart.SYSTEM, SYSTEM),
    messages.describe_post(3, messages.DescribePart.APPLICATION, APPLICATION),
    messages.device_event(4, "shade/moved", b"40", private=True, confirm=True),
    messages.device_event(5, "spark/device/claim/code", b"x" * 63, private=True, confirm=False),
    messages.subscribe(6, "shade", "mine"),
    messages.time_request(7, b"\x07"),
    messages.function_result(8, b"\x08", 42),
    messages.update_ready(9, b"\x09", fast=True),
    messages.chunks_missed(10, [0, 1, 2]),
    messages.ping(11),
    messages.acknowledge(12),
    messages.reply(MessageType.ACK, Code.CONTENT, 13, b"\x0d", messages.encode_value("int32", 42)),
]


@st.composite
def mutated(draw: st.DrawFn, origin: bytes) -> bytes:
    """Some bytes changed, put in or taken out, or the end cut off."""
    data = bytearray(origin)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(("change", "insert", "remove", "cut"))):
            case "change" if data:
                data[place] = draw(st.integers(0, 255))
            case "insert":
                data[place:place] = draw(st.binary(min_size=1, max_size=20))
            case "remove":
                del data[place : place + draw(st.integers(1, 8))]
            case "cut":
                del data[place:]
    return bytes(data)


MESSAGES = st.builds(
    Message,
    type=st.sampled_from(MessageType),
    code=st.one_of(st.sampled_from(Code), st.integers(0, 255)),
    message_id=st.integers(0, 0xFFFF),
    token=st.binary(max_size=8),
    options=st.lists(
        st.tuples(
            st.one_of(st.sampled_from((11, 14, 15, 23)), st.integers(0, 400)),
            st.one_of(
                st.sampled_from((b"h", b"d", b"e", b"E", b"f", b"v", b"u", b"c", b"t", b"s")), st.binary(max_size=40)
            ),
        ),
        max_size=6,
    ).map(lambda options: tuple(sorted(options, key=lambda option: option[0]))),
    payload=st.one_of(st.none(), st.binary(max_size=200)),
)
STEPS = st.one_of(
    st.tuples(st.just("frame"), st.sampled_from(SAID).flatmap(lambda message: mutated(message.encode()))),
    st.tuples(st.just("frame"), MESSAGES.map(Message.encode)),
    st.tuples(st.just("frame"), st.binary(max_size=MAX_MESSAGE_FROM_DEVICE)),
    st.tuples(st.just("answer"), st.one_of(st.binary(max_size=40), mutated(APPLICATION), mutated(SYSTEM))),
    st.tuples(st.just("bytes"), st.binary(min_size=1, max_size=60)),
)


# --- stories ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def limits() -> Limits:
    return Limits(describe_grace=0.05, describe_answer=0.2, handshake=2.0, update_ready=(0.3,), chunk_answer=0.3)


@pytest.fixture
async def bystander(hub: DeviceHub, new_device: NewDevice) -> DevicePeer:
    return await new_device(OTHER_ID, 1).join()


async def unharmed(hub: DeviceHub, bystander: DevicePeer, caplog: pytest.LogCaptureFixture) -> None:
    assert await asyncio.wait_for(hub.read_variable(OTHER_ID, "position", "int32"), ANY) == 42
    assert not bystander.ended
    faults = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert faults == []


async def before_the_handshake(
    hub: DeviceHub,
    new_device: NewDevice,
    bystander: DevicePeer,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[bytes], bytes],
) -> None:
    peer = new_device()
    peer.writer_write(change(await peer.connect()))
    peer.writer.write_eof()
    with contextlib.suppress(ConnectionError):
        while await asyncio.wait_for(peer.reader.read(4096), ANY):
            pass
    peer.writer.close()
    await unharmed(hub, bystander, caplog)


async def within_a_session(
    hub: DeviceHub,
    new_device: NewDevice,
    bystander: DevicePeer,
    caplog: pytest.LogCaptureFixture,
    steps: list[Step],
    mute: bool,
) -> None:
    """The device says all this while it is asked for everything it can be asked for."""
    peer = await new_device().join()
    peer.mute = mute
    asked = [
        asyncio.ensure_future(each)
        for each in (
            hub.read_variable(DEVICE_ID, "position", "int32", timeout=0.3),
            hub.read_variable(DEVICE_ID, "variant", "string", timeout=0.3),
            hub.call_function(DEVICE_ID, "move", "7", timeout=0.3),
            hub.metrics(DEVICE_ID, timeout=0.3),
            hub.ping(DEVICE_ID, timeout=0.3),
            hub.flash(DEVICE_ID, bytes(2000), "a.bin"),
        )
    ]
    await asyncio.sleep(0)
    try:
        for kind, data in steps:
            if kind == "bytes":
                peer.writer_write(data)
            elif kind == "frame":
                peer.writer_write(peer.encoder.encode(data[:MAX_MESSAGE_FROM_DEVICE] or b"@"))
            else:
                last = peer.received[-1]
                answer = messages.reply(MessageType.ACK, Code.CONTENT, last.message_id, last.token, data)
                peer.writer_write(peer.encoder.encode(answer.encode()))
            await asyncio.sleep(0)
        await unharmed(hub, bystander, caplog)
    finally:
        await peer.leave()
        ended = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), ANY)
    wrong = [end for end in ended if isinstance(end, BaseException) and not isinstance(end, ENDS)]
    assert wrong == []
    await unharmed(hub, bystander, caplog)


FLAWED_BLOCKS = st.one_of(
    st.binary(max_size=600).map(lambda data: lambda block: data),
    st.binary(max_size=300).map(lambda data: lambda block: block + data),
    st.tuples(st.integers(0, 255), st.integers(1, 255)).map(
        lambda flip: lambda block: block[: flip[0]] + bytes([block[flip[0]] ^ flip[1]]) + block[flip[0] + 1 :]
    ),
    st.integers(0, 255).map(lambda cut: lambda block: block[:cut]),
)
SESSIONS = st.lists(STEPS, min_size=1, max_size=12)


@bounds(QUICK)
@given(change=FLAWED_BLOCKS)
async def test_nonsense_instead_of_a_handshake(
    hub: DeviceHub,
    new_device: NewDevice,
    bystander: DevicePeer,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[bytes], bytes],
) -> None:
    await before_the_handshake(hub, new_device, bystander, caplog, change)


@bounds(QUICK)
@given(steps=SESSIONS, mute=st.booleans())
async def test_nonsense_within_a_session(
    hub: DeviceHub,
    new_device: NewDevice,
    bystander: DevicePeer,
    caplog: pytest.LogCaptureFixture,
    steps: list[Step],
    mute: bool,
) -> None:
    await within_a_session(hub, new_device, bystander, caplog, steps, mute)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@bounds(LONG)
@given(steps=SESSIONS, mute=st.booleans(), change=FLAWED_BLOCKS)
async def test_nonsense_for_long(
    hub: DeviceHub,
    new_device: NewDevice,
    bystander: DevicePeer,
    caplog: pytest.LogCaptureFixture,
    steps: list[Step],
    mute: bool,
    change: Callable[[bytes], bytes],
) -> None:
    await before_the_handshake(hub, new_device, bystander, caplog, change)
    await within_a_session(hub, new_device, bystander, caplog, steps, mute)
