"""What every application is built with: the headers of Wiring and Device OS, Wiring as a library, start-up, imports.

    include/   Particle.h and the rest of Wiring, device_os/, prototypes.h
    lib/       start.o, runtime.o, imports.o, libwiring.a, user_part.ld
    made-from  digest of the sources and the compiler

Made of ``firmware/abi``, ``firmware/wiring`` and ``firmware/user_part``, which nobody but us writes: it is compiled
outside the sandbox, and inside it is read only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from photonrig.build.interface import imports, read_system
from photonrig.build.prototypes import prototypes
from photonrig.build.user_part import ARCHIVER, COMPILER, CPP, LIBRARIES, LINK, SECTIONS, C
from photonrig.errors import ToolError, UsageError

__all__ = ["build_sdk", "check_sdk", "is_current", "sdk_digest"]

_OURS: Final = ("-g", "-Wextra", "-Werror", "-Wno-unused-parameter")
_ALONE: Final = ("start", "runtime")  # linked as they are; all else is taken from the library when it is called
_STAMP: Final = "made-from"
_INPUTS: Final = frozenset((".h", ".cpp", ".ld", ".tsv"))


def is_current(firmware: Path, sdk: Path) -> bool:
    """Whether the SDK is what these sources and this compiler make.

    :raises ToolError: there is no cross compiler
    """
    return (sdk / _STAMP).exists() and sdk_digest(sdk) == _digest(firmware)


def sdk_digest(sdk: Path) -> str:
    """What a finished SDK was made from.

    :raises UsageError: there is none in the folder
    """
    check_sdk(sdk)
    return (sdk / _STAMP).read_text()


def check_sdk(sdk: Path) -> None:
    """Check that the folder holds an SDK.

    :raises UsageError: it does not
    """
    if not (sdk / _STAMP).is_file():
        raise UsageError(f"{sdk} is no SDK to compile with: ./rig build makes one in .rig/sdk")


def build_sdk(firmware: Path, sdk: Path) -> None:
    """Build it in the place of what was there; a build that is killed leaves the old one or none.

    :raises ToolError: there is no cross compiler, or it failed
    """
    digest = _digest(firmware)
    sdk.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=sdk.parent, prefix=".sdk-"))
    try:
        made.chmod(0o755)
        _fill(firmware, made)
        (made / _STAMP).write_text(digest)
        shutil.rmtree(sdk, ignore_errors=True)
        made.rename(sdk)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _fill(firmware: Path, made: Path) -> None:
    wiring, parts, abi = firmware / "wiring", firmware / "user_part", firmware / "abi"
    include, lib = made / "include", made / "lib"
    shutil.copytree(wiring / "include", include)
    shutil.copytree(abi / "include", include, dirs_exist_ok=True)
    (include / "prototypes.h").write_text(prototypes(abi))
    lib.mkdir()
    shutil.copy(parts / "user_part.ld", lib)
    with tempfile.TemporaryDirectory(dir=made) as folder:
        work = Path(folder)
        sources = [*(wiring / "src").glob("*.cpp"), *parts.glob("*.cpp")]
        objects = {each: (lib if each.stem in _ALONE else work) / f"{each.stem}.o" for each in sources}
        _compile(objects, [*_OURS, f"-I{include}", f"-I{parts}"])
        assembly = work / "imports.s"
        assembly.write_text(imports(read_system(abi)))
        _run([COMPILER, *LINK, "-c", str(assembly), "-o", str(lib / "imports.o")])
        library = sorted(str(each) for each in objects.values() if each.parent == work)
        _run([ARCHIVER, "rcsD", str(lib / "libwiring.a"), *library])


def _compile(targets: Mapping[Path, Path], flags: Sequence[str]) -> None:
    def one(source: Path, target: Path) -> None:
        _run([COMPILER, *CPP, *flags, "-c", str(source), "-o", str(target)])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, targets.keys(), targets.values()))


def _digest(firmware: Path) -> str:
    folders = [firmware / name for name in ("abi", "wiring", "user_part")]
    inputs = sorted(each for folder in folders for each in folder.rglob("*") if each.suffix in _INPUTS)
    declared = prototypes(firmware / "abi")
    how = (_run([COMPILER, "-dumpfullversion"]), CPP, C, LINK, LIBRARIES, SECTIONS, _OURS, imports({}), declared)
    digest = hashlib.sha256(repr(how).encode())
    for path in inputs:
        digest.update(f"{path.relative_to(firmware)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _run(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolError(f"{argv[0]} is missing; ./rig build says how to install it") from None
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise ToolError(f"what applications are built with cannot be compiled:\n{said}")
    return done.stdout
