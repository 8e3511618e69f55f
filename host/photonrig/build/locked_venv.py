"""Virtual environments installed from a pip lock file and verified against it. Standard library only."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from photonrig.build.making import run, step
from photonrig.errors import ToolError

__all__ = ["lacking", "make_venv"]

# Patterns for the cause in pip's output, best first.
_REASONS: Final = (
    r"(No space left on device|Permission denied.*)",
    r"(?:NewConnection|ConnectTimeout|Proxy|SSL|NameResolution)Error\('?.*?(?::|object at \w+>:) (.*?)'?\)",
    r"ERROR: (THESE PACKAGES DO NOT MATCH THE HASHES.*|No matching distribution.*)",
    r"ERROR: (.*)",
    r"Error: (.*)",
)


def make_venv(home: Path, python: Path, lock: Path, log: Path, what: str, *more: Sequence[str]) -> None:
    """Create the environment ``home`` anew with the packages of a lock file.

    ``more`` are arguments of further ``pip install`` calls, without the common ones; ``what`` is its name in messages.

    :raises ToolError: venv or pip failed, or the result differs from the lock
    """
    with step(f"making {what} (once, about half a minute)") as progress:
        shutil.rmtree(home, ignore_errors=True)
        made = run([str(python), "-m", "venv", str(home)], log)
        if made.code != 0:
            hint = f"{what} cannot be made (Debian and Ubuntu need: sudo apt-get install python3-venv)"
            raise made.failure(hint, *_REASONS)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]

        def heard(line: str) -> None:
            if found := re.match(r"(Collecting|Downloading|Installing) ([\w.-]*)", line):
                progress.detail = found[0].lower()

        for words in (["--require-hashes", "-r", str(lock)], *more):
            installed = run([*pip, *words], log, heard=heard, more=True)
            if installed.code != 0:
                raise installed.failure(f"the packages of {lock.name} cannot be installed", *_REASONS)
    if left_out := lacking(home, lock):
        raise ToolError(f"pip left out {len(left_out)} packages, {left_out[0]} among them; its output is in {log}")


def lacking(home: Path, lock: Path) -> list[str]:
    """Packages of a lock file that are missing from an environment in the locked version."""
    infos = [info.stem.rpartition("-") for info in home.glob("lib/python*/site-packages/*.dist-info")]
    installed = {(_plain(name), version) for name, _, version in infos}
    locked = re.findall(r"^([\w.-]+)==([^\s;\\]+)", lock.read_text(), re.MULTILINE)
    return [f"{name} {version}" for name, version in locked if (_plain(name), version) not in installed]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
