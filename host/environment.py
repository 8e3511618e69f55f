"""The first step of ./rig: the virtual environment in .rig/venv, made if missing or stale; then tasks.py runs in it.

Run by any Python 3.11 or newer, so it uses the standard library and modules of photonrig that use nothing else.
"""

from __future__ import annotations

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends them without a traceback

import hashlib
import os
import re
import shutil
import sys
from importlib.metadata import distributions
from pathlib import Path

from photonrig.bench.making import alone, run, step
from photonrig.errors import ToolError
from photonrig.exits import one_line
from photonrig.signals import begin

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".rig"
VENV = WORK / "venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "host" / "lock" / "python.txt"
STAMP = VENV / ".made-from"

_REASONS = (
    r"(No space left on device|Permission denied.*)",
    r"(?:NewConnection|ConnectTimeout|Proxy|SSL|NameResolution)Error\('?.*?(?::|object at \w+>:) (.*?)'?\)",
    r"ERROR: (THESE PACKAGES DO NOT MATCH THE HASHES.*|No matching distribution.*)",
    r"ERROR: (.*)",
    r"Error: (.*)",
)


def base() -> Path:
    """The interpreter that runs this, outside any virtual environment."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()


def named() -> str:
    """The same with its version, as the stamp names it."""
    return f"{base()} {sys.version.split()[0]}"


def wanted(python: str) -> str:
    """What the stamp of an up-to-date environment says, made by this Python."""
    digest = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    return f"{digest}\n{ROOT}\n{python}\n"


def fresh() -> bool:
    """Whether the environment is what it should be.

    An environment of another Python stays, unless PYTHON names one or its own is no longer what it was.
    """
    try:
        stamp = STAMP.read_text()
        made_by = stamp.splitlines()[2]
    except (OSError, IndexError):
        return False
    path = made_by.rpartition(" ")[0]
    if str(PYTHON.resolve()) != path or not os.access(PYTHON, os.X_OK):
        return False
    if path == str(base()):
        made_by = named()  # which may be newer by now
    elif os.environ.get("PYTHON"):
        return False
    return stamp == wanted(made_by)


def make() -> None:
    """Make the environment anew.

    :raises ToolError: venv or pip failed, or what is there afterwards is not what the lock says
    """
    log = WORK / "venv.log"
    with step("making the virtual environment (once, about half a minute)") as progress:
        shutil.rmtree(VENV, ignore_errors=True)
        made = run([str(base()), "-m", "venv", str(VENV)], log)
        if made.code != 0:
            hint = "python -m venv failed (Debian and Ubuntu need: sudo apt-get install python3-venv)"
            raise made.failure(hint, *_REASONS)
        pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]

        def heard(line: str) -> None:
            if line.startswith(("Collecting", "Downloading", "Installing")):
                progress.detail = line.strip()[:60]

        for words in (["--require-hashes", "-r", str(LOCK)], ["--no-build-isolation", "-e", str(ROOT)]):
            installed = run([*pip, *words], log, heard=heard, more=True)
            if installed.code != 0:
                raise installed.failure("the locked packages cannot be installed", *_REASONS)
    if lacking := differs():
        raise ToolError(f"pip left out {len(lacking)} packages, {lacking[0]} among them; its output is in {log}")
    STAMP.write_text(wanted(named()))


def differs() -> list[str]:
    """Packages of the lock that are not installed in the version it names."""
    folders = [str(folder) for folder in VENV.glob("lib/python*/site-packages")]
    there = {(_plain(each.name), each.version) for each in distributions(path=folders)}
    locked = re.findall(r"^([\w.-]+)==([^\s;\\]+)", LOCK.read_text(), re.MULTILINE)
    return [f"{name} {version}" for name, version in locked if (_plain(name), version) not in there]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> None:
    """Make what is missing, and become the program."""
    begin()
    with one_line():
        if not fresh():
            with alone(WORK):
                if not fresh():
                    make()
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "tasks.py"), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
