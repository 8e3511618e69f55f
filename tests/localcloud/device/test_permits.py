"""What is sent to a device on somebody's behalf is sent only while that may be, however long it had to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from photonrig.localcloud.device.contract import Permit, Withdrawn
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.device.limits import Limits
from photonrig.particle import messages
from photonrig.particle.coap import Code, Message

from .conftest import DEVICE_ID, RecordingCore
from .peer import DevicePeer, Ota
from .test_connections import closed, turns

NewDevice = Callable[..., DevicePeer]

IMAGE = bytes(range(256)) * 7 + b"tail"  # 4 chunks


class Granted:
    """A permit that is withdrawn when it is told to, or after so many questions."""

    def __init__(self, questions: int = 1_000_000) -> None:
        self.questions = questions

    def __call__(self) -> None:
        if self.questions <= 0:
            raise Withdrawn("no more")
        self.questions -= 1


def asked(letter: bytes, code: Code) -> Callable[[Message], bool]:
    return lambda message: message.path[:1] == [letter] and message.code == code


REQUESTS: dict[str, tuple[Callable[[DeviceHub, Permit], Any], Callable[[Message], bool]]] = {
    "variable": (lambda hub, permit: hub.read_variable(DEVICE_ID, "position", "int32", permit), asked(b"v", Code.GET)),
    "function": (lambda hub, permit: hub.call_function(DEVICE_ID, "move", "1", permit), asked(b"f", Code.POST)),
    "signal": (lambda hub, permit: hub.signal(DEVICE_ID, True, permit), asked(b"s", Code.PUT)),
    "vitals": (lambda hub, permit: hub.metrics(DEVICE_ID, permit), asked(b"d", Code.GET)),
}


@pytest.mark.parametrize("kind", REQUESTS)
async def test_a_request_that_waited_for_its_turn_is_not_sent_when_it_may_no_longer_be(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, kind: str
) -> None:
    ask, sent = REQUESTS[kind]
    peer = await new_device().join()
    await core.saw("described")
    peer.mute = True
    before = [asyncio.create_task(hub.call_function(DEVICE_ID, "move", str(each))) for each in range(32)]
    calls: list[Message] = []
    while len(calls) < 32:
        calls.append(await peer.got(lambda message: asked(b"f", Code.POST)(message) and message not in calls))
    permit = Granted()
    waiting = asyncio.create_task(ask(hub, permit))
    await turns()  # it stands in line now
    permit.questions = 0
    for call in calls:
        peer.send(messages.function_result(peer.next_id(), call.token, 1))
    with pytest.raises(Withdrawn):
        await waiting
    assert await asyncio.gather(*before) == [1] * 32
    peer.mute = False
    assert await hub.ping(DEVICE_ID)
    assert len(list(filter(sent, peer.received))) == (32 if kind == "function" else 0)


@pytest.mark.parametrize("fast", [True, False])
async def test_an_update_ends_at_any_message_and_the_device_does_not_take_it(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, fast: bool
) -> None:
    for questions in range(100):
        peer = new_device()
        peer.ota = Ota(fast=fast)
        await peer.join()
        await core.saw("online", questions + 1)
        told = len(core.all("update"))
        permit = Granted(questions)
        try:
            await hub.flash(DEVICE_ID, IMAGE, "roller.bin", permit)
        except Withdrawn:
            assert not list(filter(asked(b"u", Code.PUT), peer.received)), "it was told that it has all"
            if list(filter(asked(b"u", Code.POST), peer.received)) or core.all("update")[told:]:
                await peer.end()
                assert str(core.all("update")[-1]).startswith("failed")
            await peer.leave()
            await core.saw("offline", questions + 1)
        else:
            assert peer.ota.image == IMAGE
            assert questions >= 6  # the offer, four chunks and the end
            return
    raise AssertionError("the update was never done")


class TestRepeated:
    """The offer of an update is repeated soon."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(describe_grace=0.1, update_ready=(0.05, 30.0))

    async def test_an_offer_is_not_repeated_when_it_may_no_longer_be(
        self, hub: DeviceHub, new_device: NewDevice
    ) -> None:
        peer = new_device()
        peer.ota = Ota(silent=True)
        await peer.join()
        permit = Granted()
        flashing = asyncio.create_task(hub.flash(DEVICE_ID, IMAGE, "roller.bin", permit))
        await peer.got(asked(b"u", Code.POST))
        permit.questions = 0
        with pytest.raises(Withdrawn):
            await flashing
        assert len(list(filter(asked(b"u", Code.POST), peer.received))) == 1


async def test_a_key_replaced_during_the_handshake_counts(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    peer = new_device()
    peer.writer_write(await peer.connect())
    await peer.take_session()
    core.keys[DEVICE_ID] = new_device("00" * 12, 1).public_key
    peer.writer_write(peer.first_frames())
    await closed(peer.reader)
    assert not hub.online(DEVICE_ID)
    assert core.events == []
    assert f"{DEVICE_ID} showed another key" in caplog.text
