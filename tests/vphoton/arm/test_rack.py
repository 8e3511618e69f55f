"""Many devices in one process: each lives, waits, resets and fails by itself."""

from __future__ import annotations

import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

from ..conftest import Cloud, Photon, Serial, wait_for
from .conftest import Compile
from .remote import Remote

DEVICES = 5

SKETCH = """
SYSTEM_THREAD(ENABLED)
STARTUP(System.enableFeature(FEATURE_RETAINED_MEMORY))
retained int starts = 40;
int* volatile nowhere = nullptr;
int mine = 0;
int ticks = 0;
volatile bool spinning = false;
Timer timer(20, [] { ++ticks; });
int keep(String text) { return mine = text.toInt(); }
int slow(String ms) { delay(ms.toInt()); return mine; }
int spin(String) { spinning = true; return 0; }
int restart(String) { System.reset(7); return 0; }
int crash(String) { return *nowhere; }
int tick(String) { timer.start(); return 0; }
int store(String text) { EEPROM.put(0, static_cast<int32_t>(text.toInt())); return 0; }
int stored() { int32_t value; EEPROM.get(0, value); return value; }
void setup() {
  ++starts;
  Serial.begin(9600);
  Particle.variable("starts", starts);
  Particle.variable("mine", mine);
  Particle.variable("ticks", ticks);
  Particle.variable("stored", stored);
  Particle.function("keep", keep);
  Particle.function("slow", slow);
  Particle.function("spin", spin);
  Particle.function("restart", restart);
  Particle.function("crash", crash);
  Particle.function("tick", tick);
  Particle.function("store", store);
}
void loop() {
  while (spinning) continue;
  while (Serial.available()) Serial.write(Serial.read());
}
"""


