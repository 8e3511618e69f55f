"""Backtraces of an application from its ELF: call frames by its unwind information, names and lines by addr2line."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from elftools.common.exceptions import ELFError
from elftools.dwarf.callframe import FDE
from elftools.elf.elffile import ELFFile

__all__ = ["Frame", "Stack", "backtrace", "named"]

_ADDR2LINE: Final = "arm-none-eabi-addr2line"
_SP, _LR, _PC = 13, 14, 15
_DEEPEST: Final = 64  # frames; a damaged stack may lead in a circle
# Where a virtual Photon's system begins: its functions, and where what it calls returns to.
_SYSTEM: Final = 0xD0000000

# Of one function: its first address, the one after its last, and rows of rules by address (pyelftools).
_Table = tuple[int, int, list[dict[Any, Any]]]


@dataclass(frozen=True, slots=True)
class Stack:
    """The part of memory that holds the stack: address of its first byte, and the bytes."""

    at: int
    data: bytes

    def word(self, address: int) -> int | None:
        """The word at an address; None outside."""
        offset = address - self.at
        if not 0 <= offset <= len(self.data) - 4:
            return None
        return int.from_bytes(self.data[offset : offset + 4], "little")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a backtrace; ``function`` and ``place`` (file:line) are empty where they are not known.

    ``inlined``: the function's code is part of the next frame's, at the same address.
    """

    address: int
    function: str = ""
    place: str = ""
    inlined: bool = False


def backtrace(elf: Path | None, registers: Sequence[int], stack: Stack) -> list[int]:
    """Addresses of a context's frames, innermost first: r0 … r15 and its stack.

    The first is the PC, the others return addresses without the Thumb bit. Without an ELF, PC and link register.
    """
    tables = [] if elf is None else _unwind_tables(elf)
    known = list(registers)
    frames: list[int] = []
    while len(frames) < _DEEPEST:
        pc = known[_PC] & ~1
        if frames and (pc == 0 or pc >= _SYSTEM):
            break  # the system called this, or the stack is damaged
        frames.append(pc)
        # A call may be the last instruction of its function: the address before tells whose it is.
        above = _caller(tables, pc if len(frames) == 1 else pc - 1, known, stack)
        if above is None and len(frames) == 1:
            # In the system, in a function without a frame, or at an address without code.
            above = [*known[:_PC], known[_LR]]
        if above is None or (above[_PC] & ~1, above[_SP]) == (pc, known[_SP]):
            break
        known = above
    return frames


def named(elf: Path, addresses: Sequence[int]) -> list[Frame]:
    """The frames of a backtrace with their names and places, inlined functions included.

    Addresses alone where the binutils of the cross compiler are missing.
    """
    if shutil.which(_ADDR2LINE) is None or not addresses:
        return [Frame(address) for address in addresses]
    asked = [addresses[0], *(address - 1 for address in addresses[1:])]
    argv = [_ADDR2LINE, "-e", str(elf), "-f", "-i", "-C", "-a", *(f"{address:x}" for address in asked)]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
    # For each address a line with it, then pairs of lines: function and place, inlined ones first.
    begins = [number for number, line in enumerate(said) if line.startswith("0x")]
    if len(begins) != len(addresses):
        return [Frame(address) for address in addresses]
    frames: list[Frame] = []
    for address, begin, end in zip(addresses, begins, [*begins[1:], len(said)], strict=True):
        for line in range(begin + 1, end - 1, 2):
            function, place = said[line], said[line + 1].partition(" (")[0]
            unknown = function == "??"
            frames.append(
                Frame(
                    address,
                    "" if unknown else function,
                    "" if place.startswith("??") else place,
                    inlined=line + 2 < end - 1,
                )
            )
    return frames


def _unwind_tables(elf: Path) -> list[_Table]:
    try:
        with elf.open("rb") as file:
            dwarf = ELFFile(file).get_dwarf_info()
            if not dwarf.has_CFI():
                return []
            entries = [entry for entry in dwarf.CFI_entries() if isinstance(entry, FDE)]
            return [
                (
                    entry["initial_location"],
                    entry["initial_location"] + entry["address_range"],
                    entry.get_decoded().table,
                )
                for entry in entries
            ]
    except (ELFError, OSError):
        return []


def _caller(tables: Sequence[_Table], pc: int, registers: Sequence[int], stack: Stack) -> list[int] | None:
    """The registers of the caller; None where the unwind information ends."""
    table = next((table for begin, end, table in tables if begin <= pc < end), [])
    row = max((each for each in table if each["pc"] <= pc), key=lambda each: each["pc"], default=None)
    if row is None or row["cfa"].reg is None:
        return None
    frame = (registers[row["cfa"].reg] + row["cfa"].offset) & 0xFFFFFFFF
    above = list(registers)
    for number in range(_PC):
        rule = row.get(number)
        if rule is None:
            continue
        if rule.type == "UNDEFINED" and number == _LR:
            return None
        if rule.type == "OFFSET":
            value = stack.word(frame + rule.arg)
            if value is None:
                return None
            above[number] = value
    above[_SP] = frame
    above[_PC] = above[_LR]
    return above
