"""What ``pip install photonrig`` brings into somebody else's project."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Of these folders an installed package needs nothing: what only a checkout builds, tests or measures.
CHECKOUT_ONLY = ("firmware/tests/", "firmware/fuzz/", "host/lock/python.txt", "host/lock/spark-server/")
CHECKOUT_ONLY += ("host/lock/particle-cli-next/", "host/environment.py")


def built(source: Path, target: str, to: Path) -> Path:
    """A wheel or sdist of a source folder."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(to)]
    done = subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = to.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made of the source archive as pip does it where there is no checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    with tarfile.open(built(ROOT, "sdist", folder / "sdist")) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.glob("photonrig-*")
    return built(source, "wheel", folder / "dist")


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel, and beside it what the package depends on."""
    home = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    # Its .pth files are not read: what is installed there as a link to this checkout is not found.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def run(python: Path, folder: Path, *argv: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Not optimised, the virtual Photon is built in half the time.
    environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "PATH": tools, "CMAKE_BUILD_TYPE": "Debug"}
    done = subprocess.run(
        [str(python), *argv], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_carries_every_file_that_the_package_uses(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "firmware", "host"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("no checkout to compare with")
    expected = set()
    for name in listed.stdout.split():
        if name.startswith(CHECKOUT_ONLY) or not (ROOT / name).exists():
            continue
        place = name.removeprefix("host/") if name.startswith("host/photonrig/") else f"photonrig/_bundle/{name}"
        if (ROOT / name).is_dir():  # a link to a folder, there in full
            inside = [path for path in (ROOT / name).rglob("*") if path.is_file()]
            expected |= {f"{place}/{path.relative_to(ROOT / name).as_posix()}" for path in inside}
        elif not Path(name).name.startswith("."):
            expected.add(place)
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
        programs = {each.filename for each in archive.infolist() if each.external_attr >> 16 & 0o100}
    assert len(expected) > 500
    assert not expected - carried
    assert {"photonrig/bench/usb_shim/openssl", "photonrig/bench/usb_shim/udevadm"} <= programs


def test_a_wheel_of_the_checkout_is_the_same(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(built(ROOT, "wheel", tmp_path)) as here, zipfile.ZipFile(wheel) as there:
        assert {each.filename: each.CRC for each in here.infolist()} == {
            each.filename: each.CRC for each in there.infolist()
        }


def test_the_plugin_is_there_with_every_variant(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(photon): pass\n")
    words = ["-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--collect-only", "-q"]
    collected = run(python, tmp_path, *words)
    assert "test_mine.py::test_mine[roller]" in collected
    assert "destructive: may wear out" in run(python, tmp_path, *words[:-2], "--markers")


@pytest.mark.timeout(900)  # the virtual Photon is built from what the wheel carries
def test_a_virtual_photon_of_the_wheel_is_online(python: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import photonrig\n"
        "def test_mine(photon):\n"
        f"    assert not photonrig.__file__.startswith({str(ROOT / 'host')!r})\n"
        "    assert photon.call('identify', '1') == 1\n"
        "    assert photon.variable('variant') == photon.variant\n"
    )
    words = ["-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "-q", "-k", "honeycomb"]
    assert "1 passed" in run(python, tmp_path, *words)
    assert list(tmp_path.glob("cache/photonrig/*/build/vphoton"))
