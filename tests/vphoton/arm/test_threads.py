"""Threads of an application on a device that is online; what each promises is in tests/trials/test_threads.py."""

from __future__ import annotations

import contextlib
import re

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

from ...patience import wait_for
from ..conftest import Cloud, Photon
from .conftest import Compile, UserPart
from .remote import SP, Remote, Symbols

PROGRAM = """
SYSTEM_THREAD(ENABLED)
SerialLogHandler logs(LOG_LEVEL_INFO);
volatile int counted = 0, slept = 0;
Mutex mutex;
__attribute__((noinline)) int deeper(int depth) {
  volatile int kept[16];
  kept[depth % 16] = depth;
  return deeper(depth + 1) + kept[depth % 16];
}
void count(void*) { for (;;) { WITH_LOCK(mutex) { counted = counted + 1; } } }
extern "C" __attribute__((noinline)) void nap() { delay(2); slept = slept + 1; }
void sleep(void*) { for (;;) nap(); }
int crash(String) { new Thread("deep", [] { deeper(1); }, 2, 1024); return 0; }
int said(String) { Thread talker("talker", [] { Log.info("from a thread"); }); talker.join(); return 1; }
void setup() {
  Serial.begin(9600);
  Particle.variable("counted", [] { return int(counted); });
  Particle.variable("slept", [] { return int(slept); });
  Particle.function("crash", crash);
  Particle.function("said", said);
  new Thread("counter", count, nullptr, 2);
  new Thread("sleeper", sleep, nullptr, 3, 1024);
}
void loop() {}
"""


@pytest.fixture
def part(sketch: Compile) -> UserPart:
    return sketch(PROGRAM)


def test_threads_run_beside_the_cloud_and_their_crash_is_told(photon: Photon, cloud: Cloud, part: UserPart) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("crash")
    device = photon.ready["id"]
    for name in ("counted", "slept"):
        before = cloud.read(device, name)
        wait_for(f"{name} to go on", lambda name=name, before=before: cloud.read(device, name) > before)
    with photon.serial() as serial:
        assert cloud.call(device, "said", "") == 1
        serial.read_until(b"from a thread\r\n")
    threads = {each["name"]: each for each in photon.status()["machine"]["threads"]}
    assert {"counter", "sleeper"} <= set(threads)
    assert threads["sleeper"]["priority"] == 3
    assert 0 < threads["sleeper"]["most_stack"] < threads["sleeper"]["stack_total"] == 1024
    with contextlib.suppress(DeviceOffline, DeviceTimeout):  # it may end before its answer is out
        cloud.call(device, "crash", "")
    photon.end_sos()
    cloud.wait_for_hello(2)
    wait_for(
        "both resets",
        lambda: (
            [event.data for event in cloud.events if event.name == "spark/device/last_reset"]
            == ["power_down", "panic, stack_overflow"]
        ),
    )


def test_the_debugger_tells_threads_apart(photon: Photon, part: UserPart) -> None:
    photon.start("--firmware", str(part.module), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the threads", lambda status: len(status["machine"]["threads"]) == 2)
    names = Symbols(part.elf)
    with Remote(photon.control(do="debug")["port"]) as remote:
        assert remote.ask("?").startswith("T05thread:")
        threads = remote.ask("qfThreadInfo")[1:].split(",")
        assert {"1", f"{1001:x}", f"{2001:x}"} <= set(threads)
        about = {each: bytes.fromhex(remote.ask(f"qThreadExtraInfo,{each}")).decode() for each in threads}
        assert about[f"{2001:x}"].startswith("sleeper") or about[f"{1001:x}"].startswith("counter")
        stacks = set()
        for each in ("1", f"{1001:x}", f"{2001:x}"):
            assert remote.ask(f"Hg{each}") == "OK"
            stacks.add(remote.register(SP) >> 10)
        assert len(stacks) == 3  # each has its own
        # A breakpoint stops the thread that comes to it, whichever ran before.
        assert remote.ask(f"Z0,{names['nap']:x},2") == "OK"
        assert re.search(rf"thread:{2001:x};", remote.ask("c"))
        assert remote.ask(f"z0,{names['nap']:x},2") == "OK"
        assert remote.ask("D") == "OK"


def test_an_application_that_only_asks_for_the_time_leaves_the_bench_its_hands(photon: Photon, sketch: Compile) -> None:
    spins = "SYSTEM_MODE(MANUAL)\nvoid setup() { for (;;) millis(); }\nvoid loop() {}"
    photon.start("--firmware", str(sketch(spins).module))
    photon.control(do="reset", setup_hold_ms=1500)
    photon.wait("safe mode", lambda status: status["safe_mode"])
