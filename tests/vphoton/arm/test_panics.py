"""What ends an application ends it as on a Photon: SOS, then a reset that tells the code."""

from __future__ import annotations

from typing import Any

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

from ...patience import wait_for
from ..conftest import Cloud, Photon
from .conftest import Compile

ENDS = {
    "null read": ("return *nowhere;", "hard_fault"),
    "null write": ("*nowhere = 1; return 0;", "hard_fault"),
    "a call into the void": ("reinterpret_cast<void (*)()>(0x10000001)(); return 0;", "hard_fault"),
    "a write to flash": ("*reinterpret_cast<volatile int*>(0x080A0000) = 1; return 0;", "hard_fault"),
    "a bad pointer to the system": (
        "return Particle.publish(reinterpret_cast<const char*>(0x60000000), PRIVATE);",
        "hard_fault",
    ),
    "a block freed twice": ("void* volatile block = malloc(8); free(block); free(block); return 0;", "hard_fault"),
    "division by zero": ("return 7 / nothing;", "usage_fault"),
    "stack overflow": ("return deeper(1);", "stack_overflow"),
    "a buffer beyond the stack": ("return wider();", "stack_overflow"),
    "abort": ("abort();", "7"),
    "out of heap": ("panic_(PanicOutOfHeap, nullptr, HAL_Delay_Microseconds); return 0;", "out_of_heap"),
    "a virtual function that is none": ("panic_(PanicPureVirtualCall, nullptr, nullptr); return 0;", "12"),
}

PROGRAM = """
SYSTEM_THREAD(ENABLED)
STARTUP(System.enableFeature(FEATURE_RETAINED_MEMORY))
retained int starts = 40;
int* volatile nowhere = nullptr;
volatile int nothing = 0;
__attribute__((noinline)) int deeper(int depth) {
  volatile int kept[16];
  kept[depth %% 16] = depth;
  return deeper(depth + 1) + kept[depth %% 16];
}
__attribute__((noinline)) int wider() {
  volatile uint8_t kept[6500];
  for (size_t i = 0; i < sizeof kept; ++i) kept[i] = 1;
  return kept[millis() %% sizeof kept];
}
%s
void setup() {
  ++starts;
  Particle.variable("starts", starts);
%s
}
void loop() {}
"""


@pytest.fixture(scope="module")
def program() -> str:
    names = list(ENDS)
    functions = "\n".join(f"int end{names.index(name)}(String) {{ {code} }}" for name, (code, _) in ENDS.items())
    registers = "\n".join(f'  Particle.function("end{number}", end{number});' for number in range(len(ENDS)))
    return PROGRAM % (functions, registers)


@pytest.mark.parametrize("name", ENDS)
def test_an_end_blinks_its_code(photon: Photon, cloud: Cloud, sketch: Compile, program: str, name: str) -> None:
    function = f"end{list(ENDS).index(name)}"
    photon.start("--firmware", str(sketch(program).module), *cloud.words)
    cloud.wait_for_function(function)
    assert cloud.read(photon.ready["id"], "starts") == 41
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        cloud.call(photon.ready["id"], function)
    led = photon.end_sos()["led"]
    assert (led["color"], led["pattern"]) == ("#FF0000", "sos")
    cloud.wait_for_hello(2)
    assert photon.status()["reset_reason"] == "panic"
    assert cloud.read(photon.ready["id"], "starts") == 42
    told = [event.data for event in cloud.events if event.name == "spark/device/last_reset"]
    assert told == ["power_down", f"panic, {ENDS[name][1]}"]


def test_a_function_that_is_not_there_names_itself(photon: Photon, sketch: Compile) -> None:
    sketched = sketch("SYSTEM_MODE(MANUAL)\nvoid setup() { HAL_Led_User_Toggle(nullptr); }\nvoid loop() {}")
    photon.start("--firmware", str(sketched.module))
    photon.wait("SOS", lambda status: status["mode"] == "panic" and status["led"]["blinks"] == 10)
    _, _, errors = photon.stop()
    assert "HAL_Led_User_Toggle, which is not modelled (table hal_rgbled, index 4)" in errors


