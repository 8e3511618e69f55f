"""The unmodified Particle CLI against virtual Photons on USB, with the local cloud behind it.

Each call costs about a second of CPU. What others cover in passing is marked ``soak``.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench import usb_shim
from photonrig.bench.identity import listen_to
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.slots.flasher import CliFlasher
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.compile import compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_project, build_variant, variant_project, with_version
from photonrig.clock import SystemClock
from photonrig.errors import PhotonrigError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cli_run import CliRefused
from photonrig.testing import check_flasher

from .terminal import Terminal

TOOLS = Toolchain(Path(__file__).parents[3])
CLOCK = SystemClock()
FOLDER = Path(usb_shim.__file__).parent
SKETCH = (
    'PRODUCT_VERSION(%d)\nint number = %d;\nvoid setup() { Particle.variable("number", number); }\nvoid loop() {}\n'
)

pytestmark = pytest.mark.cli


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    state = tmp_path_factory.mktemp("usb") / "lab"
    firmware = {"roller": build_variant(TOOLS, "roller")}
    with Lab(state, vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware, photons=1, fresh=2) as running:
        yield running


@pytest.fixture
def photon(lab: Lab) -> VirtualPhoton:
    """The device of the field, in normal mode and online whatever the test before left."""
    (device,) = lab.fielded()
    status = device.status()
    if status["mode"] == "dfu":
        device.control({"do": "dfu", "on": False})
    elif status["safe_mode"] or status["listening"]:
        device.control({"do": "reset"})
    until(device, lambda status: status["cloud"] == "connected" and not status["safe_mode"])
    return device


@pytest.fixture
def fresh(lab: Lab) -> VirtualPhoton:
    """A device in listening mode, without a network and an owner; no test changes that."""
    return lab.photons["fresh-1"]


@pytest.fixture
def set_up(lab: Lab) -> VirtualPhoton:
    """Another one, for the test that sets it up."""
    return lab.photons["fresh-2"]


@pytest.fixture
def cli(lab: Lab, tmp_path: Path) -> Callable[..., ParticleCli]:
    """Makes a CLI, logged in as the central user, with these devices plugged in."""

    def make(*photons: VirtualPhoton) -> ParticleCli:
        plugged_in = usb_environment(photon.control_path for photon in photons)
        made = ParticleCli(TOOLS.node, TOOLS.cli_script, tmp_path, lab.local_cloud.api, equipment=plugged_in)
        made.use(USERNAME, lab.central.access_token)
        return made

    return make


def until(photon: VirtualPhoton, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first status that holds."""

    def probe() -> dict[str, Any]:
        status = photon.status()
        return status if holds(status) else {}

    return CLOCK.wait_until(probe, 60, "the device's status")


def modules(photon: VirtualPhoton) -> list[bytes]:
    """What is in the flash of bootloader, system parts and user part."""
    return [(photon.state / f"{name}.bin").read_bytes() for name in ("bootloader", "system1", "system2", "user")]


def image(folder: Path, version: int) -> Path:
    path = folder / f"number-{version}.bin"
    source = f"#include <Particle.h>\n{SKETCH % (version, version)}".encode()
    path.write_bytes(compile_project({"src/number.cpp": source}, TOOLS.sdk()).image)
    return path


def test_modes(cli: Callable[..., ParticleCli], photon: VirtualPhoton, fresh: VirtualPhoton) -> None:
    particle = cli(photon, fresh)
    listed = particle.run("usb", "list").text
    assert f"photon-1 [{photon.device_id}] (Photon)" in listed
    assert f"<no name> [{fresh.device_id}] (Photon, LISTENING)" in listed
    assert particle.run("usb", "cloud-status", photon.device_id).value == "connected"
    particle.run("usb", "start-listening", "photon-1", proof="Done.")
    assert photon.status()["listening"]
    particle.run("usb", "stop-listening", photon.device_id, proof="Done.")
    assert not photon.status()["listening"]
    particle.run("usb", "safe-mode", photon.device_id, proof="Done.")
    until(photon, lambda status: status["safe_mode"])


def test_dfu_mode_and_flash_over_it(cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path) -> None:
    particle = cli(photon)
    with pytest.raises(CliRefused, match="needs to be in DFU mode"):
        particle.run("flash", "--usb", str(image(tmp_path, 2)))
    particle.run("usb", "dfu", proof="Done.")
    assert f"[{photon.device_id}] (Photon, DFU)" in particle.run("usb", "list").text
    particle.run("flash", "--usb", str(image(tmp_path, 2)), proof="Flash success!")
    status = until(photon, lambda status: status["cloud"] == "connected")
    assert (status["product"]["version"], status["reset_reason"]) == (2, "dfu_mode")


