"""Firmware size check: compiles and links shade and each variant for the Photon's Cortex-M3, and measures them.

The image is not for shipping, which takes Particle's compiler: of Wiring only ``String`` and ``Print`` are linked.
Device OS calls go through its tables. The check fails on a compiler warning, a symbol that neither the application,
Device OS, Wiring nor the compiler's libraries define, an image too large for the Photon, or growth over 2 % against
the committed table ``firmware/size.md``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from photonrig.build.interface import imports, read_system, read_wiring, undefined_in
from photonrig.build.toolchain import Toolchain, step
from photonrig.errors import ModuleError, UsageError
from photonrig.files import replace

__all__ = ["FLASH", "RAM", "Size", "compare", "compiler", "measure", "read_table", "write_table"]

# The Photon's user part, and the static RAM limit that leaves 16 KB of heap.
FLASH: Final = 128 * 1024
RAM: Final = 66_560

_COMPILER: Final = "arm-none-eabi-g++"
_DEMANGLER: Final = "arm-none-eabi-c++filt"
_GROWTH: Final = 0.02
# Prefix, suffix and CRC of a module.
_MODULE: Final = 24 + 44 + 4
_MACHINE: Final = ("-mcpu=cortex-m3", "-mthumb", "--specs=nano.specs")
_FLAGS: Final = (
    *("-std=gnu++11", "-Os", "-fno-exceptions", "-fno-rtti", "-ffunction-sections", "-fdata-sections"),
    "-fno-use-cxa-atexit",
    *("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"),
)
# Symbols of Wiring stay undefined; they are checked afterwards.
_LINK: Final = ("-nostartfiles", "-Wl,--gc-sections,--unresolved-symbols=ignore-all,-e,setup,-u,loop")
_WIRING: Final = ("string.cpp", "print.cpp")
_ROW: Final = re.compile(r"^\| (\w+) \| (\d+) \| [^|]* \| (\d+) \|", re.MULTILINE)
_NAMED: Final = re.compile(r"^Compiler: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of flash, module prefix and suffix included, and of static RAM."""

    flash: int
    ram: int


def compiler() -> str | None:
    """Path and version of the cross compiler, or None."""
    path = shutil.which(_COMPILER)
    if path is None:
        return None
    version = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{_COMPILER} {version}"


def measure(tools: Toolchain, variants: Iterable[str]) -> dict[str, Size]:
    """Compile what changed and measure each variant.

    :raises ToolError: there is no cross compiler
    :raises ModuleError: the sources do not compile without a warning
    """
    with tools.alone():
        tools.require(_COMPILER)
        named = str(compiler())
        return {variant: _measure(tools, variant, named) for variant in variants}


def _measure(tools: Toolchain, variant: str, named: str) -> Size:
    firmware = tools.root / "firmware"
    sources = sorted((firmware / "shade" / "src").rglob("*.cpp"))
    sources += sorted((firmware / "variants" / variant / "src").rglob("*.cpp"))
    sources += [tools.sdk / "src" / "wiring" / name for name in _WIRING]
    headers = [*firmware.glob("shade/src/**/*.h"), *firmware.glob(f"variants/{variant}/src/*.h")]
    digest = hashlib.sha256(repr((named, _FLAGS, _LINK)).encode())
    abi = firmware / "abi"
    tables = sorted(abi.glob("*.tsv"))
    for path in (*sources, *sorted(headers), *sorted((tools.sdk / "include").glob("*.h")), *tables):
        digest.update(f"{path.relative_to(firmware)}\0".encode() + path.read_bytes())
    work = tools.work / "target" / variant
    kept = work / "size.json"
    if kept.exists() and (known := json.loads(kept.read_text())).pop("made_from") == digest.hexdigest():
        return Size(**known)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    includes = [f"-I{folder}" for folder in (firmware / "shade" / "src", tools.sdk / "include")]

    def compile_one(source: Path) -> str:
        target = work / f"{'-'.join(source.relative_to(firmware).parts)}.o"
        _run([_COMPILER, *_MACHINE, *_FLAGS, *includes, f"-I{source.parent}", "-c", str(source), "-o", str(target)])
        return str(target)

    with step(f"compiling {variant} for the Photon's processor"), ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
        system = work / "device-os.s"
        system.write_text(imports(read_system(abi)))
        _run([_COMPILER, *_MACHINE, *_LINK, *objects, str(system), "-o", str(work / "firmware.elf")])
    if unknown := undefined_in(_undefined(work / "firmware.elf"), read_wiring(abi)):
        raise ModuleError(
            f"{variant} uses {', '.join(unknown)}, which neither Device OS 2.3.1 nor its Wiring has: Particle's "
            "compiler would not link it; use what firmware/abi lists"
        )
    size = _size_of(work / "firmware.elf")
    replace(kept, json.dumps({"made_from": digest.hexdigest(), **asdict(size)}))
    return size


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ModuleError(f"the firmware does not compile for the Photon:\n{(done.stdout + done.stderr).strip()}")


