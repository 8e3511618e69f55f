"""What an application may use of a Photon, as data: Device OS's functions and Particle's Wiring.

``firmware/abi`` holds both; its README says where they come from.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SystemFunction", "WiringName", "imports", "nobodys", "read_system", "read_wiring"]

# In dynalib.tsv: functions that Device OS 2.3.1, which the firmware is compiled for, does not have yet.
_TOO_NEW = "3.3.1"
_NAMESPACES = re.compile(r"\b(?:spark|particle)::")
_OF_A_CLASS = re.compile(r"^(?:vtable|typeinfo|typeinfo name|guard variable) for ")

# A call through a table, as Particle's build makes it: find the table, find the function in it, go on there.
_IMPORT = """\
.section .text.{name},"ax",%progbits
.global {name}
.thumb_func
{name}: push {{r3, lr}}
ldr r3, =0x{pointer:08x}
ldr r3, [r3]
ldr r3, [r3, #{offset}]
str r3, [sp, #4]
pop {{r3, pc}}
.ltorg
"""


@dataclass(frozen=True, slots=True)
class SystemFunction:
    """A function of Device OS: slot ``index`` of the table that the word at ``pointer_at`` points to."""

    table: str
    pointer_at: int
    index: int
    signature: str


@dataclass(frozen=True, slots=True)
class WiringName:
    """A name that Wiring's headers offer; ``kind`` and ``signature`` as in ``firmware/abi/README.md``."""

    kind: str
    name: str
    signature: str
    header: str


def read_system(abi: Path) -> Mapping[str, SystemFunction]:
    """Device OS 2.3.1's functions by name, from ``dynalib.tsv``."""
    return {
        row["function"]: SystemFunction(row["table"], int(row["pointer_at"], 16), int(row["index"]), row["signature"])
        for row in _rows(abi / "dynalib.tsv")
        if row["pointer_at"] and row["function"] != "(empty)" and row["since"] != _TOO_NEW
    }


def read_wiring(abi: Path) -> list[WiringName]:
    """What Wiring of Device OS 2.3.1 offers, from ``wiring.tsv``."""
    return [WiringName(**row) for row in _rows(abi / "wiring.tsv")]


def imports(system: Mapping[str, SystemFunction]) -> str:
    """Assembler source that defines each function of Device OS by its place in the tables."""
    return ".syntax unified\n.thumb\n" + "".join(
        _IMPORT.format(name=name, pointer=function.pointer_at, offset=4 * function.index)
        for name, function in system.items()
    )


def nobodys(undefined: Iterable[str], wiring: Iterable[WiringName]) -> list[str]:
    """Those of an application's undefined symbols, as C++ writes them, that Wiring does not define either.

    A member belongs to Wiring when its class does: which members a class has, its header decides.
    """
    known = {each.name for each in wiring}
    return [symbol for symbol in undefined if not _candidates(symbol) & known]


def _candidates(symbol: str) -> set[str]:
    """The name of a symbol and of the class that it belongs to, without arguments."""
    name = _OF_A_CLASS.sub("", _NAMESPACES.sub("", symbol))
    name = re.sub(r"(?<!operator)\(.*", "", name)
    while name != (bare := re.sub(r"<[^<>]*>", "", name)):
        name = bare
    return {name, name.rpartition("::")[0]} - {""}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