@pytest.mark.parametrize("way", ["over_dfu", "over_serial", "over_cloud"])
def test_the_flasher_conforms(cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path, way: Any) -> None:
    version = {"over_dfu": 11, "over_serial": 12, "over_cloud": 13}[way]
    project = with_version(variant_project(TOOLS, "roller"), tmp_path / "roller", version)
    image = build_project(TOOLS, f"roller-{version}", project)
    if "version" not in _info(photon):  # another test's firmware, which has no console
        cli(photon).run("flash", "--local", str(build_variant(TOOLS, "roller")), proof="Flash success!")
        until(photon, lambda status: status["cloud"] == "connected")
    slot = photon.slot
    assert slot.serial is not None
    flasher = CliFlasher(lambda: cli(photon), photon.device_id, slot.serial)
    check_flasher(replace(slot, flasher=flasher), image, version, way)


def _info(photon: VirtualPhoton) -> dict[str, Any]:
    try:
        return listen_to(photon.slot).info
    except PhotonrigError:
        return {}


def test_flash_a_file_locally(cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path) -> None:
    particle = cli(photon)
    particle.run("flash", "--local", str(image(tmp_path, 3)), proof="Flash success!")
    assert until(photon, lambda status: status["cloud"] == "connected")["product"]["version"] == 3
    damaged = image(tmp_path, 4)
    content = bytearray(damaged.read_bytes())
    content[200] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(CliRefused, match="CRC check failed"):
        particle.run("flash", "--local", str(damaged))
    assert photon.status()["product"]["version"] == 3


def test_flash_a_folder_locally(cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "project.properties").write_text("name=number\n")
    (project / "src" / "number.ino").write_text(SKETCH % (5, 5))
    particle = cli(photon)
    said = particle.run("flash", "--local", photon.device_id, str(project), proof="Flash success!").text
    assert "Compile succeeded." in said
    until(photon, lambda status: status["cloud"] == "connected" and status["application_running"])
    assert particle.get(photon.device_id, "number").value == "5"
    (project / "src" / "number.ino").write_text("void setup() { broken(); }\n")
    with pytest.raises(CliRefused, match="'broken' was not declared"):
        particle.run("flash", "--local", photon.device_id, str(project))


def test_keys_of_the_server(cli: Callable[..., ParticleCli], lab: Lab, photon: VirtualPhoton) -> None:
    """A device is pointed at a cloud, and goes there."""
    key, port = str(lab.local_cloud.key_file), lab.local_cloud.device_port
    particle = cli(photon)
    particle.run("keys", "server", key, "--host", "localhost", "--port", "5", proof="New keys in place")
    assert particle.run("keys", "address").value == "tcp://localhost:5"
    particle.run("keys", "server", key, "--host", "127.0.0.1", "--port", str(port), proof="New keys in place")
    particle.run("usb", "reset", photon.device_id, proof="Done.")
    until(photon, lambda status: status["cloud"] == "connected")


def test_keys_doctor(cli: Callable[..., ParticleCli], photon: VirtualPhoton) -> None:
    """A new device key goes into the device and to the cloud, and the two find each other with it."""
    particle = cli(photon)
    particle.run("keys", "doctor", photon.device_id, proof="New keys in place, your device should restart.")
    saved, new = (
        (particle.home / f"{prefix}{photon.device_id}_rsa_new.der").read_bytes() for prefix in ("backup_rsa_", "")
    )
    assert len(saved) == 612 and saved[: len(new)] != new
    until(photon, lambda status: status["cloud"] == "connected" and status["uptime_ms"] < 60000)


@pytest.mark.soak
def test_keys_one_by_one(cli: Callable[..., ParticleCli], photon: VirtualPhoton) -> None:
    particle = cli(photon)
    particle.run("keys", "save", "old", proof="Saved existing key to old.der")
    particle.run("keys", "new", "new", proof="New key new.der created")
    particle.run("keys", "load", "new", proof="Key new.der written to device")
    particle.run("keys", "save", "read", proof="Saved existing key to read.der")
    new = (particle.home / "new.der").read_bytes()
    assert (particle.home / "read.der").read_bytes()[: len(new)] == new
    particle.run("keys", "send", photon.device_id, "new.pub.pem", proof="submitting public key succeeded!")
    particle.run("usb", "reset", proof="Done.")
    until(photon, lambda status: status["cloud"] == "connected")


def test_update_of_device_os(cli: Callable[..., ParticleCli], photon: VirtualPhoton) -> None:
    """Bootloader by requests, system parts by DFU; the device plays the new release from then on."""
    cli(photon).run("update", "--target", "3.3.1", proof="Update success!", timeout=120)
    status = until(photon, lambda status: status["cloud"] == "connected")
    assert (status["device_os"], status["safe_mode"]) == ("3.3.1", False)


