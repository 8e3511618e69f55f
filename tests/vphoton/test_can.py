"""CAN: alone on the bus, and in test mode, where what is sent comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .conftest import Photon

SKETCH = r"""
SYSTEM_MODE(MANUAL)
CANChannel can(CAN_D1_D2, 2, 3);

CANMessage message(uint32_t id, bool extended, uint8_t value) {
  CANMessage made;
  made.id = id;
  made.extended = extended;
  made.len = 2;
  made.data[0] = value;
  made.data[1] = 7;
  return made;
}

void alone() {
  Serial.printlnf("closed %d %d", can.isEnabled(), can.transmit(message(1, false, 0)));
  can.begin(125000);
  int taken = 0;
  while (can.transmit(message(1, false, 0))) ++taken;
  Serial.printlnf("alone %d %d %d %d", can.isEnabled(), taken, can.available(), can.errorStatus() == CAN_BUS_OFF);
  can.end();
}

void looped() {
  can.begin(500000, CAN_TEST_MODE);
  can.transmit(message(0x100, false, 1));
  can.transmit(message(0x1ABCDEF, true, 2));
  can.transmit(message(0x300, false, 3));  // no room for it
  Serial.printlnf("looped %d", can.available());
  for (CANMessage got; can.receive(got);)
    Serial.printlnf("%lx %d %d %d %d", got.id, got.extended, got.len, got.data[0], got.data[1]);
  Serial.printlnf("filter %d", can.addFilter(0x120, 0x7F0));
  for (uint32_t id : {0x11F, 0x120, 0x12F, 0x130}) can.transmit(message(id, false, 4));
  can.transmit(message(0x121, true, 5));
  for (CANMessage got; can.receive(got);) Serial.printlnf("%lx", got.id);
  can.clearFilters();
  can.transmit(message(5, false, 6));
  Serial.printlnf("all %d %d", can.available(), can.errorStatus() == CAN_NO_ERROR);
}

void setup() { Serial.begin(); }
void loop() {
  if (!Serial.available()) return;
  while (Serial.available()) Serial.read();
  alone();
  looped();
  Serial.println("done");
}
"""


def test_can(photon: Photon, sketch: Callable[..., Path]) -> None:
    photon.start("--firmware", str(sketch(SKETCH)))
    with photon.serial() as serial:
        lines = serial.ask(b"go\n", b"done\r\n").decode().splitlines()
    assert lines == [
        "closed 0 0",
        "alone 1 3 0 1",
        "looped 2",
        "100 0 2 1 7",
        "1abcdef 1 2 2 7",
        "filter 1",
        "120",
        "12f",
        "all 1 1",
        "done",
    ]
