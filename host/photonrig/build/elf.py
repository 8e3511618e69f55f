"""Symbols and line numbers of an image, from the ELF that its build leaves beside the .bin.

Both have the same name; the module's CRC tells which one a device runs.
"""

from __future__ import annotations

import bisect
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from photonrig.errors import ToolError, UsageError

_FILTER: Final = "arm-none-eabi-c++filt"
_CRC: Final = 4  # bytes, at the end of a module


def find_elf(crc: str, folders: Iterable[Path]) -> Path | None:
    """The ELF beside the module with this CRC (eight hexadecimal digits, as stored) in one of the folders."""
    for folder in folders:
        for module in sorted(folder.glob("*.bin")):
            elf = module.with_suffix(".elf")
            if elf.is_file() and module.read_bytes()[-_CRC:].hex() == crc:
                return elf
    return None


@dataclass(frozen=True, slots=True)
class Function:
    """Code from ``begin`` up to ``end``; ``name`` is qualified, without arguments."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """Instructions from ``begin`` up to ``end`` that belong to one line of a source."""

    file: Path
    number: int
    begin: int
    end: int


class Symbols:
    """What an ELF with DWARF says about addresses.

    :raises UsageError: ``elf`` is no ELF, or cannot be read
    """

    def __init__(self, elf: Path) -> None:
        self.elf = elf
        try:
            with elf.open("rb") as file:
                self.functions = _functions(ELFFile(file))
        except (OSError, ELFError) as error:
            raise UsageError(f"{elf} cannot be read as an ELF: {error}") from None
        self._begins = [each.begin for each in self.functions]

    def at(self, address: int) -> Function | None:
        """The function that holds the instruction at this address."""
        found = bisect.bisect_right(self._begins, address) - 1
        return self.functions[found] if found >= 0 and address < self.functions[found].end else None

    def named(self, name: str) -> Function:
        """The function with this qualified name, or with a unique name that ends so.

        :raises UsageError: there is none, or more than one
        """
        exact = [each for each in self.functions if each.name == name]
        found = exact or [each for each in self.functions if each.name.endswith(f"::{name}")]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{name} is ambiguous in {self.elf.name}: {', '.join(each.name for each in found)}")
        last = name.rpartition("::")[2]
        alike = sorted({each.name for each in self.functions if last in each.name})[:5]
        hint = f"; there are {', '.join(alike)}" if alike else ""
        raise UsageError(f"{self.elf.name} has no function {name} (it may be inlined){hint}")

    @cached_property
    def lines(self) -> list[Line]:
        """All lines with code, by address."""
        with self.elf.open("rb") as file:
            elf = ELFFile(file)
            return sorted(_lines(elf), key=lambda line: line.begin) if elf.has_dwarf_info() else []

    def line_at(self, address: int) -> Line | None:
        """The line that the instruction at this address belongs to."""
        found = bisect.bisect_right(self.lines, address, key=lambda line: line.begin) - 1
        return self.lines[found] if found >= 0 and address < self.lines[found].end else None

    def place(self, address: int) -> str:
        """The address in words: function, file and line, as far as they are known."""
        function, line = self.at(address), self.line_at(address)
        named = function.name if function else f"0x{address:08x}"
        return f"{named} ({line.file.name}:{line.number})" if line else named


def _functions(elf: Any) -> list[Function]:
    table = elf.get_section_by_name(".symtab")
    found: dict[int, tuple[str, int]] = {}
    for symbol in table.iter_symbols() if table else ():
        if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"]:
            found.setdefault(symbol["st_value"] & ~1, (symbol.name, symbol["st_size"]))
    names = _demangled(name for name, _ in found.values())
    return sorted(
        (Function(names[name], begin, begin + size) for begin, (name, size) in found.items()),
        key=lambda function: function.begin,
    )


def _demangled(names: Iterable[str]) -> dict[str, str]:
    mangled = list(names)
    try:
        done = subprocess.run(
            [_FILTER, "--no-params"], input="\n".join(mangled), capture_output=True, text=True, check=True
        )
    except FileNotFoundError:
        raise ToolError(f"{_FILTER} is missing: sudo apt-get install binutils-arm-none-eabi") from None
    plain = (text.replace("(anonymous namespace)::", "") for text in done.stdout.splitlines())
    return dict(zip(mangled, plain, strict=True))


def _lines(elf: Any) -> Iterable[Line]:
    dwarf = elf.get_dwarf_info()
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        if program is None:
            continue
        top = unit.get_top_DIE()
        folder = Path(_text(top, "DW_AT_comp_dir"))
        before = None
        for entry in program.get_entries():
            state = entry.state
            if state is None:
                continue
            if before is not None and not before.end_sequence and state.address > before.address and before.line:
                yield Line(_file(program.header, before.file, folder), before.line, before.address, state.address)
            before = state


def _text(die: Any, name: str) -> str:
    attribute = die.attributes.get(name)
    return attribute.value.decode() if attribute else ""


def _file(header: Any, number: int, folder: Path) -> Path:
    old = header.version < 5  # files were counted from 1, and folder 0 was the unit's own
    entry = header.file_entry[number - 1 if old else number]
    at = entry.dir_index
    within = Path(header.include_directory[at - 1 if old else at].decode()) if at or not old else Path()
    return Path(folder, within, entry.name.decode()).resolve()
