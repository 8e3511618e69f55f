"""``photonrig hil`` in a checkout: a run of the bench, apart from what the checkout's tests share."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from photonrig.bench.lock import hold
from photonrig.cli.hil_run import Hil, run_hil
from photonrig.history import Record

from ..patience import PATIENCE
from .uses import PROGRAM

RIG = """\
cloud = "local"

[network]
ssid = "workshop"

[[slot]]
name = "1"
variant = "roller"
serial = "socket://127.0.0.1:9"
device_id = "0123456789abcdef01234567"
"""

TESTS = """\
import pytest

pytestmark = pytest.mark.variant("roller")

def test_holds(photon): assert photon.variant
def test_breaks(photon): assert 1 == {sum}
def test_{name}(photon): assert photon.id
"""
CHANGES = [
    "mine / breaks / roller: passed → failed",
    "mine / comes / roller: not asked → passed",
    "mine / goes / roller: passed → not asked",
]


def test_what_changed_since_the_last_run_start_to_finish(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A test that fails now, a new one and one that is gone: last line, exit code, JUnit and first screen."""
    tests, report = tmp_path / "tests", tmp_path / "report"
    tests.mkdir()

    def run(sum: int, name: str, since: str | None) -> tuple[int, list[str]]:
        (tests / "test_mine.py").write_text(TESTS.format(sum=sum, name=name))
        code = run_hil(tests, report, Hil(rig="virtual", since=since))
        return code, capfd.readouterr().out.splitlines()

    code, told = run(1, "goes", None)
    assert code == 0 and re.fullmatch(r"held: 3 cases, in [\d.]+ s", told[-1]), told
    code, told = run(1, "goes", "last")
    assert code == 0 and re.fullmatch(r"held: 3 cases, none changed since [\d.-]+, in [\d.]+ s", told[-1]), told
    code, told = run(2, "comes", "last")
    assert code == 1 and re.fullmatch(r"failed: 1 of 3 cases, 3 changed since [\d.-]+, in [\d.]+ s", told[-1]), told
    assert sorted(line for line in told if line.startswith("changed: ")) == [f"changed: {each}" for each in CHANGES]
    junit = ET.parse(report / "hil" / "last" / "junit.xml").getroot()
    failures = {each.get("message") for each in junit.iter("failure")}
    assert failures == {*CHANGES, "assert 1 == 2"}
    page = (report / "hil" / "last" / "index.html").read_text()
    first = page[: page.index("<nav")]
    assert "1 failed, 2 passed; 3 changed" in first
    for name in ("breaks", "comes", "goes"):
        assert f"mine / {name} / roller" in first
    code, told = run(2, "comes", None)  # without a run to compare with, what fails is all there is to say
    assert code == 1 and "changed" not in told[-1]
    code, told = run(1, "comes", "last")
    assert code == 1 and re.fullmatch(r"changed: 1 of 3 cases since [\d.-]+, in [\d.]+ s", told[-1]), told


PLAIN = """\
import pytest

@pytest.fixture
def torn():
    yield
    assert not {broken}, "it is torn"

def test_holds(): assert {sum} == 2
def test_is_torn_down(torn): pass
@pytest.mark.skip(reason="not today")
def test_later(): pass
@pytest.mark.xfail
def test_is_known(): assert False
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_tests_without_the_bench_are_kept_and_compared(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], workers: int
) -> None:
    tests, report = tmp_path / "tests", tmp_path / "report"
    tests.mkdir()

    def run(sum: int, broken: bool, since: str | None) -> tuple[int, list[str]]:
        (tests / "test_plain.py").write_text(PLAIN.format(sum=sum, broken=broken))
        code = run_hil(tests, report, Hil(rig="virtual", since=since, workers=workers))
        return code, capfd.readouterr().out.splitlines()

    code, told = run(2, False, None)
    assert code == 0 and re.fullmatch(r"held: 4 cases, in [\d.]+ m?s", told[-1]), told
    assert "skipped: 1 of 4 cases: not today" in told
    kept = Record.read(report / "hil" / "last" / "record.json")
    names = {f"plain / {name} / any" for name in ("holds", "is torn down", "later", "is known")}
    assert set(kept.cases) == names and set(kept.seconds) == {"", *names}
    assert sorted(kept.cases.values()) == ["known bad", "passed", "passed", "skipped"]
    code, told = run(3, True, "last")
    assert code == 1 and re.fullmatch(r"failed: 2 of 4 cases, 2 changed since [\d.-]+, in [\d.]+ m?s", told[-1]), told
    assert "changed: plain / holds / any: passed → failed" in told
    page = (report / "hil" / "last" / "index.html").read_text()
    assert "2 failed, 1 known bad, 1 skipped; 2 changed" in page and "it is torn" in page


def test_a_slot_that_another_run_holds_is_not_taken(tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text(RIG)
    with hold("serial:socket://127.0.0.1:9"):
        words = ["hil", "--rig", str(rig), "--report", str(tmp_path / "report"), "--only", "serial_and_cloud"]
        done = subprocess.run(
            [PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=10 * PATIENCE
        )
    assert done.returncode == 3, done.stdout + done.stderr
    assert "serial:socket://127.0.0.1:9 is still held" in done.stdout


def test_any_firmware_runs_the_scenarios_that_need_no_console(tmp_path: Path) -> None:
    (tmp_path / "blink").mkdir()
    (tmp_path / "blink" / "blink.ino").write_text("void setup() {}\nvoid loop() {}\n")
    (tmp_path / "rig.toml").write_text(RIG)

    def hil(*words: str) -> subprocess.CompletedProcess[str]:
        argv = [PROGRAM, "hil", "--firmware", "blink", *words]
        return subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)

    done = hil("--only", "power_cut or controlled")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped: 1 of 2 cases: the firmware in slot blink has no bench console\n" in done.stdout
    refused = hil("--rig", "rig.toml")
    assert refused.returncode == 2 and "--firmware goes with virtual Photons" in refused.stderr
    (tmp_path / "blink" / "blink.ino").write_text("oops\n")
    refused = hil()
    assert refused.returncode != 0 and "blink.ino:1" in refused.stderr
