"""The process: ready line, bad arguments, one at a time, clean end, power."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from ..patience import PATIENCE


def run(executable: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(executable), *words], capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_ready_line_and_clean_end(photon):
    photon.start("--device-id", "0123456789ABCDEF01234567")
    folder = str(photon.state)
    assert photon.ready == {
        "id": "0123456789abcdef01234567",
        "serial": f"{folder}/serial",
        "softap_tcp": photon.ready["softap_tcp"],
        "softap_http": photon.ready["softap_http"],
        "control": f"{folder}/control",
        "state": folder,
    }
    assert photon.stop()[:2] == (0, "")
    assert not os.path.lexists(f"{folder}/serial")
    assert not os.path.lexists(f"{folder}/control")


def test_everything_stored_is_private(photon):
    photon.start()
    assert stat.S_IMODE(photon.state.stat().st_mode) == 0o700
    for file in photon.state.iterdir():
        if file.name != "serial":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_the_folder_is_the_device(photon):
    first = photon.start().ready["id"]
    key = photon.softap("public-key")
    name = photon.status()["softap_ssid"]
    photon.kill()
    assert photon.start().ready["id"] == first
    assert photon.softap("public-key") == key
    assert photon.status()["softap_ssid"] == name
    assert photon.status()["reset_reason"] == "power_down"


def test_a_second_process_on_the_same_folder_is_refused(photon):
    photon.start()
    done = run(photon.executable, "--state", str(photon.state))
    assert done.returncode == 2
    assert "another vphoton runs on this state folder" in done.stderr
    assert done.stdout == ""
    assert photon.status()["ok"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--state DIR is missing"),
        (["--state"], "--state needs a value"),
        (["--state", "{tmp}/no/such"], "parent folder"),
        (["--state", "{tmp}/d", "--what"], "unknown argument --what"),
        (["--state", "{tmp}/d", "--device-id", "12"], "24 hexadecimal digits"),
        (["--state", "{tmp}/d", "--device-key", "{tmp}/missing"], "cannot be read"),
        (["--state", "{tmp}/d", "--device-key", "{tmp}/der"], "not an RSA-1024 private key"),
        (["--state", "{tmp}/d", "--device-key", "{tmp}/pem"], "is not a DER file"),
        (["--state", "{tmp}/d", "--server-key", "{tmp}/der"], "294 bytes"),
        (["--state", "{tmp}/d", "--server", "host"], "HOST:PORT"),
        (["--state", "{tmp}/d", "--server", "host:0"], "HOST:PORT"),
        (["--state", "{tmp}/d", "--firmware", "{tmp}/der"], "shorter than any module"),
        (["--state", "{tmp}/d", "--wifi", ":x"], "SSID:PASSWORD"),
        (["--state", "{tmp}/d", "--air", "{tmp}/pem"], "is not JSON"),
        (["--state", "{tmp}/d", "--softap-tcp-port", "70000"], "needs a port number"),
        (["--state", "{tmp}/d", "--device-os", "0.6.4"], "0.6.4 is not modelled"),
    ],
)
def test_bad_arguments(executable, tmp_path, words, message):
    (tmp_path / "der").write_bytes(b"\x30\x03abc")
    (tmp_path / "pem").write_bytes(b"-----BEGIN PUBLIC KEY-----\n")
    done = run(executable, *[word.replace("{tmp}", str(tmp_path)) for word in words])
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_help(executable):
    done = run(executable, "--help")
    assert done.returncode == 0
    assert "example: vphoton --state" in done.stdout


def test_a_port_in_use_is_named(photon, executable, tmp_path):
    port = str(photon.start().ready["softap_tcp"])
    done = run(executable, "--state", str(tmp_path / "other"), "--softap-tcp-port", port)
    assert done.returncode == 2
    assert f"port {port} on 127.0.0.1" in done.stderr


def test_control_answers_nonsense(photon):
    photon.start("--wifi", "photonrig:photonrig-lab")
    assert "unknown request jump" in photon.control(do="jump")["error"]
    assert "is missing" in photon.control(x=1)["error"]
    assert "hold_ms" in photon.control(do="setup_button")["error"]
    assert "ssid" in photon.control(do="air", networks=[{}])["error"]
    assert "pin" in photon.control(do="pin", pin=25, level=0)["error"]
    assert photon.status()["ok"]


def test_power_off_ends_at_once(photon):
    photon.start()
    assert photon.control(do="power", on=False) == {"ok": True}
    assert photon.process.wait(PATIENCE) == 0
    photon.kill()
    photon.start()


def test_a_folder_name_too_long_for_a_socket(photon, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", "/tmp")
    photon.state = tmp_path / ("long" * 25)
    photon.start()
    assert len(photon.ready["control"]) < 100
    assert photon.status()["ok"]
    folder = Path(photon.ready["control"]).parent
    photon.control(do="reset")
    photon.wait("the same name after a reset", lambda status: status["reset_reason"] == "pin_reset")
    assert photon.stop()[0] == 0
    assert not folder.exists()
