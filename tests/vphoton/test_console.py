"""The setup console as independent hosts use it: our own client and magic line codings; test_cli_serial has the CLI."""

from __future__ import annotations

import fcntl
import json
import struct
import termios

import pytest

from photonrig.errors import LinkLost, UsageError
from photonrig.particle.claim_code import generate_claim_code
from photonrig.particle.setup_console import Cipher, Protection, SetupConsole, SetupConsoleRefused

WIFI = ("--wifi", "photonrig:photonrig-lab")


# --- our own client ---------------------------------------------------------------------------------------------------


def test_who_a_device_is(photon):
    photon.start()
    with SetupConsole(photon.ready["serial"]) as console:
        assert console.identify() == photon.ready["id"]
        assert console.mac() == "e0:4f:43:" + ":".join(photon.ready["id"][i : i + 2] for i in (18, 20, 22))
        assert console.version() == "2.3.1"
        assert [module["f"] for module in console.modules()["m"]] == ["b", "s", "s"]
        assert not console.claimed()


def test_a_claim_code_is_presented_and_confirmed(photon, cloud, build):
    code = generate_claim_code()
    photon.start("--firmware", str(build()), *cloud.words, "--listening")
    with SetupConsole(photon.ready["serial"]) as console:
        console.set_claim_code(code)
        console.leave()
    photon.wait("the claim", lambda status: status["claimed"])
    assert cloud.claim_codes == [code]


def test_a_code_the_device_cannot_keep_is_not_sent(photon):
    photon.start()
    with SetupConsole(photon.ready["serial"]) as console:
        with pytest.raises(UsageError, match="62 characters"):
            console.set_claim_code("k" * 62)
        with pytest.raises(UsageError, match="control characters"):
            console.set_wifi("net\nwork", "password")
        assert not photon.status()["has_claim_code"]


def test_wifi_by_our_client(photon):
    photon.start()
    with SetupConsole(photon.ready["serial"]) as console:
        console.set_wifi("photonrig", "photonrig-lab")
    assert photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])["wifi"]["ssid"] == "photonrig"


def test_wifi_out_of_reach(photon):
    photon.start()
    with SetupConsole(photon.ready["serial"]) as console:
        with pytest.raises(SetupConsoleRefused, match="asks for password"):
            console.set_wifi("photonrig")
        photon.control(do="reset")
        photon.wait("the reset", lambda status: status["listening"] and status["reset_reason"] == "pin_reset")
        with pytest.raises(SetupConsoleRefused, match="could not store"):
            console.set_wifi("elsewhere", "short", protection=Protection.WPA2, cipher=Cipher.TKIP)
        console.set_wifi("elsewhere", "long enough", protection=Protection.WPA2, cipher=Cipher.TKIP)
    # It joins in vain, and credentials that never worked bring it back.
    photon.wait("listening again", lambda status: status["listening"] and status["wifi"]["credentials"])


def test_outside_listening_mode_nobody_answers(photon, build, monkeypatch):
    monkeypatch.setattr("photonrig.particle.setup_console._QUICK", 0.2)
    photon.start("--firmware", str(build()), *WIFI)
    photon.wait("the application", lambda status: status["application_running"])
    with SetupConsole(photon.ready["serial"]) as console, pytest.raises(LinkLost, match="listening mode"):
        console.version()


# --- commands that reset ----------------------------------------------------------------------------------------------


