"""Imports found in the bytes of a user part, without symbols.

B508        push {r3, lr}
4Bxx        ldr  r3, [pc, #...]     ; literal: where the table's pointer is
681B        ldr  r3, [r3]
681B + ...  ldr  r3, [r3, #4*index] ; or F8D3 3nnn
9301 BD08   str  r3, [sp, #4]; pop {r3, pc}
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

BASE = 0x080A0000


@dataclass(frozen=True, order=True)
class Veneer:
    """``address`` in flash; slot ``index`` of the table that the word at ``pointer_at`` points to."""

    address: int
    pointer_at: int
    index: int


def veneers(image: bytes) -> Iterator[Veneer]:
    """Every import of a module that lies at the user part's place."""
    for at in range(0, len(image) - 16, 2):
        push, load, follow = struct.unpack_from("<3H", image, at)
        if push != 0xB508 or load >> 8 != 0x4B or follow != 0x681B:
            continue
        literal = (at + 2 + 4 & ~3) + 4 * (load & 0xFF)
        slot, wide = struct.unpack_from("<2H", image, at + 6)
        if slot & 0xF83F == 0x681B:
            index, end = slot >> 6 & 31, at + 8
        elif slot == 0xF8D3 and wide >> 12 == 3:
            index, end = (wide & 0xFFF) // 4, at + 10
        else:
            continue
        if struct.unpack_from("<2H", image, end) != (0x9301, 0xBD08) or literal + 4 > len(image):
            continue
        yield Veneer(BASE + at, struct.unpack_from("<I", image, literal)[0], index)
