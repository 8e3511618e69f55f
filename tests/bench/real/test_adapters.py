"""The adapters against the real tools as far as those go without hardware, and against what they print with it."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.config import Gpio, HubPort, Press, Switch
from photonrig.bench.slots.real.buttons import Button, asked, by_commands, by_gpio, contact
from photonrig.bench.slots.real.command import run
from photonrig.bench.slots.real.power import CommandPower, UhubctlPower
from photonrig.bench.slots.real.usb import Attached, attached, parse_dfu_list
from photonrig.bench.slots.real.wifi import NetworkManagerAdapter, NetworkSetupAdapter
from photonrig.errors import RigError, ToolError, UsageError
from photonrig.particle.softap import NotReached
from photonrig.testing import FakeClock


def needs(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


class Recorded:
    """Stands for a tool: what it was asked, and what it printed once."""

    def __init__(self, *outputs: str) -> None:
        self.outputs = list(outputs)
        self.asked: list[list[str]] = []

    def __call__(self, argv: Sequence[str], timeout: float) -> str:
        self.asked.append(list(argv))
        return self.outputs.pop(0) if self.outputs else ""


# --- commands ---------------------------------------------------------------------------------------------------------


def test_a_tool_that_fails_is_quoted() -> None:
    assert run(["echo", "well"], 10) == "well\n"
    with pytest.raises(ToolError, match="failed with exit code 3: broken relay"):
        run(["sh", "-c", "echo broken relay >&2; exit 3"], 10)
    with pytest.raises(ToolError, match="no-such-program is not installed"):
        run(["no-such-program"], 10)
    with pytest.raises(ToolError, match=r"did not end within 0.2 s and was killed"):
        run(["sleep", "60"], 0.2)


# --- power ------------------------------------------------------------------------------------------------------------

# uhubctl 2.5.0 with a hub that switches.
SWITCHED_OFF = """\
Current status for hub 1-1 [0424:9514, USB 2.00, 5 ports, ppps]
  Port 4: 0103 power enable connect [2b04:c006 Particle Photon 0123456789abcdef01234567]
Sent power off request
New status for hub 1-1 [0424:9514, USB 2.00, 5 ports, ppps]
  Port 4: 0000 off
"""
SWITCHED_ON = """\
Current status for hub 1-1 [0424:9514, USB 2.00, 5 ports, ppps]
  Port 4: 0000 off
Sent power on request
New status for hub 1-1 [0424:9514, USB 2.00, 5 ports, ppps]
  Port 4: 0100 power
"""


def test_a_hub_port_is_switched_and_read_back() -> None:
    tool = Recorded(SWITCHED_OFF, SWITCHED_ON)
    power = UhubctlPower(HubPort("1-1", 4), run=tool)
    power.off()
    power.on()
    words = ["uhubctl", "--location", "1-1", "--ports", "4", "--action"]
    assert tool.asked == [[*words, "off"], [*words, "on"]]
    with pytest.raises(ToolError, match="hub 1-1 port 4 did not go off: uhubctl says power"):
        UhubctlPower(HubPort("1-1", 4), run=Recorded(SWITCHED_ON)).off()
    with pytest.raises(ToolError, match="says nothing of that port"):
        UhubctlPower(HubPort("1-1", 3), run=Recorded(SWITCHED_OFF)).off()


def test_uhubctl_understands_what_it_is_asked() -> None:
    needs("uhubctl")
    with pytest.raises(
        ToolError, match=r"uhubctl --location 9-9.*failed.*No compatible devices detected at location 9-9"
    ):
        UhubctlPower(HubPort("9-9", 1)).off()


def test_a_relay_is_two_commands(tmp_path: Path) -> None:
    log = tmp_path / "log"
    say = ["sh", "-c", f'echo "$0" >>{log}']
    power = CommandPower(Switch((*say, "on"), (*say, "off")))
    power.off()
    power.on()
    assert log.read_text().split() == ["off", "on"]
    with pytest.raises(ToolError, match="failed with exit code 1"):
        CommandPower(Switch(("true",), ("false",))).off()


# --- buttons ----------------------------------------------------------------------------------------------------------


def test_a_button_is_released_whatever_happens(tmp_path: Path) -> None:
    log, clock = tmp_path / "log", FakeClock()
    say = ["sh", "-c", f'echo "$0" >>{log}']
    means = Press((*say, "press"), (*say, "release"))
    Button(by_commands(means), clock=clock).hold(4)
    Button(contact(means, "RESET"), clock=clock).press()
    assert clock.waits == [4, 0.1]
    with pytest.raises(KeyboardInterrupt), by_commands(means)():
        raise KeyboardInterrupt
    assert log.read_text().split() == ["press", "release"] * 3


def test_a_person_is_asked_to_press_and_to_release() -> None:
    keyboard, screen = io.StringIO("\n\n"), io.StringIO()
    keyboard.isatty = lambda: True  # type: ignore[method-assign]
    Button(asked("SETUP of slot 1", say=screen, answer=keyboard), clock=FakeClock()).hold(4)
    assert screen.getvalue() == (
        "Press and hold SETUP of slot 1, then hit Enter: Release SETUP of slot 1, then hit Enter: "
    )
    with pytest.raises(UsageError, match="terminal was closed"):
        Button(asked("RESET", say=screen, answer=keyboard), clock=FakeClock()).press()
    with pytest.raises(UsageError, match="nobody is at the terminal; wire it"):
        Button(asked("RESET", say=screen, answer=io.StringIO()), clock=FakeClock()).press()


def test_libgpiod_understands_what_it_is_asked() -> None:
    pytest.importorskip("gpiod", reason="libgpiod's Python binding is not installed (pip install photonrig[gpio])")
    for active_low in (True, False):
        button = by_gpio(Gpio("/dev/gpiochip999", 3, active_low), "SETUP")
        with pytest.raises(RigError, match=r"SETUP: /dev/gpiochip999 line 3 cannot be had: .*No such file"), button():
            pass


# --- what is attached -------------------------------------------------------------------------------------------------

# dfu-util 0.11 with a Photon in DFU mode.
DFU_LIST = """\
dfu-util 0.11

