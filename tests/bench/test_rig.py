"""A rig.toml as a run of tests sees it."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.bench.config import RigConfig, load_config, virtual_config
from photonrig.bench.diagnosis import Readings
from photonrig.bench.identity import in_listening_mode
from photonrig.bench.lock import Busy
from photonrig.bench.probe import _reboot, probe
from photonrig.bench.quarantine import Quarantine, Quarantined
from photonrig.bench.recovery import Recovery
from photonrig.bench.rig import Rig
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import LinkLost, ProtocolError, UsageError

CLOCK = SystemClock()
TOOLS = Toolchain(Path(__file__).parents[2])


@pytest.fixture
def config(tmp_path: Path) -> RigConfig:
    path = tmp_path / "rig.toml"
    path.write_text("".join(f'[[slot]]\nname = "{n}"\nvariant = "roller"\nvirtual = true\n' for n in (1, 2)))
    return load_config(path)


def rig(config: RigConfig) -> Rig:
    return Rig(config, TOOLS, config.path.parent, {})


def test_runs_that_share_a_bench_take_different_slots(config: RigConfig) -> None:
    first = rig(config)
    second = rig(config)
    try:
        assert (first.slot("roller").name, second.slot("roller").name) == ("1", "2")
        assert not config.real and config.name == "rig"
        assert "1 (virtual)" in dict(first.facts())["slots"]
        with pytest.raises(UsageError, match="has no venetian; it has roller"):
            first.slot("venetian")
        with pytest.raises(Busy, match=r"rig.toml:1 is still held by process"):
            rig(config)
    finally:
        first.close()
        second.close()


def test_a_slot_in_quarantine_is_passed_by_and_a_bench_of_none_says_so(config: RigConfig) -> None:
    quarantine = Quarantine(config.path)
    quarantine.put(Recovery("1", "a" * 24, "silent", (), False))
    opened = rig(config)
    assert opened.slot("roller").name == "2"
    opened.close()
    quarantine.put(Recovery("2", "b" * 24, "silent", (), False))
    with pytest.raises(Quarantined, match="slot 1 is in quarantine"):
        rig(config)


def test_a_sick_device_is_read_and_brought_back(config: RigConfig) -> None:
    opened = rig(config)
    try:
        slot = opened.slot("roller")
        assert slot.setup_button is not None
        well = opened.read(slot, time.monotonic())
        assert (well.power, well.port, well.port_device, well.console, well.online) == ("",) * 5
        assert opened.recover(slot) == []
        slot.setup_button.hold(4)
        assert opened.recover(slot)[1].startswith("slot 1, reset: helped")
        lab = opened.session.lab
        assert lab is not None
        # A board is seen by its interfaces alone.
        board = replace(slot, monitor=None)
        seen = probe(board, 0.0, wifi="", online=lambda: "asked")
        assert (seen.power, seen.port, seen.port_device, seen.reboot, seen.console, seen.online) == ("",) * 5 + (
            "asked",
        )
        assert seen.access_point is None
        lab.fielded()[0].kill()
        assert opened.read(slot, time.monotonic()).power == "the device has no power"
        gone = "the device is not on USB: no power, or in DFU"
        assert probe(board, 0.0, wifi="", online=lambda: "asked") == Readings(power=gone)
        lab.fielded()[0].start()
        with slot.console() as console, suppress(LinkLost, ProtocolError):  # its answer may be lost or cut
            console.ask("reset")
        minute_ago = time.monotonic() - 60
        CLOCK.wait_until(lambda: opened.read(slot, minute_ago).reboot, 10, "a reset that nobody asked for")
        assert re.search("by itself . s ago, for reason 140", opened.read(slot, minute_ago).reboot or "")
        assert opened.firmware("roller").version == 1
    finally:
        opened.close()


def test_a_device_without_power_is_switched_on(config: RigConfig) -> None:
    opened = rig(config)
    try:
        slot = opened.slot("roller")
        slot.need("power", slot.power).off()
        assert opened.recover(slot)[0].startswith("slot 1, power on: helped")
        assert opened.read(slot, time.monotonic()).online == ""
    finally:
        opened.close()


def test_a_device_that_lacks_no_more_than_a_network_is_not_put_into_quarantine(config: RigConfig) -> None:
    opened = rig(config)
    try:
        slot = opened.slot("roller")
        button = slot.need("setup_button", slot.setup_button)
        button.hold(4)
        CLOCK.wait_until(lambda: in_listening_mode(slot), 10, "listening mode")
        button.hold(10.5)
        assert [step.split(":")[0] for step in opened.recover(slot)] == ["slot 1, reopen", "slot 1, reset"]
        assert opened.read(slot, time.monotonic()).softap == ""
        assert Quarantine(config.path).reason("1") is None
    finally:
        opened.close()


def test_a_reset_nobody_asked_for_is_the_firmwares() -> None:
    assert _reboot(2.2, 130, 10) == "the device reset by itself 2 s ago, for reason 130"  # panic
    assert _reboot(2.2, 20, 10) == ""  # the RESET button
    assert _reboot(10.1, 130, 10) == ""  # before the test began


def test_a_bench_without_a_file_has_a_slot_per_variant_and_leaves_nothing(tmp_path: Path) -> None:
    opened = Rig(
        virtual_config(tmp_path / "virtual.toml", {"roller": "roller", "drapery": "drapery"}), TOOLS, tmp_path, {}
    )
    try:
        assert opened.slot("drapery").name == "drapery"
        assert opened.target_of("drapery").product_id != opened.target_of("roller").product_id
        lab = opened.session.lab
        assert lab is not None
        pids = [lab.local_cloud.pid, *(photon.pid for photon in lab.photons.values())]
        assert len(pids) == 3
    finally:
        opened.close()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
