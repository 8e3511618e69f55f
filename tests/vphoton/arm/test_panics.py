"""What ends an application ends it as on a Photon: SOS, then a reset that tells the code."""

from __future__ import annotations

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

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
    led = photon.wait("SOS", lambda status: status["mode"] == "panic")["led"]
    assert (led["color"], led["pattern"]) == ("#FF0000", "sos")
    cloud.wait_for_hello(2)
    assert photon.status()["reset_reason"] == "panic"
    assert cloud.read(photon.ready["id"], "starts") == 42
    told = [event.data for event in cloud.events if event.name == "spark/device/last_reset"]
    assert told == ["power_down", f"panic, {ENDS[name][1]}"]


def test_a_function_that_is_not_there_names_itself(photon: Photon, sketch: Compile) -> None:
    sketched = sketch(
        "SYSTEM_MODE(MANUAL)\nos_queue_t q;\nvoid setup() { os_queue_create(&q, 4, 4, nullptr); }\nvoid loop() {}"
    )
    photon.start("--firmware", str(sketched.module))
    photon.wait("SOS", lambda status: status["mode"] == "panic" and status["led"]["blinks"] == 10)
    _, _, errors = photon.stop()
    assert "os_queue_create, which is not modelled (table hal_concurrent, index 23)" in errors


def test_an_application_that_ends_before_it_is_ready_keeps_nobody_waiting(photon: Photon, sketch: Compile) -> None:
    """Its constructors run before the device is up; each start ends in SOS, and the device can be used all the same."""
    broken = sketch("STARTUP(panic_(PanicAssertionFailure, nullptr, nullptr))\nvoid setup() {}\nvoid loop() {}")
    photon.start("--firmware", str(broken.module))
    photon.wait("SOS", lambda status: status["mode"] == "panic")
    photon.control(do="reset", setup_hold_ms=1500)
    assert photon.wait("safe mode", lambda status: status["safe_mode"])["mode"] == "safe_mode"
