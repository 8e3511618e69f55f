"""A device that is online with its memory checked and its pins recorded."""

from __future__ import annotations

from pathlib import Path

import msgspec

from photonrig.build.elf import Symbols
from photonrig.trials.memory import told
from photonrig.trials.run import MemoryFault

from ... import waveform
from ..conftest import Cloud, Photon
from .conftest import Compile

CHECKED = """
SYSTEM_THREAD(ENABLED)
volatile int sink;
extern "C" {
__attribute__((noinline)) void reads_unwritten() {
  volatile int* volatile block = (volatile int*)malloc(16);
  sink = block[2];
  free((void*)block);
}
__attribute__((noinline)) void writes_beyond() {
  volatile char* volatile block = (volatile char*)malloc(10);
  block[10] = 1;
  free((void*)block);
}
}
int wrong(String) { reads_unwritten(); writes_beyond(); return 42; }
int right(String text) { String copy = text + "!"; return copy.length(); }
void setup() { Particle.function("wrong", wrong); Particle.function("right", right); }
void loop() {}
"""


def test_memory_used_wrongly_is_found_while_the_device_is_online(photon: Photon, cloud: Cloud, sketch: Compile) -> None:
    part = sketch(CHECKED)
    photon.start("--firmware", str(part.module), "--check-memory", *cloud.words)
    cloud.wait_for_function("wrong")
    device = photon.ready["id"]

    def found() -> list[str]:
        faults = msgspec.convert(photon.status()["machine"]["memory"], tuple[MemoryFault, ...])
        return sorted(told(Symbols(part.elf), faults))

    assert cloud.call(device, "right", "five") == 5
    assert found() == []
    assert cloud.call(device, "wrong", "") == 42
    read, written = found()
    assert read.startswith("reads_unwritten (sketch.cpp:") and "reads 4 bytes" in read and "never written" in read
    assert written.startswith("writes_beyond (sketch.cpp:") and "uses 1 bytes" in written


def test_without_the_check_nothing_is_told(photon: Photon, sketch: Compile) -> None:
    photon.start("--firmware", str(sketch(CHECKED).module))
    assert photon.status()["machine"]["memory"] is None


def test_pins_of_a_device_that_is_online_are_recorded(
    photon: Photon, cloud: Cloud, sketch: Compile, tmp_path: Path
) -> None:
    """The level is the call's, the time is real."""
    program = """
    SYSTEM_THREAD(ENABLED)
    int level(String text) { digitalWrite(D7, text.toInt()); return digitalRead(D7); }
    void setup() { pinMode(D7, OUTPUT); Particle.function("level", level); }
    void loop() {}
    """
    file = tmp_path / "pins.vcd"
    photon.start("--firmware", str(sketch(program).module), "--record", str(file), *cloud.words)
    cloud.wait_for_function("level")
    for level in (1, 0, 1):
        assert cloud.call(photon.ready["id"], "level", str(level)) == level
    photon.stop()
    edges = waveform.read(file).of("D7")
    levels = [value for _, value in edges]
    assert levels[-3:] == ["1", "0", "1"]
    times = [at for at, _ in edges]
    assert times == sorted(times)
