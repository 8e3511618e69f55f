"""Power-on, RESET, the SETUP button and crashes: what the bootloader and the start of the system make of them."""

from __future__ import annotations

import re
import zlib

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

CRASHER = """
#include "Particle.h"
SYSTEM_THREAD(ENABLED)
SYSTEM_MODE(SEMI_AUTOMATIC)
retained int starts = 40;
int plain = 40;
STARTUP(%s);
volatile int* nowhere = (volatile int*)16;
int deeper(int n) { volatile char room[4096]; room[n %% 4096] = 1; return deeper(n + 1) + room[0]; }
int crash(String how) {
  if (how == "read") return *nowhere;
  if (how == "abort") abort();
  if (how == "trap") __builtin_trap();
  if (how == "stack") return deeper(0);
  return 0;
}
void setup() {
  ++starts;
  ++plain;
  Particle.variable("starts", starts);
  Particle.variable("plain", plain);
  Particle.function("crash", crash);
  Particle.connect();
}
void loop() {}
"""
RETAINING = CRASHER % "System.enableFeature(FEATURE_RETAINED_MEMORY)"
FORGETTING = CRASHER % "plain += 0"


def spoil(photon, file: str) -> None:
    path = photon.state / file
    image = bytearray(path.read_bytes())
    image[2000] ^= 1
    path.write_bytes(image)


@pytest.mark.parametrize(
    ("hold", "factory", "mode", "version"),
    [
        (999, True, "semi_automatic", 1),
        (1000, True, "safe_mode", 1),
        (2999, True, "safe_mode", 1),
        (3000, True, "dfu", 1),
        (6500, True, "dfu", 1),
        (6501, True, "semi_automatic", 2),
        (11000, True, "semi_automatic", 2),
        (6501, False, "dfu", 1),
    ],
)
@pytest.mark.parametrize("way", ["power", "reset"])
def test_setup_held_at_start(photon, build, hold, factory, mode, version, way):
    words = ["--firmware", str(build(1, "SEMI_AUTOMATIC"))]
    if factory:
        words += ["--factory-firmware", str(build(2, "SEMI_AUTOMATIC"))]
    photon.start(*words, *(["--setup-hold-ms", str(hold)] if way == "power" else []))
    if way == "reset":
        photon.control(do="reset", setup_hold_ms=hold)
    status = photon.wait("the mode", lambda status: status["mode"] == mode)
    assert status["factory_image"] is factory
    if mode != "dfu":
        assert status["product"]["version"] == version
    if hold > 6500 and factory:
        assert status["reset_reason"] == "factory_reset"
    # The choice holds for one start.
    photon.control(do="reset")
    status = photon.wait("the next start", lambda status: status["mode"] == "semi_automatic")
    assert (status["product"]["version"], status["reset_reason"]) == (version, "pin_reset")


def test_a_spoilt_user_part_is_replaced_by_the_factory_image(photon, build):
    words = ["--firmware", str(build(1)), "--factory-firmware", str(build(2))]
    photon.start(*words, "--wifi", "photonrig:photonrig-lab")
    assert photon.status()["product"]["version"] == 1
    photon.kill()
    spoil(photon, "user.bin")
    photon.start()
    status = photon.status()
    assert (status["product"]["version"], status["safe_mode"]) == (2, False)
    photon.kill()
    spoil(photon, "user.bin")
    spoil(photon, "factory.bin")
    photon.start()
    status = photon.status()
    assert (status["factory_image"], status["safe_mode"]) == (False, True)
    assert status["safe_mode_reason"] == "the user part has a wrong CRC"


def test_a_factory_image_is_described_and_outlives_an_update(photon, cloud, build):
    photon.start("--firmware", str(build(1)), "--factory-firmware", str(build(2)), *cloud.words)
    cloud.wait_for_function("keep")
    factory = cloud.describes[-1].modules[-1]
    assert (factory["l"], factory["s"], factory["f"], factory["vv"]) == ("f", 131072, "u", 30)
    cloud.run(cloud.hub.flash(photon.ready["id"], build(3).read_bytes(), "probe.bin"))
    assert cloud.wait_for_hello(2).product_version == 3
    assert photon.status()["factory_image"]


def test_a_bad_factory_image_is_refused(photon, build, tmp_path):
    image = bytearray(build().read_bytes())
    image[12] = 8
    image[-4:] = zlib.crc32(image[:-4]).to_bytes(4, "big")
    (tmp_path / "p1.bin").write_bytes(image)
    with pytest.raises(AssertionError, match="--factory-firmware: the module is for platform 8"):
        photon.start("--factory-firmware", str(tmp_path / "p1.bin"))


