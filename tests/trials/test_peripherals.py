"""Servo, SPI and Wire through Wiring: what an application can see of them, and the pins."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.trials.plan import Plan
from photonrig.trials.run import run

from .. import waveform
from .conftest import Compile

SERVO = """
SYSTEM_MODE(MANUAL)
Servo servo;
void setup() {
  Serial.printlnf("%d %d", servo.attach(D4), servo.attached());
  Serial.printlnf("%d %d %d", servo.attach(D0), servo.attached(), servo.attachedPin());
  for (int angle : {0, 90, 180, 200, -5, 1500}) {
    servo.write(angle);
    Serial.printlnf("%d %d", servo.read(), servo.readMicroseconds());
  }
  servo.setTrim(100);
  servo.writeMicroseconds(1000);
  Serial.printlnf("%d", servo.readMicroseconds());
  Serial.printlnf("%d %d %d", servo.detach(), servo.attached(), servo.detach());
}
void loop() {}
"""


def test_a_servo_has_its_pulse_and_its_pin_the_duty(vphoton: Path, sketch: Compile, tmp_path: Path) -> None:
    """50 Hz: 544, 1472, 2400 and 1500 of 20,000 microseconds are 7, 19, 31 and 19 of 255."""
    file = tmp_path / "pins.vcd"
    outcome = run(vphoton, sketch(SERVO).module, Plan(until_ms=50, record=str(file)))
    assert not outcome.restarts, outcome.log
    lines = [each.line for each in outcome.console]
    assert lines[0] == "0 0"  # no timer on D4
    assert lines[1] == "1 1 0"
    assert lines[2:8] == ["0 544", "90 1472", "180 2400", "180 2400", "0 544", "93 1500"]
    assert lines[8:] == ["1000", "1 0 0"]
    duties = [duty for _, duty in waveform.read(file).of("D0_value") if duty]
    assert duties == [7, 19, 31, 7, 19, 14]


BUSES = """
SYSTEM_MODE(MANUAL)
volatile int done = 0;
void setup() {
  SPI.begin();
  Serial.printlnf("%d %d", SPI.isEnabled(), SPI.transfer(0x55));
  Serial.printlnf("%u", SPI.setClockSpeed(4, MHZ));
  uint8_t sent[4] = {1, 2, 3, 4}, received[4] = {};
  SPI.transfer(sent, received, sizeof sent, nullptr);
  Serial.printlnf("%d %d", received[0], received[3]);
  SPI.beginTransaction(SPISettings(15 * MHZ, MSBFIRST, SPI_MODE0));
  SPI.transfer(sent, received, sizeof sent, [] { ++done; });
  SPI.endTransaction();
  delay(5);
  Serial.printlnf("%d", done);
  SPI.end();
  Serial.printlnf("%d", SPI.isEnabled());
  Wire.begin();
  Wire.beginTransmission(0x20);
  Wire.write(1);
  Serial.printlnf("%d %d", Wire.endTransmission() != 0, int(Wire.requestFrom(0x20, 2)));
}
void loop() {}
"""


@pytest.mark.parametrize("seed", [None, 1])
def test_buses_with_nothing_on_them(vphoton: Path, sketch: Compile, seed: int | None) -> None:
    outcome = run(vphoton, sketch(BUSES).module, Plan(until_ms=50, seed=seed))
    assert not outcome.restarts, outcome.log
    # 60 MHz by 16 is the fastest clock up to 4 MHz.
    assert [each.line for each in outcome.console] == ["1 255", "3750000", "255 255", "1", "0", "1 0"]


def test_a_trial_has_no_network(vphoton: Path, sketch: Compile) -> None:
    text = """
    SYSTEM_MODE(MANUAL)
    TCPClient client;
    TCPServer server(4000);
    UDP udp;
    void setup() {
      Serial.printlnf("%d %d %d", client.connect(IPAddress(127, 0, 0, 1), 80), server.begin(), udp.begin(4000));
    }
    void loop() {}
    """
    outcome = run(vphoton, sketch(text).module, Plan(until_ms=50))
    assert [each.line for each in outcome.console] == ["0 0 0"]
