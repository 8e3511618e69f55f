"""Particle's own binaries for the Photon, as the npm package of its CLI ships them: bytes nobody here compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photonrig.bench.lab import Lab
from photonrig.build.variants import build_variant
from photonrig.particle.cli import ParticleCli

from ..conftest import TOOLS, Photon, wait_for
from .conftest import known_app

TINKER = "tinker/tinker-0.4.5-photon.bin"
DOCTOR = "doctor/photon_doctor.bin"
# Pins as the control socket numbers them.
D0, D7, A0, A4 = 0, 7, 10, 14


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One device in the field, with a native firmware that is to be replaced."""
    firmware = {"roller": build_variant(TOOLS, "roller")}
    state = tmp_path_factory.mktemp("arm") / "lab"
    with Lab(state, vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware) as running:
        yield running


@pytest.mark.cli
def test_tinker_is_flashed_and_works_the_pins(lab: Lab, tmp_path: Path) -> None:
    image = known_app(TINKER)
    cli = ParticleCli(TOOLS.node, TOOLS.cli_script, tmp_path / "home", lab.local_cloud.api)
    cli.use("central@example.com", lab.central.access_token)
    photon = lab.photons["photon-1"]
    cli.flash("photon-1", image)
    functions = {"analogread", "analogwrite", "digitalread", "digitalwrite"}
    wait_for("tinker's functions", lambda: set(lab.team.device("photon-1").functions) == functions)

    def pin(number: int) -> dict[str, object]:
        return next(each for each in photon.status()["pins"] if each["pin"] == number)

    assert cli.call("photon-1", "digitalwrite", "D7,HIGH").value == "1"
    assert pin(D7) == {"pin": D7, "mode": "output", "level": 1}
    assert cli.call("photon-1", "digitalwrite", "D7,LOW").value == "1"
    assert pin(D7)["level"] == 0
    for level in (0, 1):
        photon.control({"do": "pin", "pin": D0, "level": level})
        assert cli.call("photon-1", "digitalread", "D0").value == str(level)
    photon.control({"do": "pin", "pin": A0, "level": 2345})
    assert cli.call("photon-1", "analogread", "A0").value == "2345"
    assert cli.call("photon-1", "analogwrite", "A4,100").value == "1"
    assert pin(A4) == {"pin": A4, "mode": "analog_output", "level": 100}
    # What it refuses.
    assert cli.call("photon-1", "digitalwrite", "D7,MAYBE").value == "-2"
    assert cli.call("photon-1", "digitalwrite", "X7,HIGH").value == "-3"
    status = photon.status()
    assert (status["safe_mode"], status["reset_reason"]) == (False, "update")


@pytest.mark.cli
def test_the_doctor_does_what_the_cli_asks_it_for(photon: Photon, cli: Callable[..., ParticleCli]) -> None:
    known_app(DOCTOR)
    photon.start("--wifi", "photonrig:photonrig-lab")
    photon.control(do="dfu", on=True)
    photon.wait("DFU mode", lambda status: status["mode"] == "dfu")
    cli(photon).run("flash", "--usb", "doctor", proof="Flash success!")
    photon.wait("the doctor", lambda status: status["application_running"])
    with photon.serial() as serial:
        assert b"Switched antenna to External" in serial.ask(b"ae", b"External\r\n")
        assert photon.status()["wifi"]["antenna"] == "external"
        assert b"Internal" in serial.ask(b"ai", b"Internal\r\n")
        assert photon.status()["wifi"]["antenna"] == "internal"
        serial.ask(b"id", b"Switched to dynamic IP\r\n")
        serial.ask(b"e", b"Cleared EEPROM data\r\n")
        serial.ask(b"pBlind\n", b"Switched SoftAP prefix to Blind\r\n")
        assert photon.status()["softap_ssid"].startswith("Blind-")
        serial.ask(b"c", b"Cleared Wi-Fi credentials\r\n")
        assert not photon.status()["wifi"]["credentials"]
        serial.write(b"l")
        photon.wait("listening mode", lambda status: status["listening"])
