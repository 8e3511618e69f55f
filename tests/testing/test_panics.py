"""A panic during a test: evidence of the test, and the cause of its failure."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.slots.slot import Slot
from photonrig.testing.bench import TestRun

from .fake_rig import FakeBench, FakeRig

RECORD = {
    "code": 5,
    "name": "usage_fault",
    "why": "divides by zero, address 0x080a0200",
    "in": "",
    "module": "00000000",
    "contexts": [{"r": [0] * 13 + [0x20014000, 0x080A0105, 0x080A0200], "xpsr": 0x01000000}],
    "stack_at": 0x20014000,
    "stack": "",
}
TITLE = "SOS 5, usage_fault: the application divides by zero, address 0x080a0200"


@dataclass
class LogAlone:
    """A monitor of a device that runs nothing and has a log."""

    log: Path
    alive: bool = True
    crashed: str = ""
    pid: int = 0
    application: str = ""

    def uptime(self) -> float:
        return 0.0

    def networks(self) -> tuple[str, ...]:
        return ()

    def parts(self) -> dict[str, dict[str, float]]:
        return {}


class RigWithLog(FakeRig):
    def __init__(self, log: Path) -> None:
        super().__init__()
        self.log = log

    def slot(self, variant: str) -> Slot:
        return replace(super().slot(variant), monitor=LogAlone(self.log))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made = tmp_path / "roller.log"
    made.write_text(f"vphoton: panic {json.dumps(RECORD | {'code': 1})}\n")  # of an earlier test
    return made


@pytest.fixture
def bench(log: Path, tmp_path: Path) -> Any:
    made = FakeBench(lambda work: RigWithLog(log), tmp_path / "runs")
    yield made
    made.close()


def started(bench: FakeBench) -> TestRun:
    run = bench.begin("test_moves", 1, "roller")
    bench.photon("roller")
    return run


def test_a_panic_is_the_cause_and_its_backtrace_the_evidence(bench: FakeBench, log: Path) -> None:
    run = started(bench)
    with log.open("a") as file:
        file.write(f"vphoton: warning: something\nvphoton: panic {json.dumps(RECORD)}\n")
    found = bench.diagnose(run, AssertionError("it did not move"))
    assert found.cause == "firmware"
    assert f"the firmware panicked: {TITLE}" in str(found)
    (moment,) = [moment for moment in run.recorder.moments if moment.lane == "device"]
    assert moment.trouble == "failed"
    assert moment.text.splitlines()[:3] == [TITLE, "#0  0x080a0200  ?", "#1  0x080a0104  ?"]
    bench.end(run)
    assert TITLE in (run.recorder.folder / "device.log").read_text()


def test_a_panic_before_the_test_is_none_of_it(bench: FakeBench) -> None:
    run = started(bench)
    found = bench.diagnose(run, AssertionError("it did not move"))
    assert "panicked" not in str(found)
    assert [moment for moment in run.recorder.moments if moment.lane == "device"] == []
    bench.end(run)