def test_setup_pressed_and_let_go(photon):
    photon.start("--wifi", "photonrig:photonrig-lab")
    assert photon.control(do="setup_button", pressed=True)["ok"]
    assert "pressed already" in photon.control(do="setup_button", pressed=True)["error"]
    assert photon.wait("listening while it is held", lambda status: status["listening"])
    assert photon.control(do="setup_button", pressed=False)["ok"]
    assert "not pressed" in photon.control(do="setup_button", pressed=False)["error"]
    assert photon.status()["listening"]


@pytest.mark.parametrize(
    ("how", "reason"),
    [("read", "hard_fault"), ("abort", "7"), ("trap", "hard_fault"), ("stack", "stack_overflow")],
)
def test_a_crash_is_a_panic(photon, cloud, sketch, how, reason):
    photon.start("--firmware", str(sketch(RETAINING)), *cloud.words)
    cloud.wait_for_function("crash")
    device = photon.ready["id"]
    assert (cloud.read(device, "starts"), cloud.read(device, "plain")) == (41, 41)
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        cloud.call(device, "crash", how)
    led = photon.wait("SOS", lambda status: status["mode"] == "panic")["led"]
    assert (led["color"], led["pattern"]) == ("#FF0000", "sos")
    assert "panics" in photon.control(do="setup_button", hold_ms=1)["error"]
    photon.end_sos()
    cloud.wait_for_hello(2)
    assert photon.status()["reset_reason"] == "panic"
    assert (cloud.read(device, "starts"), cloud.read(device, "plain")) == (42, 41)
    told = [event.data for event in cloud.events if event.name == "spark/device/last_reset"]
    assert told == ["power_down", f"panic, {reason}"]
    _, _, err = photon.stop()
    assert re.search(r"^vphoton: warning: the application .*; the device panics: ", err, re.MULTILINE)


def test_a_crash_keeps_what_the_bench_has_set_up(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(RETAINING)), *cloud.words)
    cloud.wait_for_function("crash")
    photon.control(do="air", networks=[{"ssid": "photonrig", "password": "photonrig-lab", "rssi": -77}])
    photon.control(do="fault", power_cut_at_write=1000)
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        cloud.call(photon.ready["id"], "crash", "abort")
    photon.end_sos()
    cloud.wait_for_hello(2)
    assert 900 < photon.status()["faults"]["power_cut_at_write"] <= 1000
    photon.control(do="setup_button", hold_ms=4000)
    assert photon.softap("scan-ap")["scans"][0]["rssi"] == -77


def test_retained_memory_outlives_a_reset_and_no_power_cut(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(RETAINING)), *cloud.words)
    for number in (1, 2):
        cloud.wait_for_hello(number)
        cloud.wait_for_function("crash")
        assert cloud.read(photon.ready["id"], "starts") == 40 + number
        photon.control(do="reset")
    cloud.wait_for_hello(3)
    photon.kill()
    photon.start()
    cloud.wait_for_hello(4)
    assert cloud.read(photon.ready["id"], "starts") == 41


def test_retained_memory_needs_its_feature(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(FORGETTING)), *cloud.words)
    cloud.wait_for_hello(1)
    photon.control(do="reset")
    cloud.wait_for_hello(2)
    assert cloud.read(photon.ready["id"], "starts") == 41


def test_led_colours_and_periods(photon, cloud, build):
    def led() -> tuple[str, str, int]:
        return tuple(photon.status()["led"].values())

    photon.start("--firmware", str(build(mode="SEMI_AUTOMATIC")), *cloud.words, "--listening")
    assert led() == ("#0000FF", "blink", 500)
    photon.control(do="air", networks=[])
    photon.control(do="setup_button", hold_ms=4000)
    assert led() == ("#00FF00", "blink", 200)
    photon.control(do="air", networks=[{"ssid": "photonrig", "password": "photonrig-lab"}])
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])
    assert led() == ("#00FF00", "breathe", 4000)
    photon.control(do="reset")
    photon.wait("a start with Wi-Fi off", lambda status: status["led"]["color"] == "#FFFFFF")
    assert led() == ("#FFFFFF", "breathe", 4000)
    photon.control(do="reset", setup_hold_ms=1500)
    photon.wait("safe mode", lambda status: status["cloud"] == "connected")
    assert led() == ("#FF00FF", "breathe", 4000)
    cloud.send_event(photon.ready["id"], "spark/device/reset", "dfu")
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert led() == ("#FFFF00", "blink", 200)