def test_an_application_that_ends_before_it_is_ready_keeps_nobody_waiting(photon: Photon, sketch: Compile) -> None:
    """Its constructors run before the device is up; each start ends in SOS, and the device can be used all the same."""
    broken = sketch("STARTUP(panic_(PanicAssertionFailure, nullptr, nullptr))\nvoid setup() {}\nvoid loop() {}")
    photon.start("--firmware", str(broken.module))
    photon.wait("SOS", lambda status: status["mode"] == "panic")
    photon.control(do="reset", setup_hold_ms=1500)
    assert photon.wait("safe mode", lambda status: status["safe_mode"])["mode"] == "safe_mode"


def test_outputs_stay_as_they_were_until_the_reset(photon: Photon, sketch: Compile) -> None:
    """Device OS 2.3.1, panic_(): interrupts off, SOS, then the reset; a motor runs on meanwhile, and stops with it."""
    ends = """SYSTEM_MODE(MANUAL)
void setup() {
  pinMode(D0, OUTPUT);
  digitalWrite(D0, HIGH);
  pinMode(D1, OUTPUT);
  pinMode(D4, INPUT_PULLUP);
  pinMode(A5, OUTPUT);
  analogWrite(A5, 100);
  while (digitalRead(D4)) continue;
  panic_(PanicAssertionFailure, nullptr, nullptr);
}
void loop() {}
"""
    photon.start("--firmware", str(sketch(ends).module))

    def pins(status: dict[str, Any]) -> dict[int, tuple[str, int]]:
        return {each["pin"]: (each["mode"], each["level"]) for each in status["pins"]}

    driven = {0: ("output", 1), 1: ("output", 0), 15: ("analog_output", 100)}
    photon.wait("the outputs", lambda status: pins(status).items() >= driven.items())
    photon.control(do="pin", pin=4, level=0)
    stopped = photon.end_sos()
    assert pins(stopped).items() >= driven.items()
    # The application starts again, and waits for its pin, which nothing drives now.
    photon.wait("the reset", lambda status: status["mode"] == "manual" and status["reset_reason"] == "panic")


def test_a_motor_stops_in_a_panic_when_its_permit_line_stands(photon: Photon, sketch: Compile) -> None:
    """The bridge's input stays on for 20 s of SOS; its power stage falls off 0.4 s after the last edge."""
    runs = """SYSTEM_MODE(MANUAL)
void setup() {
  pinMode(D0, OUTPUT);
  digitalWrite(D0, HIGH);
  pinMode(A0, OUTPUT);
  pinMode(D4, INPUT_PULLUP);
  for (bool level = true; digitalRead(D4); level = !level) {
    digitalWrite(A0, level);
    delay(20);
  }
  panic_(PanicAssertionFailure, nullptr, nullptr);
}
void loop() {}
"""
    photon.start("--firmware", str(sketch(runs).module), "--wired-to", "venetian:100000")

    def lift() -> dict[str, float]:
        return dict(photon.control(do="world")["parts"]["lift"])

    wait_for("the motor to get somewhere", lambda: lift()["position"] > 0)
    photon.control(do="pin", pin=4, level=0)
    photon.wait("SOS", lambda status: status["mode"] == "panic")
    wait_for("the motor to stand", lambda: lift()["speed"] == 0)
    assert 0 < lift()["position"] < 100
    pins = {each["pin"]: each["level"] for each in photon.end_sos()["pins"]}
    assert pins[0] == 1


def test_the_reset_after_a_panic_lets_the_outputs_go(photon: Photon, sketch: Compile) -> None:
    ends = """SYSTEM_MODE(MANUAL)
STARTUP(System.enableFeature(FEATURE_RETAINED_MEMORY))
retained int starts = 40;
void setup() {
  if (++starts > 41) return;
  pinMode(D0, OUTPUT);
  digitalWrite(D0, HIGH);
  panic_(PanicAssertionFailure, nullptr, nullptr);
}
void loop() {}
"""
    photon.start("--firmware", str(sketch(ends).module))
    assert photon.end_sos()["pins"]
    photon.wait("the reset", lambda status: status["mode"] == "manual" and status["application_running"])
    assert not [each for each in photon.status()["pins"] if each["mode"] != "none"]