def test_no_stand_in_gets_into_a_real_photons_flash(
    cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the memory map a real Photon shows in DFU mode, the CLI stops before it erases anything."""
    equipment = tmp_path / "equipment"
    shutil.copytree(FOLDER, equipment)
    dfu = equipment / "dfu_mode.js"
    ours = dfu.read_text()
    real = ours.replace("/0x10020000/04*128Kg", "")
    assert real != ours
    dfu.write_text(real)
    monkeypatch.setattr("photonrig.bench.usb_shim._FOLDER", equipment)
    particle = cli(photon)
    particle.run("usb", "dfu", proof="Done.")
    before = modules(photon)
    with pytest.raises(CliRefused, match="outside of memory map"):
        particle.run("update", "--target", "1.5.2", timeout=120)
    assert modules(photon) == before


@pytest.mark.soak
def test_a_factory_image(cli: Callable[..., ParticleCli], photon: VirtualPhoton, tmp_path: Path) -> None:
    particle = cli(photon)
    particle.run("usb", "dfu", proof="Done.")
    particle.run("flash", "--usb", "--factory", str(image(tmp_path, 7)), proof="Flash success!")
    photon.control({"do": "reset", "setup_hold_ms": 7000})
    assert until(photon, lambda status: status["reset_reason"] == "factory_reset")["product"]["version"] == 7


@pytest.mark.soak
def test_update_to_the_latest_and_to_none_at_all(cli: Callable[..., ParticleCli], photon: VirtualPhoton) -> None:
    particle = cli(photon)
    particle.run("update", proof="Update success!", timeout=120)
    assert until(photon, lambda status: status["cloud"] == "connected")["device_os"] == "2.3.1"
    with pytest.raises(CliRefused, match="version not found"):
        particle.run("update", "--target", "9.9.9")


def test_setup_start_to_finish(
    cli: Callable[..., ParticleCli], lab: Lab, set_up: VirtualPhoton, tmp_path: Path
) -> None:
    """Claim code, Wi-Fi and name by the one command that wants a person at a terminal."""
    script = tmp_path / "particle"
    cli(set_up).write_script(script)
    with Terminal([str(script), "setup"]) as person:
        person.answer("Would you like to use this account?", "")
        person.answer("Would you like to continue with this one?", "")
        person.answer("Should I scan for nearby Wi-Fi networks?", "n")
        person.answer("SSID", "photonrig")
        person.answer("Wi-Fi Password", "photonrig-lab")
        while person.expect("call your Photon", "like to do?") == "like to do?":
            person.type(b"\r")  # it looked once, after six seconds, and looks again
        person.type(b"kitchen\r")
        person.expect("Congratulations! You've just won the internet!")
        assert person.end() == 0
    (named,) = [device for device in lab.team.devices() if device.id == set_up.device_id]
    assert (named.name, named.online) == ("kitchen", True)
    assert set_up.status()["claimed"]


def test_two_devices_are_one_too_many_unless_named(
    cli: Callable[..., ParticleCli], photon: VirtualPhoton, fresh: VirtualPhoton
) -> None:
    particle = cli(photon, fresh)
    with pytest.raises(CliRefused, match="Found multiple devices"):
        particle.run("usb", "reset")
    with pytest.raises(CliRefused, match="No devices found"):
        cli().run("usb", "reset")


@pytest.mark.usefixtures("photon")  # in normal mode: without a serial port in DFU mode, it would not be listed
def test_the_lab_hands_out_such_a_cli(lab: Lab, tmp_path: Path) -> None:
    from photonrig.cli.lab_run import particle_script

    with Terminal([str(particle_script(TOOLS, lab)), "serial", "list"]) as person:
        assert person.end() == 0
    listed = re.findall(r"(\S+) - Photon - (\S+)\r", person.transcript)
    assert {(path, device) for path, device in listed} == {
        (os.path.realpath(photon.serial_port), photon.device_id) for photon in lab.photons.values()
    }


def test_a_photon_in_dfu_mode_has_no_serial_port(cli: Callable[..., ParticleCli], photon: VirtualPhoton) -> None:
    photon.control({"do": "dfu", "on": True})
    until(photon, lambda status: status["mode"] == "dfu")
    assert "No devices available via serial" in cli(photon).run("serial", "list").text


# --- the CLI of today -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not TOOLS.next_cli_script.exists(), reason="not installed; ./rig test --next-cli installs it")
def test_the_cli_of_today_lists_flashes_and_asks(lab: Lab, photon: VirtualPhoton, tmp_path: Path) -> None:
    """Another version, another Node.js, another ``usb`` package: the equipment is made for none in particular."""
    plugged_in = usb_environment([photon.control_path])
    api = lab.local_cloud.api
    particle = ParticleCli(TOOLS.next_node, TOOLS.next_cli_script, tmp_path, api, equipment=plugged_in)
    particle.use(USERNAME, lab.central.access_token)
    assert particle.version().value == "3.51.0"
    assert f"photon-1 [{photon.device_id}] (Photon)" in particle.run("usb", "list").text
    particle.run("flash", "--local", str(image(tmp_path, 6)), proof="Flash success!")
    status = until(photon, lambda status: status["cloud"] == "connected")
    assert status["product"]["version"] == 6
    assert status["mac"] in particle.run("serial", "mac").text
    assert "System part module #2" in particle.run("serial", "inspect").text