Found DFU: [2b04:d006] ver=0200, devnum=7, cfg=1, intf=0, path="1-1.3", alt=1, name="@DCT Flash   /0x00000000/01*016Kg", serial="AABBCCDDEEFF001122334455"
Found DFU: [2b04:d006] ver=0200, devnum=7, cfg=1, intf=0, path="1-1.3", alt=0, name="@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg", serial="AABBCCDDEEFF001122334455"
Found DFU: [0483:df11] ver=2200, devnum=9, cfg=1, intf=0, path="1-1.2", alt=0, name="@Internal Flash", serial="357236543131"
"""  # noqa: E501


def test_photons_are_found_running_and_in_dfu(pty_photon: Any) -> None:
    tool = Recorded(DFU_LIST)
    assert attached(pty_photon.comports, tool) == (
        Attached("1-1.3", "dfu", None, "aabbccddeeff001122334455"),
        Attached("1-1.4", "serial", pty_photon.port, "0123456789abcdef01234567"),
    )
    pty_photon.unplug()
    assert attached(pty_photon.comports, Recorded("")) == ()


def test_dfu_util_understands_what_it_is_asked() -> None:
    needs("dfu-util")
    assert parse_dfu_list(run(["dfu-util", "--list"], 10)) == ()
    assert all(found.mode == "serial" for found in attached())


# --- Wi-Fi ------------------------------------------------------------------------------------------------------------


def test_networkmanager_takes_the_connection() -> None:
    """``nmcli --offline`` reads the very words, and prints the profile they make."""
    needs("nmcli")
    words = NetworkManagerAdapter("wlan1").connection("Photon-AB12")
    words.remove("save")
    words.remove("no")  # offline there is nothing to keep; "no" of autoconnect comes later
    profile = run(["nmcli", "--offline", *words], 10)
    lines = set(profile.splitlines())
    assert {
        "type=wifi",
        "interface-name=wlan1",
        "ssid=Photon-AB12",
        "autoconnect=false",
        "method=manual",
        "address1=192.168.0.200/24",
        "never-default=true",
    } <= lines
    assert "method=disabled" in lines  # IPv6
    assert "gateway" not in profile


def test_networkmanager_joins_and_forgets() -> None:
    tool = Recorded("Photon-AB12\n\nworkshop\nPhoton-AB12\n")
    adapter = NetworkManagerAdapter("wlan1", run=tool)
    assert adapter.networks() == ("Photon-AB12", "workshop")
    with adapter.joined("Photon-AB12", 30):
        pass
    assert [words[1:4] for words in tool.asked[1:]] == [
        ["connection", "add", "save"],
        ["--wait", "30", "connection"],
        ["connection", "delete", "photonrig-wlan1"],
    ]


def test_networkmanager_that_does_not_get_in_leaves_nothing_behind() -> None:
    class Failing(Recorded):
        def __call__(self, argv: Sequence[str], timeout: float) -> str:
            super().__call__(argv, timeout)
            if "up" in argv:
                raise ToolError("Error: Connection activation failed: No suitable device")
            return ""

    tool = Failing()
    refused = "wlan1 does not get into Photon-AB12: Error: Connection activation failed"
    with pytest.raises(NotReached, match=refused), NetworkManagerAdapter("wlan1", run=tool).joined("Photon-AB12", 30):
        pass
    assert tool.asked[-1] == ["nmcli", "connection", "delete", "photonrig-wlan1"]


def test_macos_says_on_standard_output_that_it_failed() -> None:
    failing = NetworkSetupAdapter("en1", run=Recorded("Could not find network Photon-AB12.\n"))
    with pytest.raises(NotReached, match="Could not find network"), failing.joined("Photon-AB12", 5):
        pass
    tool = Recorded("")
    with NetworkSetupAdapter("en1", run=tool).joined("Photon-AB12", 5):
        pass
    assert tool.asked == [
        ["networksetup", "-setairportnetwork", "en1", "Photon-AB12"],
        ["networksetup", "-removepreferredwirelessnetwork", "en1", "Photon-AB12"],
    ]
    with pytest.raises(UsageError, match=r"name the device's in rig.toml"):
        NetworkSetupAdapter("en1").networks()


def test_importing_the_bench_needs_no_equipment() -> None:
    script = "import photonrig.bench.slots.real.slot, sys; assert 'gpiod' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, env={"PATH": os.environ["PATH"]})
