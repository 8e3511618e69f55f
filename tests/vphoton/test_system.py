"""Modes, resets, updates, pins, Wi-Fi: the system around the firmware, with a cloud that speaks the protocol."""

from __future__ import annotations

import contextlib
import socket
import zlib

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused
from photonrig.localcloud.service.vitals import payload_of

from .conftest import wait_for


def test_online_with_everything_a_describe_holds(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    hello = cloud.wait_for_hello(1)
    assert (hello.product_id, hello.product_version, hello.platform_id, hello.flags) == (4711, 1, 6, 0x36)
    cloud.wait_for_function("keep")
    user = cloud.describes[-1].modules[-1]
    assert (user["f"], user["vc"], user["vv"], user["d"]) == ("u", 30, 30, [{"f": "s", "n": "2", "v": 2302}])
    status = photon.status()
    assert status["cloud"] == "connected"
    assert status["led"] == {"color": "#00FFFF", "pattern": "breathe", "period_ms": 4000}
    assert status["product"] == {"id": 4711, "version": 1}


def test_eeprom_and_keys_survive_a_power_cut(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    assert cloud.call(device, "keep", "123456") == 123456
    photon.kill()
    assert photon.start().ready["id"] == device
    cloud.wait_for_hello(2)
    assert cloud.read(device, "kept") == 123456


def test_update_over_the_air(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    cloud.run(cloud.hub.flash(device, build(2).read_bytes(), "probe.bin"))
    assert cloud.wait_for_hello(2).flags == 0x37
    assert cloud.hellos[1].product_version == 2
    assert cloud.read(device, "version") == 2
    assert photon.status()["reset_reason"] == "update"
    # The ready line is not printed again, and the device stays what it is without any option.
    assert photon.stop()[:2] == (0, "")
    photon.start()
    assert cloud.wait_for_hello(3).flags == 0x36
    assert cloud.hellos[2].product_version == 2


@pytest.mark.parametrize("flaw", ["crc", "platform", "real"])
def test_an_update_that_does_not_fit_is_refused(photon, cloud, build, flaw):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    image = bytearray(build(2).read_bytes())
    at = {"crc": 100, "platform": 12, "real": 18}[flaw]
    image[at] ^= 1
    if flaw != "crc":
        image[-4:] = zlib.crc32(image[:-4]).to_bytes(4, "big")
    with pytest.raises(FlashRefused, match="-13"):
        cloud.run(cloud.hub.flash(device, bytes(image), "probe.bin"))
    assert cloud.read(device, "version") == 1
    status = photon.status()
    assert (status["reset_reason"], status["updating"]) == ("power_down", False)


def test_firmware_for_a_later_device_os_leads_to_safe_mode(photon, build, tmp_path):
    image = bytearray(build().read_bytes())
    image[18:20] = (3000).to_bytes(2, "little")
    image[-4:] = zlib.crc32(image[:-4]).to_bytes(4, "big")
    (tmp_path / "later.bin").write_bytes(image)
    photon.start("--firmware", str(tmp_path / "later.bin"))
    status = photon.status()
    needs = "the user part needs system part 2 version 3000 or later; this device has 2302"
    assert (status["safe_mode"], status["safe_mode_reason"]) == (True, needs)


def test_a_spoilt_user_part_leads_to_safe_mode(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_hello(1)
    photon.kill()
    user_part = photon.state / "user.bin"
    image = bytearray(user_part.read_bytes())
    image[2000] ^= 1
    user_part.write_bytes(image)
    photon.start()
    cloud.wait_for_hello(2)
    status = photon.status()
    assert status["safe_mode"]
    assert status["safe_mode_reason"] == "the user part has a wrong CRC"
    assert not status["application_running"]
    # It can be mended from afar.
    device = photon.ready["id"]
    cloud.run(cloud.hub.flash(device, build(2).read_bytes(), "probe.bin"))
    assert cloud.wait_for_hello(3).product_version == 2
    assert not photon.status()["safe_mode"]
    assert "spark/device/safemode" in [event.name for event in cloud.events]


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [("function", "user"), ("control", "pin_reset"), ("reboot", "user"), ("safe mode", "safe_mode")],
)
def test_resets(photon, cloud, build, trigger, reason):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("restart")
    device, ports = photon.ready["id"], (photon.ready["softap_tcp"], photon.ready["softap_http"])
    if trigger == "function":
        with pytest.raises((DeviceOffline, DeviceTimeout)):
            cloud.call(device, "restart")
    elif trigger == "control":
        photon.control(do="reset")
    else:
        cloud.send_event(device, "spark/device/reset", trigger)
    cloud.wait_for_hello(2)
    status = photon.wait("the second start", lambda status: status["cloud"] == "connected")
    assert status["reset_reason"] == reason
    assert status["safe_mode"] == (reason == "safe_mode")

    def told() -> list[str | None]:
        return [event.data for event in cloud.events if event.name == "spark/device/last_reset"]

    wait_for("both reset reasons", lambda: len(told()) == 2)
    assert told() == ["power_down", reason]
    photon.control(do="setup_button", hold_ms=4000)
    for port in ports:
        socket.create_connection(("127.0.0.1", port)).close()


def test_dfu_mode_idles_until_a_reset(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_hello(1)
    cloud.send_event(photon.ready["id"], "spark/device/reset", "dfu")
    status = photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert status["led"]["color"] == "#FFFF00"
    assert "DFU mode" in photon.control(do="setup_button", hold_ms=4000)["error"]
    photon.control(do="reset")
    cloud.wait_for_hello(2)


def test_the_cloud_hears_of_nothing_while_the_network_is_gone(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_hello(1)
    photon.control(do="wifi", available=False)
    status = photon.status()
    assert not status["wifi"]["ready"]
    assert status["cloud"] == "disconnected"
    photon.control(do="wifi", available=True)
    cloud.wait_for_hello(2)
    photon.control(do="air", networks=[{"ssid": "other", "password": "other password"}])
    assert photon.status()["wifi"]["connecting"]
    photon.control(do="reset")
    photon.wait("the reset", lambda status: status["reset_reason"] == "pin_reset")
    assert len(cloud.hellos) == 2  # a reset does not change the air
    photon.control(do="air", networks=[{"ssid": "photonrig", "password": "photonrig-lab"}])
    cloud.wait_for_hello(3)


def test_pins(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    assert {"pin": 2, "mode": "input_pullup", "level": 1} in photon.status()["pins"]
    for level in (0, 0, 1, 0):
        assert photon.control(do="pin", pin=2, level=level)["ok"]
    assert cloud.read(device, "presses") == 2


def test_automatic_mode_without_a_thread_waits_for_the_cloud(photon, cloud, build):
    module = build(threaded=False)
    photon.start("--firmware", str(module), *cloud.words[:4], "--listening")
    assert not photon.status()["application_running"]
    photon.control(do="setup_button", hold_ms=4000)  # leaves listening mode; there are no credentials
    assert photon.wait("listening", lambda status: status["listening"])["application_running"] is False
    photon.kill()
    photon.start(*cloud.words)
    cloud.wait_for_function("keep")
    assert photon.status()["application_running"]


def test_semi_automatic_mode_runs_and_stays_offline(photon, cloud, build):
    photon.start("--firmware", str(build(mode="SEMI_AUTOMATIC", threaded=False)), *cloud.words)
    status = photon.wait("the application", lambda status: status["application_running"])
    assert (status["mode"], status["wifi"]["connecting"], status["cloud"]) == ("semi_automatic", False, "disconnected")
    assert cloud.hellos == []


def test_the_system_lives_while_the_application_waits(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("slow")
    device = photon.ready["id"]
    assert cloud.call(device, "slow", "300") == 1
    assert photon.status()["cloud"] == "connected"
    assert len(cloud.hellos) == 1


def test_vitals(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    photon.control(do="reset")
    cloud.wait_for_hello(2)
    vitals = payload_of(cloud.run(cloud.hub.metrics(device)))["device"]
    status = photon.status()
    assert vitals["system"]["reset_reason"] == 20  # Device OS 2.3.1, RESET_REASON_PIN_RESET
    assert 0 <= vitals["system"]["uptime"] <= status["uptime_ms"] / 1000
    machine = status["machine"]  # Device OS 2.3.1: the size of the heap, and what of it is not free
    assert vitals["system"]["memory"]["total"] == machine["heap_total"]
    assert machine["heap_used"] <= vitals["system"]["memory"]["used"] <= machine["heap_most_used"]
    assert vitals["network"]["connection"] == {"status": "connected", "attempts": 1}
    assert vitals["network"]["signal"]["rssi"] == -51  # of the access point that is in the air by default
    assert vitals["cloud"]["connection"]["status"] == "connected"


TOLD_OF_RESETS = """SYSTEM_THREAD(ENABLED)
int told = 0;
void hears(system_event_t event, int) { EEPROM.write(event == reset ? 1 : 0, 7); }
int again(String) { System.reset(); return 0; }
STARTUP(System.on(reset | reset_pending, hears));
void setup() {
  told = EEPROM.read(0) << 8 | EEPROM.read(1);
  Particle.variable("told", told);
  Particle.function("again", again);
}
void loop() {}
"""


def test_an_application_is_told_of_the_reset_of_an_update_and_of_no_other(photon, cloud, sketch):
    """Device OS 2.3.1, system_update.cpp: only system_pending_shutdown() notifies, and only updates call it."""
    image = sketch(TOLD_OF_RESETS)
    photon.start("--firmware", str(image), *cloud.words)
    device = photon.ready["id"]
    cloud.wait_for_function("again")
    with contextlib.suppress(DeviceOffline, DeviceTimeout):  # the device is gone before its answer
        cloud.call(device, "again")
    cloud.wait_for_hello(2)
    assert cloud.read(device, "told") == 0xFFFF
    photon.control(do="reset")
    cloud.wait_for_hello(3)
    assert cloud.read(device, "told") == 0xFFFF
    cloud.run(cloud.hub.flash(device, image.read_bytes(), "again.bin"))
    cloud.wait_for_hello(4)
    assert cloud.read(device, "told") == 0x0707
