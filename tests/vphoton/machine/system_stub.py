"""A Device OS that answers every call of a user part by a rule, for tests of the machine alone."""

from __future__ import annotations

import csv
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

__all__ = ["HOST_CALLS", "USER_PART", "SystemStub"]

USER_PART = 0x080A0000
HOST_CALLS = 0xD0000000  # of the machine; function n of dynalib.tsv at + 4 * n
_PARTS = {0x08020000: 0x400, 0x08060000: 0x4000}  # system parts 1 and 2: flash, and how much of it
_TABLES = 0x08061000  # tables follow each other here
_DYNALIB = Path(__file__).parents[3] / "firmware" / "abi" / "dynalib.tsv"


class SystemStub:
    """The tables of pointers in flash, and what each function returns.

    ``malloc`` and its kin take memory from ``heap``, which the user part's ``pre_init`` returns. Time passes by 7 ms at
    each question for it; random numbers are a fixed sequence; every other function returns 0, or 1 at each third call.
    """

    def __init__(self) -> None:
        with _DYNALIB.open() as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t") if row["pointer_at"]]
        self.names = [row["function"] for row in rows]
        self.heap = 0
        self.functions: list[tuple[int, int]] = []  # cloud functions, each with its first argument
        self.calls: Counter[str] = Counter()
        self._milliseconds = 0
        self._random = 1
        flash = {base: bytearray(size) for base, size in _PARTS.items()}
        tables: dict[int, int] = {}
        at = _TABLES
        for number, row in enumerate(rows):
            pointer = int(row["pointer_at"], 16)
            if pointer not in tables:
                tables[pointer] = at
                self._put(flash, pointer, at)
            self._put(flash, at, HOST_CALLS + 4 * number | 1)
            at += 4
        self.flash = {base: bytes(data) for base, data in flash.items()}

    @staticmethod
    def _put(flash: dict[int, bytearray], address: int, value: int) -> None:
        base = next(base for base, data in flash.items() if base <= address < base + len(data))
        struct.pack_into("<I", flash[base], address - base, value)

    def answer(self, address: int, arguments: tuple[int, ...], read: Callable[[int, int], bytes]) -> tuple[int, bytes]:
        """What the function at a trap returns for r0 … r3, and the bytes it writes where that points (``realloc``)."""
        name = self.names[(address - HOST_CALLS) // 4]
        self.calls[name] += 1
        if name == "spark_function":
            _, _, function, data = struct.unpack("<4I", read(arguments[1], 16))
            self.functions.append((function, data))
            return 1, b""
        if name in ("malloc", "_malloc_r", "calloc"):
            return self._allocate(arguments[1 if name == "_malloc_r" else 0]), b""
        if name == "realloc":
            return self._allocate(arguments[1]), read(arguments[0], arguments[1]) if arguments[0] else b""
        if name == "HAL_Timer_Get_Milli_Seconds":
            self._milliseconds += 7
            return self._milliseconds, b""
        if name == "HAL_RNG_GetRandomNumber":
            self._random = self._random * 1664525 + 1013904223 & 0xFFFFFFFF
            return self._random, b""
        return int(self.calls[name] % 3 == 0 and not name.endswith("_callback")), b""

    def _allocate(self, size: int) -> int:
        start = self.heap
        self.heap += size + 7 & ~7
        return start
