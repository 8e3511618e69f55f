"""Interface between application and Photon, as data: Device OS's functions and Particle's Wiring.

Data and its sources: ``firmware/abi`` and the README there.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["SystemFunction", "WiringName", "imports", "read_system", "read_wiring"]

# In dynalib.tsv, marks functions missing from Device OS 2.3.1, the release the firmware is compiled for.
_TOO_NEW = "3.3.1"

# Call through a dynalib table, as in Particle's build: load the table, load the function, jump.
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
    """A Device OS function: slot ``index`` of the table that the word at ``pointer_at`` points to."""

    table: str
    pointer_at: int
    index: int
    signature: str


@dataclass(frozen=True, slots=True)
class WiringName:
    """A name declared by Wiring's headers; ``kind`` and ``signature`` as in ``firmware/abi/README.md``."""

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
    """Names Wiring of Device OS 2.3.1 provides, from ``wiring.tsv``."""
    return [WiringName(**row) for row in _rows(abi / "wiring.tsv")]


def imports(system: Mapping[str, SystemFunction]) -> str:
    """Assembler source that defines each Device OS function as a jump through its table slot."""
    return ".syntax unified\n.thumb\n" + "".join(
        _IMPORT.format(name=name, pointer=function.pointer_at, offset=4 * function.index)
        for name, function in system.items()
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
