"""The fixtures on a project that knows nothing of photonrig, as its developer has them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SKETCH = """
int speed = 3;

int set(String text) {
  speed = text.toInt();
  digitalWrite(D7, speed > 3 ? HIGH : LOW);
  Particle.publish("blink/speed", String(speed), PRIVATE);
  return speed;
}

void setup() {
  Serial.begin();
  pinMode(D7, OUTPUT);
  pinMode(D2, INPUT);
  Particle.variable("speed", speed);
  Particle.function("set", set);
}

void loop() {
  static int before = LOW;
  int now = digitalRead(D2);
  if (now != before) Serial.printlnf("D2 is %d", now);
  before = now;
}
"""

TESTS = """
import pytest


def test_it_works(photon, events):
    assert photon.call("set", "5") == photon.variable("speed") == 5
    assert events.expect("blink/speed").data == "5"
    photon.pin("D7").wait(1)
    with photon.serial() as serial:
        photon.pin("D2").drive(1)
        serial.expect("^D2 is 1$", 10)


def test_a_reset_forgets_it(photon):
    photon.call("set", "7")
    photon.reset()
    photon.wait_online()
    assert photon.variable("speed") == 3


@pytest.mark.needs("softap_link", "setup_button", owner="customer")
def test_it_can_be_set_up_anew(photon, customer):
    photon.listen()
    photon.set_up(customer.claim_code())
    photon.wait_owner(customer.email)
    photon.wait_online()


def test_wrong(photon):
    assert photon.call("set", "2") == 3


def test_no_console(photon):
    photon.ask("info")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "blink.ino").write_text(SKETCH)
    (tmp_path / "project.properties").write_text("name=blink\n")
    (tmp_path / "test_blink.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nphotonrig_variants =\n    blink = .\n")
    return tmp_path


def test_any_firmware(project: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout
    assert "3 passed, 2 failed" in said or "2 failed, 3 passed" in said, said + ran.stderr
    assert "firmware: call('set', '2'): expected 3; seen: 2; every layer proved healthy" in said
    assert "test: every layer proved healthy; UsageError is the test's own" in said
    assert "the firmware in slot blink has no bench console" in said
    # Between the cause and the logs there is one line, as nothing else was found wrong.
    (cause,) = re.findall(r"^firmware: call.*\n(.*)\nlogs: (\S+)$", said, re.MULTILINE)
    assert cause[0].startswith("healthy: ") and "test_wrong" in cause[1]
