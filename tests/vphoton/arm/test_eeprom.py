"""Pages of the emulated EEPROM: records, the copy of a full page, and the erasure that the application may put off."""

from __future__ import annotations

from ..conftest import Photon
from .conftest import Compile

RECORDS = 16 * 1024 // 4 - 1  # what the small page has room for, behind its header
ERASE_MS = 250  # of the small page: STM32F20x data sheet, typical

PROGRAM = """
SYSTEM_MODE(MANUAL)
int next = 0;
void change(int times) { while (times--) EEPROM.write(9, next++ %% 200); }
void answer(char question) {
  const uint32_t before = millis();
  switch (question) {
    case 'f': change(%d); break;
    case 'w': change(1); break;
    case 'e': EEPROM.performPendingErase(); break;
    case 'c': EEPROM.clear(); break;
  }
  Serial.printlnf("%%d %%d %%d", EEPROM.hasPendingErase(), EEPROM.read(9), int(millis() - before) >= %d);
}
void setup() { Serial.begin(9600); }
void loop() { if (Serial.available()) answer(Serial.read()); }
"""


def test_the_application_performs_a_pending_erase(photon: Photon, sketch: Compile) -> None:
    photon.start("--firmware", str(sketch(PROGRAM % (RECORDS, ERASE_MS)).module))
    last = (RECORDS - 1) % 200

    def eeprom() -> tuple[bool, int]:
        told = photon.status()["eeprom"]
        return told["pending_erase"], told["erasures"]

    with photon.serial() as serial:

        def ask(question: str) -> str:
            return serial.ask(question.encode(), b"\r\n").decode().strip()

        assert ask("f").startswith(f"0 {last} ")
        assert eeprom() == (False, 0)
        assert ask("w").startswith(f"1 {last + 1} ")
        assert eeprom() == (True, 0)
        assert ask("e") == f"0 {last + 1} 1"
        assert eeprom() == (False, 1)
        assert ask("c") == "0 255 1"
        assert eeprom() == (False, 3)


def test_a_pending_erase_outlives_a_power_cut(photon: Photon, sketch: Compile) -> None:
    module = str(sketch(PROGRAM % (RECORDS + 1, ERASE_MS)).module)
    photon.start("--firmware", module)
    with photon.serial() as serial:
        assert serial.ask(b"f", b"\r\n").startswith(b"1 ")
    photon.kill()
    photon.start("--firmware", module)
    with photon.serial() as serial:
        assert serial.ask(b"?", b"\r\n").startswith(b"1 ")
        assert serial.ask(b"e", b"\r\n").strip() == f"0 {RECORDS % 200} 1".encode()
