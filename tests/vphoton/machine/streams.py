"""Random instructions in short blocks, each with random registers; every block ends at a BKPT, which fills the rest."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from .encodings import ENCODINGS, Encoding, Fields

__all__ = ["BKPT", "CODE", "CODE_SIZE", "DATA", "DATA_SIZE", "NOT_IN_IT", "NOT_RUN", "Block", "blocks", "filler"]

CODE, CODE_SIZE = 0x080A0000, 0x18000
DATA, DATA_SIZE = 0x20000000, 0x14000
_SLOT = 1024  # bytes of code for one block
_WINDOW = DATA + 0x8000  # where most addresses of data lie
BKPT = 0xBE00

NOT_RUN = {
    "BKPT T1": "ends every block",
    "SVC T1": "stops both for the embedder, at different addresses",
    "UDF T1": "undefined by definition",
    "WFE T1": "waits",
    "WFE T2": "waits",
    "WFI T1": "waits",
    "WFI T2": "waits",
    "YIELD T1": "Unicorn 2.1 stops there as at an invalid instruction",
    "YIELD T2": "Unicorn 2.1 stops there as at an invalid instruction",
    "IT T1": "made with the instructions of its block",
}
"""Encodings that are not chosen at random, and why; those with an effect have tests of their own."""

NOT_IN_IT = {
    "ISB T1": "Unicorn 2.1 forgets the rest of the IT block",
    **dict.fromkeys(("STREX T1", "STREXB T1", "STREXH T1"), "made with an instruction before it"),
}
"""Encodings that are not chosen in IT blocks, and why."""

_BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}
_CHOSEN = [encoding for encoding in ENCODINGS if encoding.name not in NOT_RUN]
# What follows the first instruction of a block mostly needs no address: registers hold anything by then.
_FOLLOWING = [encoding for encoding in _CHOSEN if not (encoding.base or encoding.target)]
_FOLLOWING += [encoding for encoding in _FOLLOWING * 9 if "PC" not in encoding.name]
_FOLLOWING += [encoding for encoding in _CHOSEN if encoding.base and encoding.it == "anywhere"]
_IN_IT = [encoding for encoding in _FOLLOWING if encoding.name not in NOT_IN_IT]
_INSIDE_IT = [encoding for encoding in _IN_IT * 4 if encoding.it == "anywhere"]
_INSIDE_IT = [encoding for encoding in _INSIDE_IT if not encoding.base] + _INSIDE_IT[: len(_IN_IT)]
_LAST_IN_IT = _INSIDE_IT + [encoding for encoding in _IN_IT if encoding.it == "last"]
_REPEATED = 4
_EDGES = (0, 1, 2, 31, 32, 33, 255, 256, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF)


@dataclass(frozen=True)
class Block:
    """Instructions, where they lie, and the registers they begin with.

    ``names`` are their encodings, ``starts`` their offsets.
    """

    address: int
    code: bytes
    registers: bytes
    names: tuple[str, ...]
    starts: tuple[int, ...]


def filler() -> bytes:
    """The code region, all BKPT."""
    return struct.pack("<H", BKPT) * (CODE_SIZE // 2)


def blocks(rng: random.Random, count: int, first: Sequence[Encoding] = ()) -> list[Block]:
    """Blocks side by side in the middle of the code region, each several times with other registers.

    Those of ``first`` begin with these encodings.
    """
    start = CODE + (CODE_SIZE - count * _SLOT) // 2
    start -= start % _SLOT
    values = [_value(rng) for _ in range(512)]
    made = []
    for at in range(count):
        leading = first[at] if at < len(first) else rng.choice(_CHOSEN)
        code, fields = leading.random(rng)
        data, names, starts = _instructions(rng, leading, code, fields)
        address = start + at * _SLOT + 2 * rng.randrange(2)
        for _ in range(_REPEATED):
            registers = _registers(rng, values)
            _aim(rng, leading, fields, registers)
            registers[15] = address
            made.append(Block(address, data, struct.pack("<23I", *registers), names, starts))
    return made


def _instructions(
    rng: random.Random, leading: Encoding, code: int, fields: Fields
) -> tuple[bytes, tuple[str, ...], tuple[int, ...]]:
    """The code that begins with one instruction, the names of its encodings, and the offsets of its instructions."""
    data = b""
    starts: list[int] = []
    names: list[str] = []

    def put(encoding: Encoding, code: int, fields: Fields) -> None:
        nonlocal data
        starts.append(len(data))
        if encoding.name.startswith("STREX"):
            data += _monitor(rng, encoding, fields)
            starts.append(len(data))
        data += _halfwords(code, encoding.size)
        names.append(encoding.name)

    put(leading, code, fields)
    for _ in range(rng.choice((0, 1, 2, 3, 4, 6, 8))):
        if _BY_NAME[names[-1]].it != "anywhere":
            break  # a short branch would lead into what follows
        if rng.random() < 0.3:
            inside = [rng.choice(_INSIDE_IT) for _ in range(rng.randrange(4))] + [rng.choice(_LAST_IN_IT)]
            starts.append(len(data))
            data += _halfwords(_if_then(rng, len(inside)), 2)
            names.append("IT T1")
        else:
            inside = [rng.choice(_FOLLOWING)]
        for encoding in inside:
            put(encoding, *encoding.random(rng))
    return data, tuple(names), tuple(starts)


def _halfwords(code: int, size: int) -> bytes:
    return struct.pack("<H", code) if size == 2 else struct.pack("<HH", code >> 16, code & 0xFFFF)


def _if_then(rng: random.Random, length: int) -> int:
    condition = rng.randrange(15)
    lowest = 1 << (4 - length)
    mask = lowest
    for bit in range(5 - length, 4):
        mask |= (condition & 1 if condition == 14 else rng.getrandbits(1)) << bit
    return 0xBF00 | condition << 4 | mask


def _monitor(rng: random.Random, encoding: Encoding, fields: Fields) -> bytes:
    """What makes a store-exclusive pass, or fail."""
    if rng.random() < 0.5:
        return _halfwords(0xF3BF8F2F, 4)
    load = _BY_NAME[encoding.name.replace("STREX", "LDREX")]
    into = rng.choice([number for number in range(13) if number != fields["Rn"]])
    return _halfwords(load.code({**fields, "Rt": into}), 4)


def _registers(rng: random.Random, values: list[int]) -> list[int]:
    """All registers, in Thread mode, privileged, on the main stack."""
    sp, psp = (_WINDOW + 4 * rng.randrange(-64, 64) for _ in range(2))
    flags = rng.getrandbits(5) << 27 | 1 << 24
    special = [rng.getrandbits(1), rng.choice((0, 0x40)), 0, 0, sp, psp]
    return [*rng.choices(values, k=13), sp, rng.choice(values), 0, flags, *special]


def _value(rng: random.Random) -> int:
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(_EDGES)
    if kind == 1:
        return rng.randrange(256)
    if kind == 2:
        return _code_address(rng)
    if kind == 3:
        return rng.getrandbits(32)
    return _WINDOW + 4 * rng.randrange(-64, 64)


def _code_address(rng: random.Random) -> int:
    """A function's address in the filler at the front, in Thumb state."""
    return CODE + 2 * rng.randrange(512) | 1


def _aim(rng: random.Random, encoding: Encoding, fields: Fields, registers: list[int]) -> None:
    """Let an access be where memory is, and a branch go where code is, most of the time."""
    if encoding.target:
        registers[fields[encoding.target]] = rng.choice((*[_code_address(rng)] * 12, _code_address(rng) & ~1, 0x1001))
    if encoding.index:
        registers[fields[encoding.index]] = rng.randrange(256) * (4 if encoding.aligned else 1)
    if encoding.base and rng.random() < 0.95:
        number = 13 if encoding.base == "SP" else fields[encoding.base]
        if number < 15:
            odd = 0 if encoding.aligned or number == 13 else rng.choice((0, 1, 2, 3, 4, 6, 8))
            registers[number] = _WINDOW + 4 * rng.randrange(-64, 64) + odd
    registers[21] = registers[13]
