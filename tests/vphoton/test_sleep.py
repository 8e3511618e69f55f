"""System.sleep(): what wakes the device, what the application is told, and how it starts after a hibernation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Photon, Serial

# Each line of the host names a sleep; the answer comes after it.
SLEEPER = r"""
SYSTEM_MODE(MANUAL)
STARTUP(System.enableFeature(FEATURE_RETAINED_MEMORY));
retained uint32_t mark;

void told(const char* what, SystemSleepResult result) {
  Serial.printlnf("%s by %d pin %d error %d last %d", what, (int)result.wakeupReason(), (int16_t)result.wakeupPin(),
                  (int)result.error(), (int)System.sleepResult().reason());
}

void sleep(String line) {
  SystemSleepConfiguration config;
  SystemSleepMode mode = line[0] == 'S'   ? SystemSleepMode::STOP
                         : line[0] == 'U' ? SystemSleepMode::ULTRA_LOW_POWER
                                          : SystemSleepMode::HIBERNATE;
  config.mode(mode);
  if (line.indexOf('t') > 0) config.duration(1200ms);
  if (line.indexOf('T') > 0) config.duration(999);
  if (line.indexOf('f') > 0) config.gpio(D3, FALLING);
  if (line.indexOf('r') > 0) config.gpio(D4, RISING);
  if (line.indexOf('w') > 0) config.gpio(WKP, RISING);
  if (line.indexOf('x') > 0) config.gpio(99, RISING);
  if (line.indexOf('a') > 0) config.analog(A0, 1650, AnalogInterruptMode::ABOVE);
  if (line.indexOf('c') > 0) config.analog(A1, 1650, AnalogInterruptMode::CROSS);
  if (line.indexOf('d') > 0) config.analog(D5, 1650, AnalogInterruptMode::ABOVE);
  if (line.indexOf('s') > 0) config.usart(Serial1);
  if (line.indexOf('n') > 0) config.network(NETWORK_INTERFACE_WIFI_STA);
  told(line, System.sleep(config));
}

void setup() {
  Serial.begin();
  if (System.resetReason() == RESET_REASON_POWER_MANAGEMENT)
    Serial.printlnf("woken mark %lu slept %d", mark, (int)System.sleepResult().reason());
  else
    mark = 0;
}