def _undefined(elf: Path) -> list[str]:
    """Undefined symbols of the linked image, demangled."""
    with elf.open("rb") as file:
        tables = [each for each in ELFFile(file).iter_sections() if isinstance(each, SymbolTableSection)]
        symbols = [symbol for table in tables for symbol in table.iter_symbols()]
    names = sorted({each.name for each in symbols if each.name and each["st_shndx"] == "SHN_UNDEF"})
    done = subprocess.run([_DEMANGLER, *names], capture_output=True, text=True, check=True) if names else None
    return done.stdout.splitlines() if done else []


def _size_of(elf: Path) -> Size:
    flash, ram = _MODULE, 0
    with elf.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if not section["sh_flags"] & 0x2:  # not loaded: takes no memory on the device
                continue
            kept = section["sh_type"] != "SHT_NOBITS"
            writable = bool(section["sh_flags"] & 0x1)
            flash += section["sh_size"] if kept else 0
            ram += section["sh_size"] if writable else 0
    return Size(flash, ram)


def read_table(path: Path) -> tuple[str, dict[str, Size]]:
    """Compiler and sizes of the committed table.

    :raises UsageError: there is no such table
    """
    text = path.read_text() if path.exists() else ""
    named = _NAMED.search(text)
    if named is None:
        raise UsageError(f"{path} is no table of sizes; ./rig size --write makes it")
    return named.group(1), {variant: Size(int(flash), int(ram)) for variant, flash, ram in _ROW.findall(text)}


def write_table(path: Path, named: str, sizes: Mapping[str, Size]) -> None:
    """Write the table."""
    path.write_text(
        "# What the variants take of a Photon\n\n"
        "Bytes of the user part's flash and of static RAM (`data` and `bss`), measured by `./rig size`. More than 2 %\n"
        "of growth fails until `./rig size --write` puts it here. A symbol that neither Device OS 2.3.1 nor its\n"
        "Wiring has (`firmware/abi`) fails too.\n\n"
        "In the figures: the variant, `shade`, Wiring's `String` and `Print`, calls through Device OS's tables, the\n"
        "compiler's libraries, the module's frame. Not in them: the rest of Wiring, which Particle compiles into the\n"
        "same user part, and Device OS, which lies elsewhere. User parts linked with all of Wiring 2.3.1 by this\n"
        "compiler took 23.2 to 24.8 KB of flash and 5.4 to 5.7 KB of static RAM: 6.3 to 7.5 KB and 1.4 to 1.6 KB more\n"
        "(2026-11-29).\n\n"
        f"Compiler: {named}\n\n"
        f"| variant | flash | of {FLASH} | static RAM | of {RAM} |\n|---|---|---|---|---|\n"
        + "".join(
            f"| {variant} | {size.flash} | {size.flash / FLASH:.1%} | {size.ram} | {size.ram / RAM:.1%} |\n"
            for variant, size in sizes.items()
        )
    )


def compare(sizes: Mapping[str, Size], stated_by: str, stated: Mapping[str, Size]) -> list[str]:
    """Violations of the limits, or of the growth bound against the table; empty if none.

    With another compiler than the table's, only the Photon's limits apply.
    """
    wrong = []
    for variant, size in sizes.items():
        for what, used, limit in (("flash", size.flash, FLASH), ("static RAM", size.ram, RAM)):
            if used > limit:
                wrong.append(f"{variant} takes {used} bytes of {what}; a Photon has {limit}")
        before = stated.get(variant)
        if stated_by != compiler():
            continue
        if before is None:
            wrong.append(f"{variant} is not in the table")
            continue
        for what, now, then in (("flash", size.flash, before.flash), ("static RAM", size.ram, before.ram)):
            if now > then * (1 + _GROWTH):
                wrong.append(f"{variant} has grown from {then} to {now} bytes of {what} ({now / then - 1:+.1%})")
    return wrong
