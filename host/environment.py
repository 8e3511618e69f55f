"""The first step of ./rig: the virtual environment in .rig/venv, made if missing or stale; then tasks.py runs in it.

Run by any Python 3.11 or newer, so it uses the standard library and modules of photonrig that use nothing else.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends them without a traceback

import hashlib
import os
import sys
from pathlib import Path

from photonrig.build.locked_venv import lacking, make_venv
from photonrig.build.making import alone
from photonrig.exits import one_line
from photonrig.invocation import CALLED
from photonrig.signals import begin

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".rig"
VENV = WORK / "venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "host" / "lock" / "python.txt"
STAMP = VENV / ".made-from"


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
    return stamp == wanted(made_by) and not lacking(VENV, LOCK)


def make() -> None:
    """Make the environment anew.

    :raises ToolError: see :func:`make_venv`
    """
    ours = ["--no-build-isolation", "-e", str(ROOT)]
    make_venv(VENV, base(), LOCK, WORK / "venv.log", "the virtual environment", ours)
    STAMP.write_text(wanted(named()))


def main() -> None:
    """Make what is missing, and become the program."""
    begin()
    os.environ[CALLED] = "./rig"
    with one_line():
        if not fresh():
            with alone(WORK):
                if not fresh():
                    make()
        os.execv(PYTHON, [str(PYTHON), str(ROOT / "tasks.py"), *sys.argv[1:]])  # noqa: S606


if __name__ == "__main__":
    main()