void loop() {
  if (!Serial.available()) return;
  String line = Serial.readStringUntil('\n');
  line.trim();
  if (line == "old") {
    SleepResult result = System.sleep(D3, FALLING, 0);
    Serial.printlnf("old pin %d rtc %d which %d", result.wokenUpByPin(), result.wokenUpByRtc(), (int16_t)result.pin());
  } else if (line == "old time") {
    SleepResult result = System.sleep(D3, FALLING, 1);
    Serial.printlnf("old pin %d rtc %d which %d", result.wokenUpByPin(), result.wokenUpByRtc(), (int16_t)result.pin());
  } else if (line == "old two") {
    SleepResult result = System.sleep({D3, D4}, {FALLING, RISING});
    Serial.printlnf("old pin %d rtc %d which %d", result.wokenUpByPin(), result.wokenUpByRtc(), (int16_t)result.pin());
  } else if (line == "deep") {
    ++mark;
    System.sleep(SLEEP_MODE_DEEP, 1);
  } else {
    ++mark;
    sleep(line);
  }
}
"""

BY_GPIO, BY_RTC, BY_ANALOG = 1, 4, 5  # SystemSleepWakeupReason
PIN, RTC, PIN_OR_RTC = 1, 2, 3  # WakeupReason of the SleepResult
NONE = -1  # no pin
INVALID_ARGUMENT, NOT_SUPPORTED, LIMIT_EXCEEDED, INVALID_STATE = -270, -120, -200, -210
A0, A1, D3, D4, WKP = 10, 11, 3, 4, 17


@pytest.fixture
def device(photon: Photon, sketch: Callable[..., Path]) -> Photon:
    return photon.start("--firmware", str(sketch(SLEEPER)))


@pytest.fixture
def serial(device: Photon) -> Iterator[Serial]:
    with device.serial() as opened:
        yield opened


def begin(device: Photon, serial: Serial, line: str) -> None:
    """Until the device is asleep."""
    serial.write(line.encode() + b"\n")
    device.wait("sleep", lambda status: status["mode"] == "sleep")


def answer(serial: Serial) -> str:
    return serial.read_until(b"\r\n").decode().strip()


def result(by: int, pin: int, last: int) -> str:
    return f"by {by} pin {pin} error 0 last {last}"


@pytest.mark.parametrize("mode", ["S", "U"])
def test_a_pin_wakes_it_by_its_edge_alone(device: Photon, serial: Serial, mode: str) -> None:
    for number in (D3, D4):
        device.control(do="pin", pin=number, level=1)
    begin(device, serial, f"{mode}fr")
    device.control(do="pin", pin=D4, level=0)  # falls, and is to rise
    assert device.status()["mode"] == "sleep"
    device.control(do="pin", pin=D3, level=0)
    assert answer(serial) == f"{mode}fr {result(BY_GPIO, D3, PIN)}"
    begin(device, serial, f"{mode}fr")
    device.control(do="pin", pin=D4, level=1)
    assert answer(serial) == f"{mode}fr {result(BY_GPIO, D4, PIN)}"


@pytest.mark.parametrize("mode", ["S", "U"])
def test_the_time_wakes_it(device: Photon, serial: Serial, mode: str) -> None:
    serial.write(f"{mode}tf\n".encode())
    assert answer(serial) == f"{mode}tf {result(BY_RTC, NONE, RTC)}"


def test_a_voltage_wakes_it(device: Photon, serial: Serial) -> None:
    begin(device, serial, "Sa")
    device.control(do="pin", pin=A0, level=2000)  # 2047 is half of 3.3 V
    assert device.status()["mode"] == "sleep"
    device.control(do="pin", pin=A0, level=2100)
    assert answer(serial).startswith(f"Sa by {BY_ANALOG} pin {NONE} error 0")
    device.control(do="pin", pin=A1, level=3000)
    begin(device, serial, "Sc")
    device.control(do="pin", pin=A1, level=2500)
    assert device.status()["mode"] == "sleep"
    device.control(do="pin", pin=A1, level=100)
    assert answer(serial).startswith(f"Sc by {BY_ANALOG}")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("S", INVALID_ARGUMENT),  # nothing wakes it
        ("U", INVALID_ARGUMENT),
        ("ST", INVALID_ARGUMENT),  # below a second
        ("Sx", LIMIT_EXCEEDED),  # no such pin
        ("Sd", INVALID_ARGUMENT),  # no analog one
        ("Ua", NOT_SUPPORTED),
        ("Hf", NOT_SUPPORTED),  # only WKP
        ("Ss", INVALID_STATE),  # Serial1 is closed
        ("Sn", NOT_SUPPORTED),  # the network
    ],
)
def test_what_a_photon_cannot_is_an_error_at_once(device: Photon, serial: Serial, line: str, error: int) -> None:
    serial.write(line.encode() + b"\n")
    said = answer(serial)
    assert said.startswith(f"{line} by 0 ") and f" error {error} " in said, said


def test_it_sleeps_as_older_firmware_asks(device: Photon, serial: Serial) -> None:
    for number, level in ((D3, 1), (D4, 0)):
        device.control(do="pin", pin=number, level=level)
    begin(device, serial, "old")
    device.control(do="pin", pin=D3, level=0)
    assert answer(serial) == f"old pin 1 rtc 0 which {D3}"
    begin(device, serial, "old two")
    device.control(do="pin", pin=D4, level=1)
    assert answer(serial) == f"old pin 1 rtc 0 which {D4}"
    serial.write(b"old time\n")
    assert answer(serial) == f"old pin 0 rtc 1 which {NONE}"


def test_hibernation_ends_in_a_start_with_retained_memory(device: Photon, serial: Serial) -> None:
    begin(device, serial, "Hw")
    device.control(do="pin", pin=WKP, level=1)
    assert answer(serial) == f"woken mark 1 slept {PIN_OR_RTC}"
    for number, line in enumerate(("Ht", "deep"), 2):
        device.wait("the application", lambda status: status["application_running"])
        serial.write(line.encode() + b"\n")
        assert answer(serial) == f"woken mark {number} slept {PIN_OR_RTC}"
    assert device.status()["reset_reason"] == "power_management"


def test_hibernation_without_wkp_ignores_it(device: Photon, serial: Serial) -> None:
    begin(device, serial, "H")
    device.control(do="pin", pin=WKP, level=1)
    assert device.status()["mode"] == "sleep"
    device.control(do="reset")
    device.wait("a start", lambda status: status["reset_reason"] == "pin_reset")