def test_listening_over_a_reset(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.wait("the application", lambda status: status["application_running"])
    photon.control(do="setup_button", hold_ms=4000)
    with photon.serial() as port:
        port.write(b"L")
        status = photon.wait("the reset", lambda status: status["reset_reason"] == "safe_mode")
        assert status["safe_mode"] and status["listening"]
        assert port.ask(b"v", b"\n\r\n") == b"system firmware version: 2.3.1\n\r\n"
    photon.control(do="reset")
    photon.wait("the application again", lambda status: status["application_running"] and not status["listening"])


def test_diagnostics(photon):
    photon.start()
    with photon.serial() as port:
        diagnostics = json.loads(port.ask(b"d", b"}\r\n"))
    assert diagnostics["sys:reset"] == 40
    assert {"sys:uptime", "net:stat", "cloud:stat"} <= set(diagnostics)


# --- line codings -----------------------------------------------------------------------------------------------------

TCGETS2, TCSETS2 = 0x802C542A, 0x402C542B  # Linux, x86 and ARM
CBAUD, BOTHER = 0o010017, 0o010000


def set_speed(fd: int, speed: int, *, local_modes: int | None = None) -> None:
    """As a host does that wants a speed no standard knows; ``local_modes`` as one that also wants its own mode."""
    mode = list(struct.unpack("<4I20s2I", fcntl.ioctl(fd, TCGETS2, bytes(44))))
    mode[2] = mode[2] & ~CBAUD | BOTHER
    mode[5] = mode[6] = speed
    if local_modes is not None:
        mode[3] = local_modes
    fcntl.ioctl(fd, TCSETS2, struct.pack("<4I20s2I", *mode))


@pytest.fixture
def running(photon, build):
    photon.start("--firmware", str(build()), *WIFI)
    photon.wait("the application", lambda status: status["application_running"])
    return photon


@pytest.mark.parametrize("local_modes", [None, 0])
def test_28800_is_listening_mode_without_a_byte(running, local_modes):
    with running.serial() as port:
        set_speed(port.fd, 28800, local_modes=local_modes)
        running.wait("listening mode", lambda status: status["listening"])
        assert port.ask(b"v", b"\n\r\n").startswith(b"system firmware")
        # Left by the console: the speed that still holds does not bring it back.
        port.write(b"x")
        running.wait("the end of listening", lambda status: not status["listening"])
        assert port.ask(b"echo", b"echo") == b"echo"
        assert not running.status()["listening"]
    # Set again by the next host, once the device knows that the last one is gone, it does.
    running.wait("the host to be gone", lambda status: not status["serial_host"])
    running.status()
    with running.serial() as port:
        set_speed(port.fd, 28800)
        running.wait("listening mode", lambda status: status["listening"])


def test_28800_before_the_first_byte(running):
    """A host that sets its mode once more afterwards, unseen, and speaks at once."""
    with running.serial() as port:
        set_speed(port.fd, 9600, local_modes=0)
        set_speed(port.fd, 28800, local_modes=0)
        assert port.ask(b"v", b"\n\r\n").startswith(b"system firmware")


@pytest.mark.parametrize("local_modes", [None, 0])
def test_14400_is_dfu_mode(running, local_modes):
    with running.serial() as port:
        set_speed(port.fd, 14400, local_modes=local_modes)
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    running.control(do="reset")
    running.wait("the application", lambda status: status["application_running"])
    with running.serial() as port:
        assert port.ask(b"echo", b"echo") == b"echo"
    assert running.status()["mode"] == "automatic"


@pytest.mark.parametrize("held", [False, True])
def test_a_port_that_is_enumerated_anew_has_the_default_speed(running, held):
    """So a host that opens it and sets anything else first, as node's serialport does, asks for no mode again."""
    with running.serial() as port:
        set_speed(port.fd, 14400)
        if held:
            running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    running.wait("DFU mode", lambda status: status["mode"] == "dfu")
    running.control(do="reset")
    running.wait("the application", lambda status: status["application_running"])
    with running.serial() as port:
        mode = termios.tcgetattr(port.fd)
        assert mode[5] == termios.B9600
        termios.tcsetattr(port.fd, termios.TCSANOW, mode)
        assert port.ask(b"echo", b"echo") == b"echo"
    assert running.status()["mode"] == "automatic"


def test_other_speeds_do_nothing(running):
    with running.serial() as port:
        for speed in (9600, 115200, 14401):
            set_speed(port.fd, speed)
            assert port.ask(b"echo", b"echo") == b"echo"
        mode = termios.tcgetattr(port.fd)
        mode[4] = mode[5] = termios.B57600
        termios.tcsetattr(port.fd, termios.TCSANOW, mode)
        assert port.ask(b"echo", b"echo") == b"echo"
    status = running.status()
    assert not status["listening"] and status["mode"] == "automatic"


def test_a_unit_with_serial_number_and_secret(photon):
    photon.start("--serial-number", "PH-123456", "--device-secret", "ABCDEFGHIJKLMNO")
    told = f"Device ID: {photon.ready['id']}\r\nDevice Secret: ABCDEFGHIJKLMNO\r\nSerial Number: PH-123456\r\n".encode()
    for _ in range(2):
        with photon.serial() as serial:
            assert serial.ask(b"i", told) == told
        photon.kill()
        photon.start()  # they stay in the device
