from __future__ import annotations

import re
from pathlib import Path

import pytest

from photonrig.bench.config import Ask, Gpio, HubPort, Press, RigConfig, Switch, WifiConfig, load_config
from photonrig.errors import UsageError

WHOLE = """\
# the rig in the corner
cloud = "local"

[network]
ssid = "workshop"
password_variable = "WORKSHOP_PASSWORD"

[timeouts]
online = 90

[local_cloud]
host = "192.168.10.2"
device_port = 5683
state = "cloud"

[[slot]]
name = "1"
variant = "roller"
usb = "1-1.4"
device_id = "0123456789abcdef01234567"
tags = ["433MHz", "corner"]
power = { hub = "1-1", port = 4 }
setup = { chip = "/dev/gpiochip0", line = 17 }
reset = { press = ["relay", "3", "on"], release = ["relay", "3", "off"] }
wifi = { adapter = "wlan1", by = "wpa_supplicant" }

[[slot]]
name = "2"
variant = "venetian"
serial = "rfc2217://bench-2:4001"
[slot.power]
on = ["plug", "on"]
off = ["plug", "off"]
[slot.setup]
ask = true

[[slot]]
name = "3"
variant = "roller"
virtual = true
"""


def load(folder: Path, text: str) -> RigConfig:
    path = folder / "rig.toml"
    path.write_text(text)
    return load_config(path)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    rig = load(tmp_path, WHOLE)
    assert rig.network is not None
    assert (rig.cloud, rig.network.ssid, rig.network.password_variable) == ("local", "workshop", "WORKSHOP_PASSWORD")
    assert (rig.timeouts.online, rig.timeouts.enumeration) == (90, 15)
    assert (rig.local_cloud.host, rig.state) == ("192.168.10.2", tmp_path / "cloud")
    first, second, third = rig.slots
    assert (first.usb, first.device_id, first.tags) == ("1-1.4", "0123456789abcdef01234567", ("433MHz", "corner"))
    assert first.power == HubPort(hub="1-1", port=4)
    assert first.setup == Gpio(chip="/dev/gpiochip0", line=17, active_low=True)
    assert first.reset == Press(press=("relay", "3", "on"), release=("relay", "3", "off"))
    assert first.wifi == WifiConfig(adapter="wlan1", by="wpa_supplicant")
    assert second.power == Switch(on=("plug", "on"), off=("plug", "off")) and second.setup == Ask(ask=True)
    assert third.virtual and third.power is None
    assert rig.slot("2") is second


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ('cloud = "local"', "cloud = local", r"rig.toml:2: .*"),
        (
            'cloud = "local"',
            'cloud = "lokal"',
            r"rig.toml:2: cloud: must be one of local, particle, not 'lokal' \(did you",
        ),
        ('cloud = "local"', 'account = "a@b.c"', r"rig.toml:2: account: goes with cloud"),
        ("online = 90", 'online = "90"', r"rig.toml:9: timeouts.online: must be seconds from 1 to 900, not '90'"),
        ("online = 90", "onlin = 90", r"rig.toml:9: timeouts.onlin: is not known here \(did you mean online\?\)"),
        ('password_variable = "WORKSHOP_PASSWORD"', 'password = "x"', r"rig.toml:6: network.password: does not belong"),
        ("port = 4 }", "port = 0 }", r"rig.toml:22: slot\.1.power.port: must be a whole number from 1 to 32, not 0"),
        ("port = 4 }", "prot = 4 }", r"rig.toml:22: slot\.1.power.prot: is not known here \(did you mean port\?\)"),
        (", port = 4 }", " }", r"rig.toml:22: slot\.1.power: port is missing"),
        (
            "port = 4 }",
            'port = "x" }',
            r"rig.toml:22: slot\.1.power.port: must be a whole number from 1 to 32, not 'x'",
        ),
        ('usb = "1-1.4"', 'usb = "/dev/ttyACM0"', r"rig.toml:19: slot\.1.usb: must be a USB path, as in 1-1.4"),
        ('usb = "1-1.4"', "", r"rig.toml:16: slot\.1: needs exactly one of usb, serial, place or virtual = true"),
        ('tags = ["433MHz", "corner"]', 'tags = "corner"', r"rig.toml:21: slot\.1.tags: must be an array of texts"),
        ('on = ["plug", "on"]', "", r"rig.toml:31: slot\.2.power: on is missing"),
        ("ask = true", "ask = false", r"rig.toml:35: slot\.2.setup.ask: remove the entry"),
        ('name = "3"', 'name = "1"', r"rig.toml:38: slot\.1.name: is that of slot 1 already"),
        ("virtual = true", 'virtual = true\nusb = "1-2"', r"rig.toml:41: slot\.3.usb: a virtual slot has nothing"),
        ('variant = "venetian"\n', "", r"rig.toml:27: slot\.2: variant is missing"),
    ],
)
def test_complaints_name_line_and_key(tmp_path: Path, was: str, becomes: str, complaint: str) -> None:
    assert WHOLE.count(was) == 1
    with pytest.raises(UsageError, match=complaint):
        load(tmp_path, WHOLE.replace(was, becomes))


def test_one_wire_is_not_two_buttons(tmp_path: Path) -> None:
    twice = WHOLE.replace(
        'reset = { press = ["relay", "3", "on"], release = ["relay", "3", "off"] }',
        'reset = { chip = "/dev/gpiochip0", line = 17 }',
    )
    with pytest.raises(UsageError, match=r"rig.toml:24: slot\.1.reset: is that of slot 1 already"):
        load(tmp_path, twice)


def test_a_rig_without_slots_says_how_to_find_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no \[\[slot\]\]; photonrig doctor --rig .*rig.toml --write"):
        load(tmp_path, 'cloud = "local"\n')
    with pytest.raises(UsageError, match=r"cannot be read.*; photonrig doctor --rig .*none.toml --write"):
        load_config(tmp_path / "none.toml")


def test_particles_cloud_only_for_an_account_that_was_named(tmp_path: Path) -> None:
    rig = load(
        tmp_path,
        'cloud = "particle"\naccount = "lab@example.com"\nproduct = 7\n'
        '[[slot]]\nname = "1"\nvariant = "roller"\nusb = "1-1"\n',
    )
    with pytest.raises(UsageError, match="nobody named it"):
        rig.allow_account(environment={})
    with pytest.raises(UsageError, match=r"other@example.com was named"):
        rig.allow_account("other@example.com", environment={"PHOTONRIG_ACCOUNT": "lab@example.com"})
    rig.allow_account("lab@example.com", environment={})
    rig.allow_account(environment={"PHOTONRIG_ACCOUNT": "lab@example.com"})
    with pytest.raises(UsageError, match="account is missing"):
        load(tmp_path, 'cloud = "particle"\n')
    with pytest.raises(UsageError, match=r"rig.toml:7: slot\.1.virtual: a virtual Photon has no place"):
        load(
            tmp_path,
            'cloud = "particle"\naccount = "a@b.c"\nproduct = 7\n[[slot]]\nname = "1"\nvariant = "x"\nvirtual = true\n',
        )


def test_the_example_in_the_documentation_is_a_rig(tmp_path: Path) -> None:
    import photonrig.bench.config as module

    assert module.__doc__
    example = re.findall(r"(?m)^    (.*)$|^$", module.__doc__)
    text = "\n".join(example)
    model = "class Lm75(I2cDevice):\n    def __init__(self, celsius: float): ..."
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "lm75.py").write_text(f"from photonrig.peripherals import I2cDevice\n{model}")
    assert [slot.name for slot in load(tmp_path, text).slots] == ["1", "2"]
