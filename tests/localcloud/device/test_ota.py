"""Updates over the air: fast and slow, chunks lost and spoilt, refusals, and what the next Hello says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.device.limits import Limits
from photonrig.particle import messages

from .conftest import DEVICE_ID, RecordingCore
from .peer import DevicePeer, Ota

NewDevice = Callable[..., DevicePeer]

IMAGE = bytes(range(256)) * 41 + b"tail"  # 21 chunks, the last one short


@pytest.fixture
def limits() -> Limits:
    return Limits(describe_grace=0.1, describe_answer=0.2, update_ready=(0.5, 0.5), chunk_answer=5)


async def test_fast(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = await new_device().join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert peer.ota.image == IMAGE
    assert peer.ota.count == 21
    assert core.all("update") == ["started roller.bin"]
    begin = next(message for message in peer.received if message.path == [b"u"])
    assert begin.payload is not None
    assert begin.payload.hex() == "01" + "0200" + len(IMAGE).to_bytes(4, "big").hex() + "00" + "00000000"


async def test_slow(hub: DeviceHub, new_device: NewDevice) -> None:
    peer = new_device()
    peer.ota = Ota(fast=False)
    await peer.join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert peer.ota.image == IMAGE


async def test_slow_with_spoilt_chunks(hub: DeviceHub, new_device: NewDevice) -> None:
    peer = new_device()
    peer.ota = Ota(fast=False, lose={0, 7, 20})
    await peer.join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert peer.ota.image == IMAGE
    assert peer.ota.count == 24


async def test_a_chunk_that_never_passes(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = new_device()
    peer.ota = Ota(fast=False, spoil_always=True)
    await peer.join()
    with pytest.raises(FlashRefused, match="chunk 0 of 21"):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert core.all("update")[-1] == "failed the device refused chunk 0 of 21 5 times"
    assert await hub.ping(DEVICE_ID)


@pytest.mark.parametrize("legacy", [False, True])
async def test_fast_with_lost_chunks(hub: DeviceHub, new_device: NewDevice, legacy: bool) -> None:
    peer = new_device()
    peer.legacy = legacy
    peer.ota = Ota(lose={0, 3, 4, 5, 6, 7, 19})  # asked for three at a time
    await peer.join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert peer.ota.image == IMAGE
    assert peer.ota.count == 28


async def test_an_old_device_that_restarts_before_the_second_done(hub: DeviceHub, new_device: NewDevice) -> None:
    """Device OS 0.6.3 says by itself that it has all, and is gone."""
    peer = new_device()
    peer.legacy = True
    await peer.join()

    def gone(mid: int, token: bytes) -> None:
        peer.send(messages.Message(messages.MessageType.NON, messages.Code.PUT, 0x5E69, b"", ((11, b"u"),)))
        peer.writer.close()

    peer._done = gone  # type: ignore[method-assign]
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert peer.ota.image == IMAGE


@pytest.mark.parametrize("legacy", [False, True])
async def test_refused(hub: DeviceHub, core: RecordingCore, new_device: NewDevice, legacy: bool) -> None:
    peer = new_device()
    peer.legacy = legacy
    peer.ota = Ota(refuse=True)
    await peer.join()
    with pytest.raises(FlashRefused, match="refused the update"):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert len(core.all("update")) == 1
    assert str(core.all("update")[0]).startswith("failed")


async def test_silent(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = new_device()
    peer.ota = Ota(silent=True)
    await peer.join()
    with pytest.raises(DeviceTimeout):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    offers = [message for message in peer.received if message.path == [b"u"]]
    assert len(offers) == 2
    assert offers[0] == offers[1]


@pytest.mark.parametrize("result", [b'{"r":-210}', b'{"r":"error"}', b"{}", b"\xff", b"[]"])
async def test_the_device_finds_the_image_faulty(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, result: bytes
) -> None:
    peer = new_device()
    peer.ota = Ota(result=result)
    await peer.join()
    with pytest.raises(FlashRefused, match="the device reported"):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert str(core.all("update")[-1]).startswith("failed the device reported")


@pytest.mark.parametrize("result", [None, b'{"r":"ok"}', b'{"r":0}'])
async def test_results_that_mean_success(hub: DeviceHub, new_device: NewDevice, result: bytes | None) -> None:
    peer = new_device()
    peer.ota = Ota(result=result)
    await peer.join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")


@pytest.mark.parametrize(("flags", "outcome"), [(0x37, "success roller.bin"), (0x36, "failed the device came back")])
async def test_the_next_hello_tells_the_outcome(
    hub: DeviceHub, core: RecordingCore, new_device: NewDevice, flags: int, outcome: str
) -> None:
    peer = await new_device().join()
    await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    await peer.leave()
    again = new_device()
    again.hello = messages.Hello(6, 3, flags, 6)
    await again.join()
    assert str(await core.saw("update", 2)).startswith(outcome)
    kinds = [kind for kind, _, _ in core.events]
    assert kinds.index("update", kinds.index("update") + 1) > len(kinds) - 1 - kinds[::-1].index("online")


async def test_a_connection_lost_in_the_middle(hub: DeviceHub, core: RecordingCore, new_device: NewDevice) -> None:
    peer = await new_device().join()
    peer._chunk = lambda message: peer.writer.transport.abort()  # type: ignore[method-assign]
    with pytest.raises(DeviceOffline):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    assert core.all("update") == ["started roller.bin", "failed the connection to the device was lost"]


async def test_one_update_at_a_time_and_none_of_nothing(hub: DeviceHub, new_device: NewDevice) -> None:
    with pytest.raises(DeviceOffline):
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
    await new_device().join()
    with pytest.raises(FlashRefused, match="empty"):
        await hub.flash(DEVICE_ID, b"", "nothing.bin")


class TestImpatient:
    """A device gets 0.3 s to come back."""

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(restart=0.3)

    async def test_a_device_that_does_not_come_back(
        self, hub: DeviceHub, core: RecordingCore, new_device: NewDevice
    ) -> None:
        peer = await new_device().join()
        await hub.flash(DEVICE_ID, IMAGE, "roller.bin")
        await peer.leave()
        assert await core.saw("update", 2) == "failed the device did not come back within 0.3 s"
