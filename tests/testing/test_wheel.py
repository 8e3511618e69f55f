"""What ``pip install photonrig`` brings into somebody else's project."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from photonrig import __version__

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
        archive.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # from 3.11.4 on
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


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of the wheel's user, whose cache keeps what one test made for the next."""
    cache = tmp_path_factory.mktemp("cache")
    made = cache / "photonrig" / __version__
    made.mkdir(parents=True)
    if (cli := ROOT / ".rig" / "cli").exists():  # the same that the wheel's lock file would have installed
        (made / "cli").symlink_to(cli)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Not optimised, the virtual Photon is built in half the time.
    return inherited | {
        "XDG_CACHE_HOME": str(cache),
        "PATH": tools,
        "CMAKE_BUILD_TYPE": "Debug",
        "PYTEST_ADDOPTS": "-p no:schemathesis -p no:cacheprovider",
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Runs a program in a folder of its own, to its end."""

    def to_end(*argv: str | Path) -> str:
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return to_end


def test_it_carries_every_file_that_the_package_uses(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "firmware", "host", "tests/scenarios/every_rig"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
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


def test_the_plugin_is_there_with_every_variant(python: Path, run: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(photon): pass\n")
    collected = run(python, "-m", "pytest", "--collect-only", "-q")
    assert "test_mine.py::test_mine[roller]" in collected
    assert "destructive: may wear out" in run(python, "-m", "pytest", "--markers")


def test_photonrig_is_a_command(python: Path, run: Callable[..., str]) -> None:
    photonrig = python.with_name("photonrig")
    assert run(photonrig, "--version") == f"photonrig {__version__}\n"
    assert "  photonrig fleet apply --tokens customers.tokens\n" in run(photonrig, "fleet", "apply", "--help")
    assert "_PHOTONRIG_COMPLETE=bash_complete" in run(photonrig, "completion", "bash")


# From here on, what the wheel carries is built, once.


@pytest.mark.timeout(1800)
def test_a_virtual_photon_of_the_wheel_is_online(
    python: Path, run: Callable[..., str], environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "test_mine.py").write_text(
        "import photonrig\n"
        "def test_mine(photon):\n"
        f"    assert not photonrig.__file__.startswith({str(ROOT / 'host')!r})\n"
        "    assert photon.call('identify', '1') == 1\n"
        "    assert photon.variable('variant') == photon.variant\n"
    )
    assert "1 passed" in run(python, "-m", "pytest", "-q", "-k", "honeycomb")
    assert list(Path(environment["XDG_CACHE_HOME"]).glob("photonrig/*/build/vphoton"))


@pytest.mark.timeout(900)
def test_a_lab_of_the_wheel(python: Path, environment: dict[str, str], tmp_path: Path) -> None:
    argv = [str(python.with_name("photonrig")), "lab", "--json", "--quiet", "--state", "lab"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, cwd=tmp_path, env=environment, **pipes) as lab:  # type: ignore[call-overload]
        described = json.loads(lab.stdout.readline() or "null")
        try:
            assert described, lab.communicate()[1]
            listed = subprocess.run([tmp_path / "lab" / "particle", "list"], capture_output=True, text=True, check=True)
        finally:
            lab.send_signal(signal.SIGINT)
            _, err = lab.communicate(timeout=120)
    assert (lab.returncode, err) == (0, "")
    assert described["photons"][0]["id"] in listed.stdout


@pytest.mark.timeout(900)
def test_a_fleet_of_the_wheel_reaches_its_customers(python: Path, run: Callable[..., str]) -> None:
    said = run(python.with_name("photonrig"), "fleet", "demo", "--devices", "3")
    assert "$ photonrig fleet apply --tokens customers.tokens\n" in said
    assert "3 of 3 devices are where they should be" in said and "\nlost: 0\n" in said


@pytest.mark.timeout(900)
def test_the_scenarios_of_the_wheel(python: Path, run: Callable[..., str], tmp_path: Path) -> None:
    run(python.with_name("photonrig"), "hil", "--only", "honeycomb and serial_and_cloud", "--quiet")
    (test,) = json.loads((tmp_path / "report" / "hil" / "last" / "results.json").read_text())["tests"]
    assert [attempt["outcome"] for attempt in test["attempts"]] == ["passed"]