class Rack:
    """A rack of ``DEVICES``, all online and past their setup()."""

    def __init__(self, photon: Photon, cloud: Cloud, image: Path) -> None:
        self.photon, self.cloud = photon, cloud
        photon.start("--rack", str(DEVICES), "--firmware", str(image), *cloud.words)
        for number in range(DEVICES):
            self.wait(number, "online", lambda status: status["cloud"] == "connected" and status["application_running"])
        self.ids = [str(self.status(number)["id"]) for number in range(DEVICES)]

    def control(self, number: int, **request: Any) -> dict[str, Any]:
        return self.photon.control(device=number, **request)

    def status(self, number: int) -> dict[str, Any]:
        return self.control(number, do="status")

    def wait(self, number: int, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first status for which ``holds``; a device between two lives has none."""

        def probe() -> dict[str, Any] | None:
            status = self.status(number)
            return status if status["ok"] and holds(status) else None

        found = wait_for(f"device {number}: {what}", probe)
        assert found
        return found

    def back_after(self, number: int, reason: str) -> dict[str, Any]:
        return self.wait(
            number,
            f"online again after {reason}",
            lambda status: (status["reset_reason"], status["cloud"]) == (reason, "connected"),
        )

    def call(self, number: int, function: str, argument: str = "") -> int:
        return self.cloud.call(self.ids[number], function, argument)

    def read(self, number: int, variable: str) -> int:
        return int(self.cloud.read(self.ids[number], variable))


@pytest.fixture
def rack(photon: Photon, cloud: Cloud, sketch: Compile) -> Rack:
    return Rack(photon, cloud, sketch(SKETCH).module)


def test_each_has_its_own_memory_timers_and_eeprom(rack: Rack) -> None:
    assert len(set(rack.ids)) == DEVICES
    for number in range(DEVICES):
        assert rack.call(number, "keep", str(number + 100)) == number + 100
        assert rack.call(number, "store", str(number + 200)) == 0
    assert [rack.read(number, "mine") for number in range(DEVICES)] == [100, 101, 102, 103, 104]
    assert [rack.read(number, "stored") for number in range(DEVICES)] == [200, 201, 202, 203, 204]
    rack.call(2, "tick")
    wait_for("the timer of device 2", lambda: rack.read(2, "ticks") > 3)
    assert [rack.read(number, "ticks") for number in (0, 1, 3, 4)] == [0, 0, 0, 0]


def test_one_that_waits_or_spins_holds_up_nobody(rack: Rack) -> None:
    """Those that wait are done in the order of their deadlines, not of their beginnings."""
    for number in range(DEVICES):
        rack.call(number, "keep", str(number))
    done: list[int] = []

    def wait_in(number: int, ms: int) -> None:
        done.append(rack.call(number, "slow", str(ms)))

    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(wait_in, number, ms) for number, ms in enumerate((4000, 2000, 500))]
        rack.call(4, "spin")
        assert rack.call(3, "keep", "33") == 33
        for each in waiting:
            each.result()
    assert done == [2, 1, 0]
    # With a thread of its own the session of the one that spins lives on.
    assert rack.read(4, "mine") == 4
    before = rack.status(4)["machine"]
    wait_for("more instructions of it", lambda: rack.status(4)["machine"]["instructions"] > before["instructions"])
    assert rack.status(4)["machine"]["loops"] == before["loops"]


def test_a_reset_and_a_crash_are_one_device_s(rack: Rack) -> None:
    for number in range(DEVICES):
        rack.call(number, "keep", str(number))
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        rack.call(0, "restart")
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        rack.call(1, "crash")
    assert rack.control(2, do="reset")["ok"]
    rack.back_after(0, "user")
    rack.wait(1, "SOS", lambda status: status["mode"] == "panic")
    assert rack.control(1, do="end_sos")["ok"]
    rack.back_after(1, "panic")
    rack.back_after(2, "pin_reset")
    assert [rack.read(number, "starts") for number in range(DEVICES)] == [42, 42, 42, 41, 41]
    assert [rack.read(number, "mine") for number in range(DEVICES)] == [0, 0, 0, 3, 4]


def test_power_goes_and_comes_for_one(rack: Rack) -> None:
    rack.call(0, "store", "77")
    assert rack.control(0, do="power", on=False)["ok"]
    wait_for("device 0 off", lambda: rack.photon.control(do="status")["powered"] == DEVICES - 1)
    assert rack.status(0) == {"ok": False, "error": "the device is off"}
    assert rack.control(0, do="power", on=True)["ok"]
    rack.back_after(0, "power_down")
    assert (rack.read(0, "starts"), rack.read(0, "stored")) == (41, 77)
    # A cut at a planned write is the same.
    assert rack.control(0, do="fault", power_cut_at_write=1)["ok"]
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        rack.call(0, "store", "78")
    wait_for("device 0 off", lambda: rack.photon.control(do="status")["powered"] == DEVICES - 1)
    assert rack.control(0, do="power", on=True)["ok"]
    rack.back_after(0, "power_down")
    assert rack.read(0, "stored") == 77


def test_serial_and_softap_are_opened_on_request(rack: Rack) -> None:
    folder = rack.photon.state / rack.ids[1]
    assert not (folder / "serial").exists()
    faces = rack.control(1, do="faces")
    with Serial(faces["serial"]) as serial:
        assert serial.ask(b"hello", b"hello") == b"hello"
    assert stat.S_ISCHR((folder / "serial").stat().st_mode)
    # They stay over a reset.
    assert rack.control(1, do="reset")["ok"]
    rack.back_after(1, "pin_reset")
    with Serial(faces["serial"]) as serial:
        assert serial.ask(b"again", b"again") == b"again"
    assert rack.control(1, do="listening", on=True)["ok"]
    rack.wait(1, "listening", lambda status: bool(status["listening"]))
    rack.photon.ready |= faces
    assert rack.photon.softap("device-id")["id"] == rack.ids[1].upper()


def test_the_devices_are_the_folders_and_another_rack_is_kept_out(rack: Rack) -> None:
    rack.call(3, "store", "99")
    second = Photon(rack.photon.executable, rack.photon.state)
    with pytest.raises(AssertionError, match="another vphoton runs on this rack"):
        second.start("--rack", str(DEVICES))
    code, _, err = rack.photon.stop()
    assert (code, err) == (0, "")
    assert {each.name for each in rack.photon.state.iterdir() if each.is_dir()} == set(rack.ids)
    with pytest.raises(AssertionError, match=f"holds {DEVICES} devices"):
        second.start("--rack", "2")
    rack.photon.start("--rack", str(DEVICES))
    rack.back_after(3, "power_down")
    assert rack.read(3, "stored") == 99


def test_requests_name_a_device(rack: Rack) -> None:
    assert rack.photon.control(do="status") == {"ok": True, "rack": DEVICES, "powered": DEVICES, "online": DEVICES}
    assert "number" in rack.photon.control(do="reset")["error"]
    assert "0 to 4" in rack.control(DEVICES, do="status")["error"]
    assert "is on" in rack.control(0, do="power", on=True)["error"]


def test_a_debugger_stops_one_of_them(rack: Rack) -> None:
    """By the same request as of a device that has a process to itself."""
    opened = rack.control(2, do="debug")
    with Remote(opened["port"]) as remote:
        assert remote.ask("?").startswith("T05")
        assert rack.call(1, "keep", "7") == 7  # the others go on
        assert rack.status(2)["cloud"] == "connected"
        assert rack.read(2, "mine") == 0
        assert remote.ask("D") == "OK"
    assert rack.call(2, "keep", "8") == 8


def test_a_reset_keeps_the_debugger_of_the_device(rack: Rack) -> None:
    """Descriptors that the device closed with itself would be another device's by then."""
    opened = rack.control(2, do="debug")
    with Remote(opened["port"]) as remote:
        assert remote.ask("?").startswith("T05")
        remote.send("c")
        assert rack.control(2, do="reset")["ok"]
        assert rack.control(3, do="reset")["ok"]  # and opens descriptors meanwhile
        rack.back_after(2, "pin_reset")
        rack.back_after(3, "pin_reset")
        remote.interrupt()
        assert remote.answer().startswith("T02")
        assert rack.call(3, "keep", "7") == 7
        assert remote.ask("D") == "OK"
    assert rack.call(2, "keep", "8") == 8
