"""A sick device and the ladder: each sickness is cured by the mildest step that can."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from photonrig.bench.config import load_config
from photonrig.bench.quarantine import Quarantine
from photonrig.bench.recovery import Bounds, Recovery, recover
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import FLASHING, Slot
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.build.compile import compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import ToolError

TOOLS = Toolchain(Path(__file__).parents[2])
BOUNDS = Bounds(reopen=0.2, reset=15, safe_mode=60, dfu=60, power=15)

# Firmware that runs and says nothing.
MUTE = b"""
#include "Particle.h"
PRODUCT_ID(4711)
PRODUCT_VERSION(9)
SYSTEM_THREAD(ENABLED)
void setup() {}
void loop() {}
"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchSession]:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTONRIG_LOCKS", str(folder / "locks"))
        (folder / "rig.toml").write_text('[[slot]]\nname = "1"\nvariant = "roller"\nvirtual = true\n')
        with open_bench(load_config(folder / "rig.toml"), TOOLS) as opened:
            yield opened


@pytest.fixture
def slot(bench: BenchSession) -> Slot:
    return bench.slots["1"]


@pytest.fixture
def photon(bench: BenchSession) -> VirtualPhoton:
    assert bench.lab is not None
    return bench.lab.fielded()[0]


@pytest.fixture(scope="module")
def mute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = tmp_path_factory.mktemp("mute") / "mute.bin"
    image.write_bytes(compile_project({"src/mute.cpp": MUTE}, TOOLS.sdk()).image)
    return image


def make_mute(bench: BenchSession, photon: VirtualPhoton, mute: Path) -> None:
    team, product = bench.target.team, bench.target.product
    # What an earlier test did to the device may not be over yet.
    SystemClock().wait_until(lambda: team.ping(photon.device_id, product), 60, "the device answers the cloud")
    team.flash(photon.device_id, mute.read_bytes(), scope=product)
    SystemClock().wait_until(lambda: photon.status()["product"]["version"] == 9, 20, "mute firmware running")


def climb(slot: Slot, bench: BenchSession) -> Recovery:
    return recover(slot, known_good=bench.firmware["roller"], bounds=BOUNDS)


def outcomes(recovery: Recovery) -> list[tuple[str, str]]:
    return [(step.name, step.outcome) for step in recovery.steps]


def test_a_device_that_is_well_is_left_alone(slot: Slot, bench: BenchSession) -> None:
    assert climb(slot, bench) == Recovery("1", slot.device_id, "", (), True)


def test_listening_mode_takes_a_reset(slot: Slot, bench: BenchSession) -> None:
    slot.hold_setup(4)
    recovery = climb(slot, bench)
    assert outcomes(recovery) == [("reopen", "no help"), ("reset", "helped")]
    assert recovery.trouble == "the device is in listening mode" and recovery.recovered


def test_a_panic_that_no_request_over_usb_ends_takes_its_time(slot: Slot, bench: BenchSession) -> None:
    flasher, button = slot.need("flasher", slot.flasher), slot.need("reset", slot.reset)

    class DeadUsb:
        over_cloud, over_serial, over_dfu = flasher.over_cloud, flasher.over_serial, flasher.over_dfu
        safe_mode = flasher.safe_mode

        def restart(self, *, timeout: float = FLASHING) -> None:
            button.press()  # as the end of the panic does
            raise ToolError("nothing answers on USB")

    slot.hold_setup(4)
    recovery = recover(replace(slot, reset=None, flasher=DeadUsb()), bounds=BOUNDS)
    assert outcomes(recovery) == [("reopen", "no help"), ("reset", "helped")]


def test_mute_firmware_takes_known_good_firmware_by_safe_mode(
    slot: Slot, bench: BenchSession, photon: VirtualPhoton, mute: Path
) -> None:
    make_mute(bench, photon, mute)
    recovery = recover(slot, known_good=bench.firmware["roller"], bounds=replace(BOUNDS, reset=1))
    assert outcomes(recovery) == [("reopen", "no help"), ("reset", "no help"), ("safe mode", "helped")], recovery


def test_where_serial_fails_dfu_helps(slot: Slot, bench: BenchSession, photon: VirtualPhoton, mute: Path) -> None:
    flasher = slot.need("flasher", slot.flasher)

    class NoSerial:
        over_cloud, over_dfu = flasher.over_cloud, flasher.over_dfu
        safe_mode, restart = flasher.safe_mode, flasher.restart

        def over_serial(self, image: Path, *, timeout: float = FLASHING) -> None:
            raise ToolError("Serial timed out")

    make_mute(bench, photon, mute)
    sick = replace(slot, flasher=NoSerial())
    recovery = recover(sick, known_good=bench.firmware["roller"], bounds=replace(BOUNDS, reset=1))
    assert outcomes(recovery)[2:] == [("safe mode", "no help"), ("DFU", "helped")], recovery
    assert "Serial timed out" in str(recovery.steps[2])


def test_a_hung_device_takes_the_plug(slot: Slot, bench: BenchSession, photon: VirtualPhoton) -> None:
    os.kill(photon.pid, signal.SIGSTOP)
    recovery = recover(replace(slot, flasher=None), bounds=replace(BOUNDS, reset=1))
    assert outcomes(recovery) == [
        ("reopen", "no help"),
        ("reset", "no help"),
        ("safe mode", "not possible"),
        ("DFU", "not possible"),
        ("power cycle", "helped"),
    ], recovery
    assert all(step.seconds <= step.bound + 10 for step in recovery.steps)


def test_beyond_help_it_is_quarantined_and_what_was_tried_is_told(
    slot: Slot, photon: VirtualPhoton, tmp_path: Path
) -> None:
    os.kill(photon.pid, signal.SIGSTOP)
    try:
        bare = replace(slot, flasher=None, power=None, reset=None)
        recovery = recover(bare, bounds=replace(BOUNDS, reopen=0.1))
    finally:
        os.kill(photon.pid, signal.SIGCONT)
    assert not recovery.recovered
    assert [step.outcome for step in recovery.steps] == ["no help", *["not possible"] * 4]
    assert recovery.sentences()[4].startswith("slot 1, power cycle: not possible (the slot has no power switch; ")
    quarantine = Quarantine(tmp_path / "rig.toml")
    marker = quarantine.put(recovery)
    assert marker == tmp_path / "rig.toml.quarantine" / "1.json"
    assert "neither firmware nor Device OS answers" in (quarantine.reason("1") or "")
    assert quarantine.reason("2") is None
    marker.write_text("{")
    assert "an unreadable reason" in (quarantine.reason("1") or "")
    quarantine.lift("1")
    assert quarantine.reason("1") is None
