"""USB serial: setup console while listening, firmware otherwise, hosts that come and go."""

from __future__ import annotations

import json
import threading

from ..patience import PATIENCE

CODE = "k" * 63


def test_console_commands(photon):
    photon.start()
    with photon.serial() as port:
        assert port.ask(b"i", b"\r\n") == f"Your device id is {photon.ready['id']}\r\n".encode()
        assert port.ask(b"v", b"\n\r\n") == b"system firmware version: 2.3.1\n\r\n"
        assert port.ask(b"c", b"\r\n") == b"Device claimed: no\r\n"
        assert port.ask(b"m", b":" + photon.ready["id"][-2:].encode() + b"\r\n").startswith(b"Your device MAC address")
        modules = json.loads(port.ask(b"s", b"}\r\n"))["m"]
        assert [module["f"] for module in modules] == ["b", "s", "s"]
        port.ask(b"C", b"claim code: ")
        assert port.ask(CODE.encode() + b"\n", f"Claim code set to: {CODE}\r\n".encode())
    assert photon.status()["has_claim_code"]


def test_wifi_dialogue(photon):
    photon.start()
    with photon.serial() as port:
        port.ask(b"w", b"SSID: ")
        port.ask(b"photonrig\n", b"Password: ")
        port.ask(b"photonrig-lab\n", b"Particle <3 you!\r\n\r\n")
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"] and not status["listening"])


def test_the_firmware_has_the_port_outside_listening_mode(photon, build):
    photon.start("--firmware", str(build()), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    for _ in range(3):
        with photon.serial() as port:
            assert port.ask(b"i am echoed", b"echoed") == b"i am echoed"
    photon.control(do="setup_button", hold_ms=4000)
    with photon.serial() as port:
        assert port.ask(b"i", b"\r\n").startswith(b"Your device id is")
        port.write(b"x")
        photon.wait("the end of listening", lambda status: not status["listening"])
        assert port.ask(b"back", b"back") == b"back"


def test_a_burst_arrives_whole(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("burst")
    with photon.serial() as port:
        done: list[int] = []
        caller = threading.Thread(target=lambda: done.append(cloud.call(photon.ready["id"], "burst", "1080000")))
        caller.start()
        data = b""
        while len(data) < 1_080_000:
            data += port.read_until(b"b")
        caller.join(PATIENCE)
        assert data == b"b" * 1_080_000
        assert done == [0]


def test_a_host_that_does_not_read_holds_up_the_application(photon, cloud, build):
    """Without a bound: a write is over when the host has read, or has left. The system goes on meanwhile."""
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("burst")
    device = photon.ready["id"]
    assert cloud.call(device, "burst", "1000000") == 0  # no host: nothing is kept
    done = []

    def burst() -> threading.Thread:
        caller = threading.Thread(target=lambda: done.append(cloud.call(device, "burst", "100000")))
        caller.start()
        caller.join(1.5)  # more than a patience of a second
        assert caller.is_alive()
        assert photon.status()["serial_host"]
        return caller

    with photon.serial() as port:
        caller = burst()
        data = b""
        while len(data) < 100_000:
            data += port.read_until(b"b")
        caller.join(PATIENCE)
        assert data == b"b" * 100_000
        assert done == [0]
        caller = burst()
    caller.join(PATIENCE)
    assert done == [0, 0]
    photon.wait("the host to be gone", lambda status: not status["serial_host"])
    # What the last host did not read is not for this one.
    with photon.serial() as port:
        assert port.ask(b"alive", b"alive") == b"alive"


def test_the_port_outlives_a_reset(photon, build):
    photon.start("--firmware", str(build()), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    with photon.serial() as port:
        port.ask(b"before", b"before")
        photon.control(do="reset")
        photon.wait("the reset", lambda status: status["reset_reason"] == "pin_reset" and status["application_running"])
        assert port.ask(b"after", b"after") == b"after"
    assert photon.stop()[:2] == (0, "")
