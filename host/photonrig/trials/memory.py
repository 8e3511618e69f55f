"""Faults of memory that a run's check found, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from photonrig.build.elf import Symbols
from photonrig.trials.run import MemoryFault

# They copy and compare in words, beyond the end of what is there or together with padding, and decide by none of it.
_COPIES: Final = frozenset(("memcpy", "memmove", "strlen", "strcmp", "strcpy"))
_KINDS: Final = {
    "unwritten": "reads {size} bytes at 0x{address:08x} that were never written",
    "outside_block": "uses {size} bytes at 0x{address:08x}, which belong to no block of the heap",
    "beyond_block": "reads {size} bytes at 0x{address:08x}, where a block of the heap ends before",
}


def told(symbols: Symbols, faults: Iterable[MemoryFault]) -> Iterator[str]:
    """A line for each place in the code; of functions that copy, only uses of what lies in no block."""
    for fault in faults:
        function = symbols.at(fault.pc)
        if fault.kind != "outside_block" and function is not None and function.name in _COPIES:
            continue
        what = _KINDS[fault.kind].format(size=fault.size, address=fault.address)
        times = f" ({fault.count:,} times)" if fault.count > 1 else ""
        caller = symbols.at(fault.lr & ~1)
        called = f", called by {symbols.place((fault.lr & ~1) - 2)}" if caller not in (None, function) else ""
        yield f"{symbols.place(fault.pc)} {what}{times}{called}"
