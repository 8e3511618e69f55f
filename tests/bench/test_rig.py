"""A rig.toml as a run of tests sees it."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest

from photonrig.bench.config import RigConfig, load_config
from photonrig.bench.file_rig import FileRig, _reboot
from photonrig.bench.identity import Heard
from photonrig.bench.lock import Busy
from photonrig.bench.recovery import Quarantine, Quarantined, Recovery
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import UsageError

CLOCK = SystemClock()
TOOLS = Toolchain(Path(__file__).parents[2])


@pytest.fixture
def config(tmp_path: Path) -> RigConfig:
    path = tmp_path / "rig.toml"
    path.write_text("".join(f'[[slot]]\nname = "{n}"\nvariant = "roller"\nvirtual = true\n' for n in (1, 2)))
    return load_config(path)


def rig(config: RigConfig) -> FileRig:
    return FileRig(config, TOOLS, config.path.parent, {})


def test_runs_that_share_a_bench_take_different_slots(config: RigConfig) -> None:
    first = rig(config)
    second = rig(config)
    try:
        assert (first.slot("roller").name, second.slot("roller").name) == ("1", "2")
        assert not first.real and first.name == "rig"
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
        lab = opened._bench.lab
        assert lab is not None
        lab.fielded()[0].kill()
        assert opened.read(slot, time.monotonic()).power == "the device is not on USB: no power, or in DFU"
        lab.fielded()[0].start()
        os.kill(lab.fielded()[0].pid, signal.SIGSEGV)
        minute_ago = time.monotonic() - 60
        CLOCK.wait_until(lambda: opened.read(slot, minute_ago).reboot, 10, "a reset that nobody asked for")
        assert re.search("by itself . s ago, for reason 130", opened.read(slot, minute_ago).reboot or "")
        assert opened.firmware("roller").version == 1
    finally:
        opened.close()


def test_a_reset_nobody_asked_for_is_the_firmwares() -> None:
    def heard(uptime: int, reason: int) -> Heard:
        return Heard("a" * 24, "bench console", {"uptime": uptime, "reset_reason": reason})

    assert _reboot(heard(2, 130), 10) == "the device reset by itself 2 s ago, for reason 130"  # panic
    assert _reboot(heard(2, 20), 10) == ""  # the RESET button
    assert _reboot(heard(9, 130), 10) == ""  # before the test began, or nearly
