"""Encodings of Armv7-M without extensions, as data after the manual's alphabetical list of its Thumb instructions.

A pattern is read from the most significant bit: digits are fixed, ``name:width`` is a field. Fields of four bits that
hold a register are neither SP nor PC unless marked: ``!`` may be SP, ``*`` may be any. Where the manual makes more than
that UNPREDICTABLE, ``where`` excludes it; what a pattern leaves to another encoding ("SEE …") it excludes, too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

__all__ = ["ENCODINGS", "Encoding", "Fields", "matching"]

Fields = dict[str, int]
Where = Callable[[Fields], bool]
InIt = Literal["anywhere", "last", "never"]

_REGISTERS = {"Rd", "Rn", "Rm", "Rt", "Rt2", "Ra", "RdLo", "RdHi"}


@dataclass(frozen=True)
class Field:
    """``width`` bits from bit ``low`` of the code."""

    name: str
    width: int
    low: int
    excluded: frozenset[int]


@dataclass(frozen=True)
class Encoding:
    """One encoding: its name as the manual has it, and what makes an instruction of it valid and worth running."""

    name: str
    pattern: str
    where: Where | None = None
    it: InIt = "anywhere"
    base: str = ""  # register that holds an address of data: a field, or "SP"
    index: str = ""  # register that is added to it
    target: str = ""  # register that holds an address of code
    aligned: bool = False  # the address must be a multiple of 4
    near: Callable[[Fields, random.Random], Fields] | None = None  # makes a branch offset short

    @cached_property
    def size(self) -> int:
        """Bytes: 2 or 4."""
        return self._parsed[0] // 8

    @cached_property
    def mask(self) -> int:
        """The fixed bits."""
        return self._parsed[1]

    @cached_property
    def value(self) -> int:
        """What the fixed bits are."""
        return self._parsed[2]

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """From the most significant."""
        return self._parsed[3]

    @cached_property
    def _parsed(self) -> tuple[int, int, int, tuple[Field, ...]]:
        tokens: list[tuple[str, int, str]] = []
        for token in self.pattern.split():
            if found := re.fullmatch(r"(\w+):(\d+)([!*]?)", token):
                tokens.append((found[1], int(found[2]), found[3]))
            else:
                assert set(token) <= {"0", "1"}, token
                tokens += [(bit, 1, "") for bit in token]
        bits = sum(width for _, width, _ in tokens)
        assert bits in (16, 32), f"{self.name} has {bits} bits"
        at, mask, value = bits, 0, 0
        fields = []
        for name, width, mark in tokens:
            at -= width
            if name in ("0", "1"):
                mask |= 1 << at
                value |= int(name) << at
                continue
            excluded = set()
            if name in _REGISTERS and width == 4:
                excluded = {"": {13, 15}, "!": {15}, "*": set()}[mark]
            fields.append(Field(name, width, at, frozenset(excluded)))
        return bits, mask, value, tuple(fields)

    def valid(self, fields: Fields) -> bool:
        """Whether an instruction with these fields is of this encoding and predictable."""
        if any(fields[field.name] in field.excluded for field in self.fields):
            return False
        return self.where is None or self.where(fields)

    def code(self, fields: Fields) -> int:
        """The instruction; of 32 bits, the first halfword is the upper one."""
        code = self.value
        for field in self.fields:
            code |= fields[field.name] << field.low
        return code

    def decoded(self, code: int) -> Fields:
        """The fields of an instruction."""
        return {field.name: code >> field.low & ((1 << field.width) - 1) for field in self.fields}

    def matches(self, code: int, size: int) -> bool:
        """Whether an instruction of ``size`` bytes is of this encoding and predictable."""
        return size == self.size and code & self.mask == self.value and self.valid(self.decoded(code))

    def random(self, rng: random.Random) -> tuple[int, Fields]:
        """A valid instruction, and its fields; most branches are short."""
        while True:
            fields = self.decoded(rng.getrandbits(8 * self.size))
            if self.near is not None and rng.random() < 0.95:
                fields = self.near(fields, rng)
            if self.valid(fields):
                return self.code(fields), fields


def matching(code: int, size: int) -> list[Encoding]:
    """The encodings an instruction is of: one, if it is predictable."""
    return [encoding for encoding in ENCODINGS if encoding.matches(code, size)]


def _bit_count(value: int) -> int:
    return value.bit_count()


def _short(fields: Fields, rng: random.Random) -> Fields:
    """A few hundred bytes forward."""
    return {**fields, "imm11": rng.randrange(0x60, 0x180)}


def _long_branch(fields: Fields, rng: random.Random) -> Fields:
    """A few hundred bytes: the upper bits of the offset repeat its sign."""
    sign = rng.getrandbits(1)
    high = {name: (1 << width) - 1 if sign else 0 for name, width in (("imm10", 10), ("imm6", 6)) if name in fields}
    both = 1 if "imm10" in fields else sign  # J1 and J2 are inverted twice in the one, not at all in the other
    imm11 = 0x800 - rng.randrange(0x40, 0x100) if sign else rng.randrange(0x60, 0x180)
    return {**fields, "S": sign, "J1": both, "J2": both, **high, "imm11": imm11}


def _expandable(fields: Fields) -> bool:
    """ThumbExpandImm_C is not UNPREDICTABLE."""
    return bool(fields["i"] or fields["imm3"] & 4 or fields["imm3"] & 3 == 0 or fields["imm8"])


def _shift_amount(fields: Fields) -> int:
    return fields["imm3"] << 2 | fields["imm2"]


def _high(fields: Fields, bit: str, low: str) -> int:
    return fields[bit] << 3 | fields[low]


def _thumb16() -> Iterator[Encoding]:
    yield Encoding("LSL (immediate) T1", "00000 imm5:5 Rm:3 Rd:3", lambda f: f["imm5"] != 0)
    yield Encoding("MOV (register) T2", "0000000000 Rm:3 Rd:3", it="never")
    yield Encoding("LSR (immediate) T1", "00001 imm5:5 Rm:3 Rd:3")
    yield Encoding("ASR (immediate) T1", "00010 imm5:5 Rm:3 Rd:3")
    yield Encoding("ADD (register) T1", "0001100 Rm:3 Rn:3 Rd:3")
    yield Encoding("SUB (register) T1", "0001101 Rm:3 Rn:3 Rd:3")
    yield Encoding("ADD (immediate) T1", "0001110 imm3:3 Rn:3 Rd:3")
    yield Encoding("SUB (immediate) T1", "0001111 imm3:3 Rn:3 Rd:3")
    for opcode, name in enumerate(("MOV (immediate) T1", "CMP (immediate) T1", "ADD (immediate) T2")):
        yield Encoding(name, f"001 {opcode:02b} Rdn:3 imm8:8")
    yield Encoding("SUB (immediate) T2", "00111 Rdn:3 imm8:8")
    of_two = [
        "AND",
        "EOR",
        "LSL",
        "LSR",
        "ASR",
        "ADC",
        "SBC",
        "ROR",
        "TST",
        "RSB",
        "CMP",
        "CMN",
        "ORR",
        "MUL",
        "BIC",
        "MVN",
    ]
    for opcode, name in enumerate(of_two):
        kind = "immediate" if name == "RSB" else "register"
        yield Encoding(f"{name}{'' if name == 'MUL' else f' ({kind})'} T1", f"010000 {opcode:04b} Rm:3 Rdn:3")

    yield Encoding("ADD (register) T2", "01000100 D:1 Rm:4* Rd:3", lambda f: _high(f, "D", "Rd") != 15)
    yield Encoding("ADD (register) T2 to PC", "01000100 1 Rm:4! 111", it="last")
    yield Encoding(
        "CMP (register) T2",
        "01000101 N:1 Rm:4! Rn:3",
        lambda f: _high(f, "N", "Rn") != 15 and (_high(f, "N", "Rn") > 7 or f["Rm"] > 7),
    )
    yield Encoding("MOV (register) T1", "01000110 D:1 Rm:4* Rd:3", lambda f: _high(f, "D", "Rd") != 15)
    yield Encoding("MOV (register) T1 to PC", "01000110 1 Rm:4* 111", it="last", target="Rm")
    yield Encoding("BX T1", "010001110 Rm:4* 000", it="last", target="Rm")
    yield Encoding("BLX (register) T1", "010001111 Rm:4! 000", it="last", target="Rm")

    yield Encoding("LDR (literal) T1", "01001 Rt:3 imm8:8")
    for opcode, name in enumerate(["STR", "STRH", "STRB", "LDRSB", "LDR", "LDRH", "LDRB", "LDRSH"]):
        yield Encoding(f"{name} (register) T1", f"0101 {opcode:03b} Rm:3 Rn:3 Rt:3", base="Rn", index="Rm")
    for opcode, name in enumerate(["STR", "LDR", "STRB", "LDRB", "STRH", "LDRH"], 0b01100):
        yield Encoding(f"{name} (immediate) T1", f"{opcode:05b} imm5:5 Rn:3 Rt:3", base="Rn")
    yield Encoding("STR (immediate) T2", "10010 Rt:3 imm8:8", base="SP")
    yield Encoding("LDR (immediate) T2", "10011 Rt:3 imm8:8", base="SP")
    yield Encoding("ADR T1", "10100 Rd:3 imm8:8")
    yield Encoding("ADD (SP plus immediate) T1", "10101 Rd:3 imm8:8")
    yield Encoding("ADD (SP plus immediate) T2", "101100000 imm7:7")
    yield Encoding("SUB (SP minus immediate) T1", "101100001 imm7:7")
    yield Encoding("CBZ T1", "101100 i:1 1 imm5:5 Rn:3", it="never")
    yield Encoding("CBNZ T1", "101110 i:1 1 imm5:5 Rn:3", it="never")
    for opcode, name in enumerate(["SXTH", "SXTB", "UXTH", "UXTB"]):
        yield Encoding(f"{name} T1", f"10110010 {opcode:02b} Rm:3 Rd:3")
    yield Encoding("PUSH T1", "1011010 M:1 list:8", lambda f: f["M"] or f["list"], base="SP", aligned=True)
    yield Encoding("POP T1", "10111100 list:8", lambda f: f["list"] != 0, base="SP", aligned=True)
    yield Encoding("POP T1 to PC", "10111101 list:8", it="last", base="SP", aligned=True)
    yield Encoding("CPS T1", "10110110011 im:1 00 I:1 F:1", lambda f: f["I"] or f["F"], it="never")
    for opcode, name in ((0, "REV"), (1, "REV16"), (3, "REVSH")):
        yield Encoding(f"{name} T1", f"10111010 {opcode:02b} Rm:3 Rd:3")
    yield Encoding("BKPT T1", "10111110 imm8:8")
    yield Encoding(
        "IT T1",
        "10111111 cond:4 mask:4",
        lambda f: f["mask"] != 0 and f["cond"] != 15 and (f["cond"] != 14 or _bit_count(f["mask"]) == 1),
        it="never",
    )
    for opcode, name in enumerate(["NOP", "YIELD", "WFE", "WFI", "SEV"]):
        yield Encoding(f"{name} T1", f"10111111 {opcode:04b} 0000")
    yield Encoding(
        "STM T1",
        "11000 Rn:3 list:8",
        # The value stored for a base that is not the first is UNKNOWN.
        lambda f: (
            f["list"] != 0
            and f["list"] & ((2 << f["Rn"]) - 1) in (0, *(1 << n for n in range(8)), f["list"])
            and not (f["list"] >> f["Rn"] & 1 and f["list"] & ((1 << f["Rn"]) - 1))
        ),
        base="Rn",
        aligned=True,
    )
    yield Encoding("LDM T1", "11001 Rn:3 list:8", lambda f: f["list"] != 0, base="Rn", aligned=True)
    yield Encoding("B T1", "1101 cond:4 imm8:8", lambda f: f["cond"] < 14, it="never")
    yield Encoding("UDF T1", "11011110 imm8:8")
    yield Encoding("SVC T1", "11011111 imm8:8")
    yield Encoding("B T2", "11100 imm11:11", it="last", near=_short)


def _data_processing() -> Iterator[Encoding]:
    immediate = "11110 i:1 0 {op:04b} {s} {n} 0 imm3:3 {d} imm8:8"
    register = "11101 01 {op:04b} {s} {n} 0 imm3:3 {d} imm2:2 type:2 Rm:4"
    forms = ((immediate, "immediate"), (register, "register"))
    operations = {
        "AND": 0,
        "BIC": 1,
        "ORR": 2,
        "ORN": 3,
        "EOR": 4,
        "ADD": 8,
        "ADC": 10,
        "SBC": 11,
        "SUB": 13,
        "RSB": 14,
    }
    edition = {"ADD": "3", "SUB": "3", "RSB": "2", "AND": "1", "BIC": "1", "ORR": "1", "ORN": "1", "EOR": "1"}
    of_register = {"ADD": "3", "SUB": "2", "RSB": "1", "ORN": "1"}
    for pattern, kind in forms:
        imm = kind == "immediate"
        for name, op in operations.items():
            t = edition.get(name, "1") if imm else of_register.get(name, "2")
            filled = pattern.format(op=op, s="S:1", n="Rn:4", d="Rd:4")
            yield Encoding(f"{name} ({kind}) T{t}", filled, _expandable if imm else None)
        for name, op, may_sp in (("TST", 0, ""), ("TEQ", 4, ""), ("CMN", 8, "!"), ("CMP", 13, "!")):
            t = {"CMP": "2" if imm else "3", "TST": "1" if imm else "2", "CMN": "1" if imm else "2"}.get(name, "1")
            filled = pattern.format(op=op, s="1", n=f"Rn:4{may_sp}", d="1111")
            yield Encoding(f"{name} ({kind}) T{t}", filled, _expandable if imm else None)
    filled = immediate.format(op=2, s="S:1", n="1111", d="Rd:4")
    yield Encoding("MOV (immediate) T2", filled, _expandable)
    yield Encoding("MVN (immediate) T1", immediate.format(op=3, s="S:1", n="1111", d="Rd:4"), _expandable)
    yield Encoding("MVN (register) T2", register.format(op=3, s="S:1", n="1111", d="Rd:4"))
    for name, op in (("ADD (SP plus immediate) T3", 8), ("SUB (SP minus immediate) T2", 13)):
        yield Encoding(name, immediate.format(op=op, s="S:1", n="1101", d="Rd:4!"), _expandable)
    for name, op in (("ADD (SP plus register) T3", 8), ("SUB (SP minus register) T1", 13)):
        yield Encoding(
            name,
            register.format(op=op, s="S:1", n="1101", d="Rd:4!"),
            lambda f: f["Rd"] != 13 or (f["type"] == 0 and _shift_amount(f) <= 3),
        )
    yield Encoding(
        "MOV (register) T3",
        "11101 01 0010 S:1 1111 0000 Rd:4! 0000 Rm:4!",
        lambda f: f["Rd"] not in (13,) and f["Rm"] != 13 if f["S"] else not (f["Rd"] == 13 and f["Rm"] == 13),
    )
    for kind, name in enumerate(("LSL (immediate) T2", "LSR (immediate) T2", "ASR (immediate) T2")):
        yield Encoding(
            name,
            f"11101 01 0010 S:1 1111 0 imm3:3 Rd:4 imm2:2 {kind:02b} Rm:4",
            None if kind else lambda f: _shift_amount(f) != 0,
        )
    yield Encoding(
        "ROR (immediate) T1", "11101 01 0010 S:1 1111 0 imm3:3 Rd:4 imm2:2 11 Rm:4", lambda f: _shift_amount(f) != 0
    )
    yield Encoding("RRX T1", "11101 01 0010 S:1 1111 0000 Rd:4 0011 Rm:4")

    plain = "11110 i:1 1 {op:05b} {n} 0 imm3:3 {d} imm8:8"
    yield Encoding("ADD (immediate) T4", plain.format(op=0, n="Rn:4", d="Rd:4"))
    yield Encoding("SUB (immediate) T4", plain.format(op=10, n="Rn:4", d="Rd:4"))
    yield Encoding("ADD (SP plus immediate) T4", plain.format(op=0, n="1101", d="Rd:4!"))
    yield Encoding("SUB (SP minus immediate) T3", plain.format(op=10, n="1101", d="Rd:4!"))
    yield Encoding("ADR T3", plain.format(op=0, n="1111", d="Rd:4"))
    yield Encoding("ADR T2", plain.format(op=10, n="1111", d="Rd:4"))
    yield Encoding("MOV (immediate) T3", plain.format(op=4, n="imm4:4", d="Rd:4"))
    yield Encoding("MOVT T1", plain.format(op=12, n="imm4:4", d="Rd:4"))
    for name, op in (("SSAT", 0b10000), ("USAT", 0b11000)):
        yield Encoding(f"{name} T1", f"11110 0 1 {op:05b} Rn:4 0 imm3:3 Rd:4 imm2:2 0 sat:5")
        yield Encoding(
            f"{name} T1 with ASR",
            f"11110 0 1 {op | 2:05b} Rn:4 0 imm3:3 Rd:4 imm2:2 0 sat:5",
            lambda f: _shift_amount(f) != 0,  # SSAT16, USAT16
        )
    for name, op in (("SBFX", 0b10100), ("UBFX", 0b11100)):
        yield Encoding(
            f"{name} T1",
            f"11110 0 1 {op:05b} Rn:4 0 imm3:3 Rd:4 imm2:2 0 widthm1:5",
            lambda f: _shift_amount(f) + f["widthm1"] <= 31,
        )
    yield Encoding(
        "BFI T1", "11110 0 1 10110 Rn:4 0 imm3:3 Rd:4 imm2:2 0 msb:5", lambda f: f["msb"] >= _shift_amount(f)
    )
    yield Encoding(
        "BFC T1", "11110 0 1 10110 1111 0 imm3:3 Rd:4 imm2:2 0 msb:5", lambda f: f["msb"] >= _shift_amount(f)
    )

    for op, name in enumerate(["LSL", "LSR", "ASR", "ROR"]):
        yield Encoding(f"{name} (register) T2", f"11111010 0 {op:02b} S:1 Rn:4 1111 Rd:4 0000 Rm:4")
    for op, name in ((0, "SXTH"), (1, "UXTH"), (4, "SXTB"), (5, "UXTB")):
        yield Encoding(f"{name} T2", f"11111010 0 {op:03b} 1111 1111 Rd:4 10 rotate:2 Rm:4")
    for op, name in enumerate(("REV T2", "REV16 T2", "RBIT T1", "REVSH T2")):
        yield Encoding(name, f"11111010 1001 Rn:4 1111 Rd:4 10 {op:02b} Rm:4", lambda f: f["Rn"] == f["Rm"])
    yield Encoding("CLZ T1", "11111010 1011 Rn:4 1111 Rd:4 1000 Rm:4", lambda f: f["Rn"] == f["Rm"])

    yield Encoding("MUL T2", "111110110 000 Rn:4 1111 Rd:4 0000 Rm:4")
    yield Encoding("MLA T1", "111110110 000 Rn:4 Ra:4 Rd:4 0000 Rm:4")
    yield Encoding("MLS T1", "111110110 000 Rn:4 Ra:4 Rd:4 0001 Rm:4")
    for op, name in ((0, "SMULL"), (2, "UMULL"), (4, "SMLAL"), (6, "UMLAL")):
        yield Encoding(
            f"{name} T1", f"111110111 {op:03b} Rn:4 RdLo:4 RdHi:4 0000 Rm:4", lambda f: f["RdLo"] != f["RdHi"]
        )
    yield Encoding("SDIV T1", "111110111 001 Rn:4 1111 Rd:4 1111 Rm:4")
    yield Encoding("UDIV T1", "111110111 011 Rn:4 1111 Rd:4 1111 Rm:4")


def _single_access() -> Iterator[Encoding]:
    kinds = (
        ("STRB", "000", 0, "2", "3"),
        ("STRH", "000", 1, "2", "3"),
        ("STR", "000", 2, "3", "4"),
        ("LDRB", "001", 0, "2", "3"),
        ("LDRH", "001", 1, "2", "3"),
        ("LDR", "001", 2, "3", "4"),
        ("LDRSB", "101", 0, "1", "2"),
        ("LDRSH", "101", 1, "1", "2"),
    )
    for name, kind, size, t_long, t_short in kinds:
        word = size == 2
        load = name.startswith("LDR")
        signed = kind[0]
        rt = "Rt:4!" if word else "Rt:4"

        def head(u: str, n: str, *, load: bool = load, size: int = size, signed: str = signed) -> str:
            return f"1111100{signed} {u} {size:02b} {int(load)} {n}"

        t_register = "1" if signed == "1" else "2"
        t_register = "2" if name in ("LDRSB", "LDRSH") else t_register
        yield Encoding(f"{name} (immediate) T{t_long}", f"{head('1', 'Rn:4!')} {rt} imm12:12", base="Rn")
        yield Encoding(
            f"{name} (immediate) T{t_short}",
            f"{head('0', 'Rn:4!')} {rt} 1 P:1 U:1 W:1 imm8:8",
            lambda f: (
                (f["P"] or f["W"])
                and (f["P"], f["U"], f["W"]) != (1, 1, 0)
                and not ((f["W"] or not f["P"]) and f["Rn"] == f["Rt"])
            ),
            base="Rn",
        )
        yield Encoding(
            f"{name} (register) T{t_register}", f"{head('0', 'Rn:4!')} {rt} 000000 shift:2 Rm:4", base="Rn", index="Rm"
        )
        yield Encoding(f"{name}T T1", f"{head('0', 'Rn:4!')} Rt:4 1110 imm8:8", base="Rn")
        if load:
            t = "2" if word else "1"
            yield Encoding(f"{name} (literal) T{t}", f"{head('U:1', '1111')} {rt} imm12:12")
    yield Encoding("LDR (immediate) T3 to PC", "11111000 1101 Rn:4! 1111 imm12:12", it="last", base="Rn", aligned=True)
    yield Encoding(
        "LDR (immediate) T4 to PC",
        "11111000 0101 Rn:4! 1111 1 P:1 U:1 W:1 imm8:8",
        lambda f: (f["P"] or f["W"]) and (f["P"], f["U"], f["W"]) not in ((1, 1, 0),),
        it="last",
        base="Rn",
        aligned=True,
    )
    yield Encoding(
        "LDR (register) T2 to PC",
        "11111000 0101 Rn:4! 1111 000000 shift:2 Rm:4",
        it="last",
        base="Rn",
        index="Rm",
        aligned=True,
    )
    yield Encoding("LDR (literal) T2 to PC", "11111000 U:1 101 1111 1111 imm12:12", it="last")
    for name, signed, size in (("PLD", 0, 0), ("PLI", 1, 0), ("hint of LDRH", 0, 1), ("hint of LDRSH", 1, 1)):
        first = f"1111100{signed}"
        t3 = "3" if name == "PLI" else "1"
        yield Encoding(f"{name} (immediate) T1", f"{first} 1 {size:02b} 1 Rn:4! 1111 imm12:12")
        yield Encoding(f"{name} (immediate) T2", f"{first} 0 {size:02b} 1 Rn:4! 1111 1100 imm8:8")
        yield Encoding(f"{name} (literal) T{t3}", f"{first} U:1 {size:02b} 1 1111 1111 imm12:12")
        yield Encoding(f"{name} (register) T1", f"{first} 0 {size:02b} 1 Rn:4! 1111 000000 shift:2 Rm:4")


def _indexed(fields: Fields) -> bool:
    """With an index or write-back, and no register written twice."""
    writes_back = fields["W"] or not fields["P"]
    indexed = fields["P"] or fields["W"]
    return bool(indexed) and not (writes_back and fields["Rn"] in (fields["Rt"], fields["Rt2"]))


def _apart(fields: Fields) -> bool:
    """The result of a store goes to a register of its own."""
    return fields["Rd"] not in (fields["Rn"], fields["Rt"])


def _other_access() -> Iterator[Encoding]:
    for name, op in (("STM T2", "01"), ("STMDB T1", "10")):
        yield Encoding(
            name,
            f"1110100 {op} 0 W:1 0 Rn:4! 0 M:1 0 list:13",
            lambda f: _bit_count(f["list"]) + f["M"] >= 2 and not (f["W"] and _listed(f)),
            base="Rn",
            aligned=True,  # type: ignore[arg-type]
        )
    for name, op in (("LDM T2", "01"), ("LDMDB T1", "10")):
        yield Encoding(
            name,
            f"1110100 {op} 0 W:1 1 Rn:4! 0 M:1 0 list:13",
            lambda f: _bit_count(f["list"]) + f["M"] >= 2 and not (f["W"] and _listed(f)),
            base="Rn",
            aligned=True,  # type: ignore[arg-type]
        )
        yield Encoding(
            f"{name} to PC",
            f"1110100 {op} 0 W:1 1 Rn:4! 100 list:13",
            lambda f: f["list"] != 0 and not (f["W"] and _listed(f)),
            it="last",
            base="Rn",
            aligned=True,  # type: ignore[arg-type]
        )
    yield Encoding(
        "STRD (immediate) T1", "1110100 P:1 U:1 1 W:1 0 Rn:4! Rt:4 Rt2:4 imm8:8", _indexed, base="Rn", aligned=True
    )
    yield Encoding(
        "LDRD (immediate) T1",
        "1110100 P:1 U:1 1 W:1 1 Rn:4! Rt:4 Rt2:4 imm8:8",
        lambda f: _indexed(f) and f["Rt"] != f["Rt2"],
        base="Rn",
        aligned=True,  # type: ignore[arg-type]
    )
    yield Encoding("LDRD (literal) T1", "1110100 1 U:1 101 1111 Rt:4 Rt2:4 imm8:8", lambda f: f["Rt"] != f["Rt2"])
    yield Encoding("STREX T1", "11101000010 0 Rn:4! Rt:4 Rd:4 imm8:8", _apart, base="Rn", aligned=True)
    yield Encoding("STREXB T1", "11101000110 0 Rn:4! Rt:4 1111 0100 Rd:4", _apart, base="Rn", aligned=True)
    yield Encoding("STREXH T1", "11101000110 0 Rn:4! Rt:4 1111 0101 Rd:4", _apart, base="Rn", aligned=True)
    yield Encoding("LDREX T1", "11101000010 1 Rn:4! Rt:4 1111 imm8:8", base="Rn", aligned=True)
    yield Encoding("LDREXB T1", "11101000110 1 Rn:4! Rt:4 1111 0100 1111", base="Rn", aligned=True)
    yield Encoding("LDREXH T1", "11101000110 1 Rn:4! Rt:4 1111 0101 1111", base="Rn", aligned=True)
    yield Encoding(
        "TBB T1", "111010001101 Rn:4* 11110000 0000 Rm:4", lambda f: f["Rn"] != 13, it="last", base="Rn", index="Rm"
    )
    yield Encoding(
        "TBH T1", "111010001101 Rn:4* 11110000 0001 Rm:4", lambda f: f["Rn"] != 13, it="last", base="Rn", index="Rm"
    )


def _listed(fields: Fields) -> bool:
    """The base is among the registers of a list."""
    return bool((fields.get("M", 0) << 14 | fields["list"]) >> fields["Rn"] & 1)


_SPECIAL = (0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20)


def _control() -> Iterator[Encoding]:
    yield Encoding(
        "B T3",
        "11110 S:1 cond:4 imm6:6 10 J1:1 0 J2:1 imm11:11",
        lambda f: f["cond"] < 14,
        it="never",
        near=_long_branch,
    )
    yield Encoding("B T4", "11110 S:1 imm10:10 10 J1:1 1 J2:1 imm11:11", it="last", near=_long_branch)
    yield Encoding("BL T1", "11110 S:1 imm10:10 11 J1:1 1 J2:1 imm11:11", it="last", near=_long_branch)
    for opcode, name in enumerate(["NOP", "YIELD", "WFE", "WFI", "SEV"]):
        yield Encoding(f"{name} T2", f"11110011 1010 1111 10000000 {opcode:08b}")
    yield Encoding("DBG T1", "11110011 1010 1111 10000000 1111 option:4")
    yield Encoding("CLREX T1", "11110011 1011 1111 10001111 0010 1111")
    for opcode, name in ((4, "DSB"), (5, "DMB"), (6, "ISB")):
        yield Encoding(f"{name} T1", f"11110011 1011 1111 10001111 {opcode:04b} option:4")
    yield Encoding("MSR T1", "11110011 1000 Rn:4 10001000 SYSm:8", lambda f: f["SYSm"] in _SPECIAL)
    yield Encoding("MRS T1", "11110011 1110 1111 1000 Rd:4 SYSm:8", lambda f: f["SYSm"] in _SPECIAL)


ENCODINGS: tuple[Encoding, ...] = (
    *_thumb16(),
    *_data_processing(),
    *_single_access(),
    *_other_access(),
    *_control(),
)
