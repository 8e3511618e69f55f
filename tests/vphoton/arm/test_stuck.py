"""Applications that never return: the device lives on as far as a Photon's would, and the bench always does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from photonrig.particle.cli import ParticleCli

from ..conftest import Cloud, Photon, wait_for
from .conftest import Compile

SPINS = """
%s
volatile int turns = 0;
int answer = 42;
void spin() { for (;;) ++turns; }
void setup() {
  Particle.variable("answer", answer);
  %s
}
void loop() { %s }
"""
WELL = """
PRODUCT_ID(4711)
PRODUCT_VERSION(2)
int wellness = 43;
void setup() { Particle.variable("wellness", wellness); }
void loop() {}
"""


@pytest.mark.parametrize("where", ["setup", "loop"])
def test_with_a_thread_of_its_own_it_is_replaced_over_the_air(
    photon: Photon, cloud: Cloud, sketch: Compile, where: str
) -> None:
    thread = "SYSTEM_THREAD(ENABLED)"
    words = ("spin();", "") if where == "setup" else ("", "spin();")
    photon.start("--firmware", str(sketch(SPINS % (thread, *words)).module), *cloud.words)
    cloud.wait_for_hello(1)
    device = photon.ready["id"]
    wait_for("the loop without an end", lambda: spins(photon))
    well = sketch(WELL).module.read_bytes()
    cloud.run(cloud.hub.flash(device, well, "well.bin"))
    assert cloud.wait_for_hello(2).product_version == 2
    cloud.wait_for_variable("wellness")
    assert cloud.read(device, "wellness") == 43


@pytest.mark.cli
def test_without_one_it_is_replaced_by_hand(
    photon: Photon, cloud: Cloud, sketch: Compile, cli: Callable[..., ParticleCli]
) -> None:
    """Its session with the cloud stands still; SETUP and RESET lead to DFU mode, as on any bench."""
    photon.start("--firmware", str(sketch(SPINS % ("", "spin();", "")).module), *cloud.words)
    cloud.wait_for_hello(1)
    wait_for("the loop without an end", lambda: spins(photon))
    assert not photon.status()["threaded"]
    with pytest.raises(AssertionError):
        wait_for("an answer", lambda: cloud.describes and "answer" in cloud.describes[-1].variables, patience=1.0)
    photon.control(do="reset", setup_hold_ms=4000)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    cli(photon).run("flash", "--usb", str(sketch(WELL).module), proof="Flash success!")
    assert cloud.wait_for_hello(2).product_version == 2
    cloud.wait_for_variable("wellness")
    assert cloud.read(photon.ready["id"], "wellness") == 43


def test_a_constructor_without_end_leaves_the_bench_its_hands(photon: Photon, sketch: Compile) -> None:
    program = (
        "struct Stuck { Stuck() { for (volatile int n = 0;; ++n) continue; } } stuck;\nvoid setup() {}\nvoid loop() {}"
    )
    photon.start("--firmware", str(sketch(program).module))
    assert not photon.status()["application_running"]
    photon.control(do="reset", setup_hold_ms=1500)
    photon.wait("safe mode", lambda status: status["safe_mode"])


def spins(photon: Photon) -> bool:
    """More instructions from one look to the next, and no end of the function."""
    first, second = (photon.status()["machine"] for _ in range(2))
    return bool(first and second and second["instructions"] > first["instructions"] and second["loops"] == 0)


def test_timers_and_pins_interrupt_a_loop_without_end(photon: Photon, cloud: Cloud, sketch: Compile) -> None:
    program = """
    SYSTEM_THREAD(ENABLED)
    volatile int ticks = 0, presses = 0;
    int seen_ticks() { return ticks; }
    int seen_presses() { return presses; }
    void tick() { ++ticks; }
    void press() { ++presses; }
    Timer timer(10, tick);
    void setup() {
      Particle.variable("ticks", seen_ticks);
      Particle.variable("presses", seen_presses);
      pinMode(D2, INPUT_PULLUP);
      attachInterrupt(D2, press, FALLING);
      timer.start();
    }
    void loop() { for (;;) continue; }
    """
    photon.start("--firmware", str(sketch(program).module), *cloud.words)
    cloud.wait_for_variable("ticks")
    device = photon.ready["id"]
    before = cloud.read(device, "ticks")
    wait_for("ticks", lambda: cloud.read(device, "ticks") > before + 5)
    for level in (1, 0, 1, 0):
        assert photon.control(do="pin", pin=2, level=level)["ok"]
    assert cloud.read(device, "presses") == 2
