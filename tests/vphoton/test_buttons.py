"""SETUP and RESET held in real time: what stands still meanwhile, and what the bootloader makes of both together."""

from __future__ import annotations

import os
import select

import pytest

from photonrig.clock import SYSTEM

from ..patience import wait_for
from .conftest import Serial
from .test_boot import RETAINING

OFF = {"color": "#000000", "pattern": "solid", "period_ms": 0}
MAGENTA, YELLOW, GREEN = "#FF00FF", "#FFFF00", "#00FF00"


def press(photon, button: str) -> None:
    assert photon.control(do=button, pressed=True)["ok"]


def let_go(photon, button: str) -> None:
    assert photon.control(do=button, pressed=False)["ok"]


def hold_reset(photon) -> None:
    press(photon, "reset")
    photon.wait("it held in reset", lambda status: status["mode"] == "reset")


def hold_both(photon) -> None:
    """SETUP and RESET, of which RESET is let go."""
    hold_reset(photon)
    press(photon, "setup_button")
    let_go(photon, "reset")
    photon.wait("the bootloader", lambda status: status["mode"] == "bootloader")


def test_nothing_runs_while_reset_is_held(photon, cloud, build):
    photon.start("--firmware", str(build()), *cloud.words)
    cloud.wait_for_function("keep")
    device = photon.ready["id"]
    hold_reset(photon)
    status = photon.status()
    assert (status["led"], status["application_running"], status["cloud"]) == (OFF, False, "disconnected")
    photon.wait("the end of its session", lambda _: not cloud.hub.online(device))
    with Serial(photon.ready["serial"]) as serial:
        serial.write(b"echo")
        for request in ("listening", "dfu", "safe_mode", "module_info"):
            assert "held in reset" in photon.control(do=request, on=True)["error"]
        assert not select.select([serial.fd], [], [], 0)[0]
    assert "pressed already" in photon.control(do="reset", pressed=True)["error"]
    assert "pressed already" in photon.control(do="reset")["error"]
    let_go(photon, "reset")
    assert cloud.wait_for_hello(2)
    status = photon.wait("its application", lambda status: status["application_running"])
    assert status["reset_reason"] == "pin_reset"
    assert "not pressed" in photon.control(do="reset", pressed=False)["error"]
    with Serial(photon.ready["serial"]) as serial:
        assert serial.ask(b"again", b"again").endswith(b"again")


# The LED before SETUP is let go, what that chooses, the version that runs, and the seconds at which the choice ends.
CHOICES = [
    ("#000000", "semi_automatic", 1, 1.0),
    (MAGENTA, "safe_mode", 1, 3.0),
    (YELLOW, "dfu", 1, 6.5),
    (GREEN, "semi_automatic", 2, 10.0),
]


@pytest.mark.parametrize(("colour", "mode", "version", "ends"), CHOICES)
def test_setup_held_beyond_reset_chooses_by_its_time(photon, build, colour, mode, version, ends):
    words = ("--firmware", str(build(1, "SEMI_AUTOMATIC")), "--factory-firmware", str(build(2, "SEMI_AUTOMATIC")))
    photon.start(*words)

    def held_as_long_as_that() -> bool:
        begun = SYSTEM.now()
        hold_both(photon)
        photon.wait(f"the LED {colour}", lambda status: status["led"]["color"] == colour)
        let_go(photon, "setup_button")
        return SYSTEM.now() - begun < ends

    wait_for("a hold that a slow machine did not make longer", held_as_long_as_that)
    status = photon.wait("the start", lambda status: status["mode"] == mode)
    if mode != "dfu":
        assert status["product"]["version"] == version
    photon.control(do="reset")
    assert photon.wait("the next start", lambda status: status["mode"] == "semi_automatic")


def test_dfu_mode_comes_while_setup_is_held_without_a_factory_image(photon, build):
    photon.start("--firmware", str(build(1, "SEMI_AUTOMATIC")))
    press(photon, "setup_button")  # before RESET: a reset does not let it go
    photon.control(do="reset")
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    assert "DFU mode" in photon.control(do="setup_button", hold_ms=4000)["error"]
    let_go(photon, "setup_button")
    assert photon.status()["mode"] == "dfu"


def test_setup_let_go_before_reset_changes_nothing(photon, build):
    photon.start("--firmware", str(build(1, "SEMI_AUTOMATIC")))
    hold_reset(photon)
    press(photon, "setup_button")
    assert "held in reset" in photon.control(do="setup_button", hold_ms=4000)["error"]
    let_go(photon, "setup_button")
    let_go(photon, "reset")
    assert photon.wait("an ordinary start", lambda status: status["mode"] == "semi_automatic")


def test_backup_memory_outlives_a_long_reset(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(RETAINING)), *cloud.words)
    cloud.wait_for_function("crash")
    device = photon.ready["id"]
    assert cloud.read(device, "starts") == 41
    hold_both(photon)
    let_go(photon, "setup_button")
    cloud.wait_for_hello(2)
    photon.wait("its application", lambda status: status["application_running"])
    assert cloud.read(device, "starts") == 42


def test_power_can_be_cut_while_reset_is_held(photon, build):
    photon.start("--firmware", str(build(1, "SEMI_AUTOMATIC")))
    hold_reset(photon)
    pid = photon.process.pid
    assert photon.control(do="power", on=False)["ok"]
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    photon.kill()
    photon.start()  # buttons are the bench's: a new power-on finds none pressed
    assert photon.wait("a start", lambda status: status["mode"] == "semi_automatic")
