"""./rig in a fresh checkout: the virtual environment is made once, whole or not at all, and anew when it is stale."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Builds an editable wheel with nothing but the standard library.
BACKEND = """
import pathlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n")
        wheel.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("small-1.0.dist-info/RECORD", "")
    return name
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
TASKS = "import sys; print(sys.argv[1:], sys.prefix)\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What precedes tasks.py, as it is; an empty lock, and tasks.py that prints its words."""
    root = tmp_path / "checkout"
    needed = ["errors", "exits", "files", "invocation", "signals", "__init__"]
    needed += ["build/making", "build/locked_venv", "build/__init__"]
    for name in ["rig", "host/environment.py", *(f"host/photonrig/{module}.py" for module in needed)]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    (root / "host" / "lock").mkdir()
    (root / "host" / "lock" / "python.txt").touch()
    for name, text in (("pyproject.toml", PROJECT), ("backend.py", BACKEND), ("tasks.py", TASKS)):
        (root / name).write_text(text)
    return root


def start(checkout: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        nobody = f"http://127.0.0.1:{found.getsockname()[1]}/simple"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {
        "PIP_INDEX_URL": nobody,
        "PIP_RETRIES": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PYTHON": sys.executable,
    }
    environment |= more
    # In a session of its own, so that a signal can be for all of it.
    return subprocess.Popen(
        [str(checkout / "rig"), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def rig(checkout: Path, *words: str, **more: str) -> tuple[int, str, str]:
    process = start(checkout, *words, **more)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def made_at(checkout: Path) -> int:
    return (checkout / ".rig" / "venv" / "pyvenv.cfg").stat().st_mtime_ns


def test_made_once_for_all_who_start_and_anew_when_stale(checkout: Path) -> None:
    both = [start(checkout, "a word", "--option") for _ in range(2)]
    said = [process.communicate(timeout=100) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert {out for out, _ in said} == {f"['a word', '--option'] {checkout / '.rig' / 'venv'}\n"}
    assert sorted("making the virtual environment" in err for _, err in said) == [False, True]

    # A second start makes nothing and asks no index.
    first = made_at(checkout)
    assert rig(checkout)[::2] == (0, "")
    assert made_at(checkout) == first

    # Another lock: what it names cannot be had, and nothing says that it is there.
    lock = checkout / "host" / "lock" / "python.txt"
    lock.write_text(f"nosuchpackage==1.0 --hash=sha256:{'0' * 64}\n")
    for _ in range(2):
        code, out, err = rig(checkout)
        lines = [line for line in err.splitlines() if "making the virtual environment" not in line]
        assert (code, out, len(lines)) == (3, "", 1), err
        assert lines[0].startswith("rig: rig error: the packages of python.txt cannot be installed: ")
        assert "refused" in lines[0]
        assert not (checkout / ".rig" / "venv" / ".made-from").exists()
    lock.write_text("")
    assert rig(checkout)[0] == 0

    # The checkout is somewhere else.
    moved = checkout.rename(checkout.with_name("moved"))
    code, out, err = rig(moved)
    assert (code, out) == (0, f"[] {moved / '.rig' / 'venv'}\n"), err


def test_a_start_that_was_killed_is_made_up_for(checkout: Path) -> None:
    process = start(checkout)
    while not (checkout / ".rig" / "venv" / "pyvenv.cfg").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=100)
    assert not (checkout / ".rig" / "venv" / ".made-from").exists()
    assert rig(checkout)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_whatever_was_inherited(checkout: Path, number: signal.Signals) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = start(checkout)
    finally:
        signal.signal(signal.SIGINT, before)
    while not (checkout / ".rig" / "venv" / "pyvenv.cfg").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.splitlines()[-1]) == (130, "rig: stopped")
    with (checkout / ".rig" / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("python", ["/nosuch/python", "/bin/true", "/bin/false", "/"])
def test_python_that_is_none(checkout: Path, python: str) -> None:
    assert rig(checkout, PYTHON=python) == (2, "", f"rig: usage error: PYTHON={python} is no Python 3.11 or newer\n")


def test_without_any_python_the_command_is_told(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "dirname"):
        (programs / name).symlink_to(str(shutil.which(name)))
    code, out, err = rig(checkout, PATH=str(programs), PYTHON="")
    assert (code, out) == (3, "")
    assert err.startswith(
        "rig: rig error: Python 3.11 or newer is needed; install it with: sudo apt-get install python3"
    )
    assert err.count("\n") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_a_checkout_of_somebody_else_is_told_in_a_line(checkout: Path) -> None:
    for folder in (checkout, *checkout.parents):
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(0o755)
    done = subprocess.run(
        ["/usr/bin/python3", str(checkout / "host" / "environment.py")],
        user=65534,
        group=65534,
        extra_groups=[],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "3.11" not in subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True, check=True).stdout:
        pytest.skip("no system Python that everybody can run")
    folder = checkout / ".rig"
    assert done.returncode == 3
    line = f"rig: rig error: {folder} cannot be written: Permission denied; {folder} must belong"
    assert done.stderr.startswith(line) and done.stderr.count("\n") == 1
