"""The unmodified Particle CLI on the pseudo-terminal, which the bench's udevadm lists as a Photon's serial port."""

from __future__ import annotations

import json
import os
import subprocess
import time

import pytest

from photonrig.particle.cli_run import CliRefused, CliUnproven

from .conftest import PATIENCE

WIFI = ("--wifi", "photonrig:photonrig-lab")


@pytest.mark.cli
def test_cli_lists_and_asks(photon, cli):
    photon.start()
    device, port = photon.ready["id"], os.path.realpath(photon.ready["serial"])
    particle = cli(photon)
    assert f"{port} - Photon - {device}" in particle.run("serial", "list").text
    identity = particle.run("serial", "identify", "--port", port).text
    assert device in identity and "2.3.1" in identity
    mac = particle.run("serial", "mac").text
    assert "e0:4f:43" in mac
    inspection = particle.run("serial", "inspect", "--port", port).text
    assert "Platform: 6 - Photon" in inspection and "System module #2 - version 2302" in inspection


@pytest.mark.cli
def test_cli_wifi(photon, cli, tmp_path):
    photon.start()
    credentials = tmp_path / "wifi.json"
    credentials.write_text(json.dumps({"network": "photonrig", "security": "WPA2_AES", "password": "photonrig-lab"}))
    particle = cli(photon)
    words = ("serial", "wifi", "--file", str(credentials), "--port", os.path.realpath(photon.ready["serial"]))
    particle.run(*words, proof="Done! Your device should now restart.")
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"] and not status["listening"])
    # The device listens no more, and the CLI's exit code does not say so.
    with pytest.raises(CliUnproven):
        particle.run(*words, proof="Done! Your device should now restart.")


@pytest.mark.cli
def test_cli_flashes_over_serial(photon, cloud, build, cli):
    """By YMODEM at 28800, which puts the running device into listening mode first."""
    photon.start("--firmware", str(build(version=1)), *cloud.words)
    cloud.wait_for_hello(1)
    words = ("serial", "flash", "--yes", str(build(version=2)), "--port", os.path.realpath(photon.ready["serial"]))
    cli(photon).run(*words, proof="Flash success!")
    hello = cloud.wait_for_hello(2)
    assert (hello.product_id, hello.product_version) == (4711, 2)
    assert photon.status()["reset_reason"] == "update"


@pytest.mark.cli
def test_cli_flashes_no_nonsense(photon, build, cli, tmp_path):
    photon.start("--firmware", str(build()), *WIFI)
    nonsense = tmp_path / "nonsense.bin"
    nonsense.write_bytes(bytes(3000))
    with pytest.raises(CliRefused, match="Transfer cancelled"):
        cli(photon).run("serial", "flash", "--yes", str(nonsense), "--port", os.path.realpath(photon.ready["serial"]))
    status = photon.status()
    assert status["listening"] and not status["updating"] and status["product"]["version"] == 1


@pytest.mark.cli
def test_cli_claims_with_the_word_undefined(photon, cli):
    """A fault of 3.19.0, and why SetupConsole sets claim codes itself."""
    photon.start()
    with pytest.raises(CliRefused, match="Serial timed out"):
        cli(photon).run("serial", "claim", "k" * 63)
    assert not photon.status()["has_claim_code"]


@pytest.mark.cli
def test_cli_monitors(photon, build, cli, tmp_path):
    """It copies what comes until it is told to end, and ends well then."""
    photon.start("--firmware", str(build()), *WIFI)
    photon.wait("the application", lambda status: status["application_running"])
    script = tmp_path / "particle"
    cli(photon).write_script(script)
    with subprocess.Popen([script, "serial", "monitor"], stdout=subprocess.PIPE) as monitor:
        assert monitor.stdout
        until = time.monotonic() + PATIENCE
        while b"opened successfully" not in monitor.stdout.readline():
            assert time.monotonic() < until
        with photon.serial() as port:
            port.write(b"what the firmware echoes\n")
            assert monitor.stdout.readline() == b"what the firmware echoes\n"
        monitor.terminate()
        assert monitor.wait(PATIENCE) == 0
