"""System dependencies: compilers and headers, located when a build needs them.

Results are cached in ``.rig/system-parts.json`` as a path for each part, valid while the path exists. For a checkout,
root on Debian and Ubuntu gets missing parts installed; otherwise the error names the install command.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photonrig.build.making import run, step
from photonrig.errors import ToolError
from photonrig.files import replace

__all__ = ["find", "require"]


@dataclass(frozen=True, slots=True)
class _Part:
    """A program, or a C++ header or library of a compiler, and the package that provides it."""

    debian: str
    fedora: str
    macos: str
    program: str = ""
    header: str = ""
    library: str = ""
    compiler: str = "c++"


_ARM: Final = "arm-none-eabi-g++"
_ARM_FEDORA: Final = "arm-none-eabi-gcc-cs-c++"
_ARM_MACOS: Final = "brew install --cask gcc-arm-embedded"

_PARTS: Final = {
    "c++": _Part("g++", "gcc-c++", "xcode-select --install", program="c++"),
    "make": _Part("make", "make", "xcode-select --install", program="make"),
    "OpenSSL headers": _Part("libssl-dev", "openssl-devel", "brew install openssl@3", header="openssl/evp.h"),
    "doctest": _Part("doctest-dev", "doctest-devel", "brew install doctest", header="doctest/doctest.h"),
    _ARM: _Part("gcc-arm-none-eabi", _ARM_FEDORA, _ARM_MACOS, program=_ARM),
    "newlib for ARM": _Part(
        "libnewlib-arm-none-eabi", "arm-none-eabi-newlib", _ARM_MACOS, library="libc_nano.a", compiler=_ARM
    ),
    "libstdc++ headers for ARM": _Part(
        "libstdc++-arm-none-eabi-dev", _ARM_FEDORA, _ARM_MACOS, header="functional", compiler=_ARM
    ),
}


def require(work: Path, *names: str, install: bool) -> dict[str, str]:
    """Paths of the named parts; ``install`` allows apt-get to add missing ones, ``work`` is ``.rig``.

    :raises ToolError: parts are missing; the message has the command that installs them
    """
    found = find(work, *names)
    missing = [name for name in names if name not in found]
    if missing and install and os.getuid() == 0 and shutil.which("apt-get"):
        _apt_get(work, [_PARTS[name].debian for name in missing])
        found = find(work, *names)
        missing = [name for name in names if name not in found]
    if missing:
        parts = [_PARTS[name] for name in missing]
        debian, fedora = (
            " ".join(dict.fromkeys(getattr(part, system) for part in parts)) for system in ("debian", "fedora")
        )
        macos = " && ".join(dict.fromkeys(part.macos for part in parts))
        raise ToolError(
            f"missing: {', '.join(missing)}; install with: sudo apt-get install {debian} (Debian, Ubuntu), "
            f"sudo dnf install {fedora} (Fedora), {macos} (macOS)"
        )
    return found


def find(work: Path, *names: str) -> dict[str, str]:
    """Paths of the parts found."""
    kept = work / "system-parts.json"
    try:
        known = json.loads(kept.read_text())
    except (OSError, ValueError):
        known = {}
    found = {}
    for name in names:
        path = _path(_PARTS[name], known.get(name) if isinstance(known, dict) else None)
        if path:
            found[name] = path
    if any(known.get(name) != found.get(name) for name in names):
        work.mkdir(parents=True, exist_ok=True)
        replace(kept, json.dumps({name: path for name, path in (known | found).items() if Path(path).exists()}))
    return found


def _path(part: _Part, known: object) -> str | None:
    if part.program:
        return shutil.which(part.program)
    if isinstance(known, str) and Path(known).exists():
        return known
    compiler = shutil.which(part.compiler)
    if compiler is None:
        return None
    if part.library:
        argv = [compiler, "-mcpu=cortex-m3", "-mthumb", f"-print-file-name={part.library}"]
        said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
        return said if Path(said).is_absolute() else None
    source = f"#include <{part.header}>\n"
    done = subprocess.run(
        [compiler, "-E", "-x", "c++", "-"], input=source, capture_output=True, text=True, errors="replace", check=False
    )
    where = re.search(rf'^# 1 "(/[^"]*{re.escape(part.header)})"', done.stdout, re.MULTILINE)
    return where.group(1) if done.returncode == 0 and where else None


def _apt_get(work: Path, packages: Sequence[str]) -> None:
    names = " ".join(packages).split()
    log = work / "system.log"
    work.mkdir(parents=True, exist_ok=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {', '.join(names)} with apt-get"):
        updated = run(["apt-get", "update"], log, env=env)
        argv = ["apt-get", "install", "-y", "--no-install-recommends", *names]
        installed = run(argv, log, env=env, more=True)
    if updated.code != 0 or installed.code != 0:
        # A failed download is only a warning of "update", and the cause of what "install" cannot find.
        lines = type(installed)(installed.code, [*updated.lines, *installed.lines], log)
        what = f"apt-get cannot install {', '.join(names)}"
        raise lines.failure(what, r"^W: (Failed to fetch .*)", r"^E: (Failed to fetch .*)", r"^E: (.*)")
