"""Firmware size check: what each variant's user part takes of a Photon.

It is the image that is flashed, with Wiring in it. The check fails on a compiler warning, a function that neither the
application, Wiring nor Device OS has, an image too large for the Photon, or growth over 2 % against the committed table
``firmware/size.md``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from photonrig.build.toolchain import Toolchain
from photonrig.build.user_part import COMPILER
from photonrig.build.variants import build_variant
from photonrig.errors import ModuleError, UsageError

__all__ = [
    "FLASH",
    "RAM",
    "STACK",
    "Size",
    "compare",
    "compiler",
    "measure",
    "read_table",
    "size_of",
    "stated",
    "write_table",
]

# The Photon's user part, and the static RAM limit that leaves 16 KB of heap.
FLASH: Final = 128 * 1024
RAM: Final = 66_560
# Of the application's thread, Device OS 2.3.1.
STACK: Final = 6144

_GROWTH: Final = 0.02
_MARKS: Final = ("data_begin", "heap_begin")
_ROW: Final = re.compile(
    r"^\| (\w+) \| (\d+) \| [^|]* \| (\d+) \| [^|]* \| (\d+) \| [^|]* \| (\d+) \| (\d+) \|", re.MULTILINE
)
_NAMED: Final = re.compile(r"^Compiler: (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of flash, module prefix and suffix included, and of static RAM; and what a run took.

    ``stack`` and ``heap``: the most in use, in bytes; ``loop``: instructions of a ``loop()`` on average; 0: not
    measured.
    """

    flash: int
    ram: int
    stack: int = 0
    heap: int = 0
    loop: int = 0


def stated(project: Path, variant: str) -> dict[str, int]:
    """The figures of :class:`Size` from the table beside the variants; empty without one."""
    table = project.resolve().parent.parent / "size.md"
    found = read_table(table)[1].get(variant) if table.exists() else None
    return {} if found is None else asdict(found)


def compiler() -> str | None:
    """Path and version of the cross compiler, or None."""
    path = shutil.which(COMPILER)
    if path is None:
        return None
    version = subprocess.run([path, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{COMPILER} {version}"


def measure(tools: Toolchain, variants: Iterable[str]) -> dict[str, Size]:
    """Build what changed and measure each variant.

    :raises ToolError: there is no cross compiler
    :raises ModuleError: the sources do not compile without a warning
    """
    return {variant: size_of(build_variant(tools, variant)) for variant in variants}


def size_of(module: Path) -> Size:
    """Size of a module that lies beside its ELF.

    :raises ModuleError: the ELF does not have the marks of the linker script
    """
    with module.with_suffix(".elf").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        found = [table.get_symbol_by_name(name) for name in _MARKS] if isinstance(table, SymbolTableSection) else []
    if len(found) != len(_MARKS) or not all(found):
        raise ModuleError(f"{module.with_suffix('.elf')} is not the ELF of a user part of this bench")
    begin, end = (symbols[0]["st_value"] for symbols in found if symbols)
    return Size(module.stat().st_size, end - begin)


def read_table(path: Path) -> tuple[str, dict[str, Size]]:
    """Compiler and sizes of the committed table.

    :raises UsageError: there is no such table
    """
    text = path.read_text() if path.exists() else ""
    named = _NAMED.search(text)
    if named is None:
        raise UsageError(f"{path} is no table of sizes; ./rig size --write makes it")
    return named.group(1), {variant: Size(*map(int, figures)) for variant, *figures in _ROW.findall(text)}


def write_table(path: Path, named: str, sizes: Mapping[str, Size]) -> None:
    """Write the table."""
    path.write_text(
        "# What the variants take of a Photon\n\n"
        "Bytes of the user part's flash and of static RAM (`data` and `bss`), measured by `./rig size` on the images\n"
        "that `./rig build` makes: the variant, `shade`, the Wiring it uses, calls through Device OS's tables,\n"
        "the compiler's libraries, the module's frame. Device OS itself lies elsewhere. Stack and heap: the most\n"
        "in use, in bytes; loop: instructions on average; in the run of `./rig measure`. More than 2 % of growth\n"
        "fails until `./rig size --write` puts it here.\n\n"
        f"Compiler: {named}\n\n"
        f"| variant | flash | of {FLASH} | static RAM | of {RAM} | stack | of {STACK} | heap | loop |\n"
        "|---|---|---|---|---|---|---|---|---|\n"
        + "".join(
            f"| {variant} | {size.flash} | {size.flash / FLASH:.1%} | {size.ram} | {size.ram / RAM:.1%} "
            f"| {size.stack} | {size.stack / STACK:.1%} | {size.heap} | {size.loop} |\n"
            for variant, size in sizes.items()
        )
    )


def compare(sizes: Mapping[str, Size], stated_by: str, stated: Mapping[str, Size]) -> list[str]:
    """Violations of the limits, or of the growth bound against the table; empty if none.

    With another compiler than the table's, only the Photon's limits apply.
    """
    wrong = []
    for variant, size in sizes.items():
        for what, used, limit in (
            ("flash", size.flash, FLASH),
            ("static RAM", size.ram, RAM),
            ("stack", size.stack, STACK),
        ):
            if used > limit:
                wrong.append(f"{variant} takes {used} bytes of {what}; a Photon has {limit}")
        before = stated.get(variant)
        if stated_by != compiler():
            continue
        if before is None:
            wrong.append(f"{variant} is not in the table")
            continue
        for what, now, then in (
            ("bytes of flash", size.flash, before.flash),
            ("bytes of static RAM", size.ram, before.ram),
            ("bytes of stack", size.stack, before.stack),
            ("bytes of heap", size.heap, before.heap),
            ("instructions of a loop", size.loop, before.loop),
        ):
            if now > then * (1 + _GROWTH):
                wrong.append(
                    f"{variant} has grown from {then} to {now} {what}" + (f" ({now / then - 1:+.1%})" if then else "")
                )
    return wrong
