"""A user part from its start through its loops, on the machine and its judge at the same time."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

from .encodings import Encoding, matching
from .judge import Judge
from .lockstep import Difference
from .process import STEP, Machine
from .streams import DATA, DATA_SIZE
from .system_stub import USER_PART, SystemStub

__all__ = ["Genuine", "static_instructions"]

_RETURNED = 0xDFFFFFF0  # of the machine
_STACK = DATA + DATA_SIZE
_BACKUP, _BACKUP_SIZE = 0x40024000, 0x1000
_PARAMETER = _STACK - 0x4000  # between the heap and what the stack reaches
_CHUNK = 256
_IT_BITS = 0x0600FC00
_PRE_INIT, _INIT, _SETUP, _LOOP = range(4)


class Genuine:
    """Both with the same flash and memory; ``executed`` are the addresses of instructions executed so far."""

    def __init__(self, executable: Path, image: bytes) -> None:
        self.machine = Machine(executable)
        self.judge = Judge()
        self.stub = SystemStub()
        self.executed: set[int] = set()
        self.instructions = 0
        self._inside_it = False
        image += b"\xff" * (0x20000 - len(image))
        flash = {USER_PART: image, **self.stub.flash}
        for base, data in flash.items():
            self.judge.map(base & ~0xFFF, (len(data) + 0xFFF) & ~0xFFF, writable=False)
            self.judge.write(base, data)
        self.judge.map(DATA, DATA_SIZE, writable=True)
        self.judge.map(_BACKUP, _BACKUP_SIZE, writable=True)
        self.machine.load(flash)
        table = struct.unpack_from("<I", image, 24)[0]
        self.user = struct.unpack_from("<4I", image, table - USER_PART)

    def close(self) -> None:
        """End both."""
        self.machine.close()
        self.judge.close()

    def start(self) -> None:
        """``pre_init``, ``init`` and ``setup``."""
        self.stub.heap = self._call(self.user[_PRE_INIT])
        self._call(self.user[_INIT])
        self._call(self.user[_SETUP])

    def loop(self, *, every_step: bool) -> None:
        """One ``loop``; unless ``every_step``, registers are compared at each call of the system only.

        :raises Difference: registers differ, or memory after it
        """
        self._call(self.user[_LOOP], every_step=every_step)

    def call_function(self, number: int, parameter: bytes, *, every_step: bool) -> None:
        """Call one of the cloud functions that the user part registered, as the system does.

        :raises Difference: as :meth:`loop`
        """
        functions = self.stub.functions
        function, data = functions[number % len(functions)]
        for written in (self.machine, self.judge):
            written.write(_PARAMETER, parameter + b"\0")
        self._call(function, (data, _PARAMETER, 0), every_step=every_step)

    def _call(self, function: int, arguments: tuple[int, ...] = (), *, every_step: bool = True) -> int:
        words = [0] * 23
        words[: len(arguments)] = arguments
        words[13], words[14], words[15] = _STACK, _RETURNED | 1, function & ~1
        words[16], words[21] = 1 << 24, _STACK
        registers = struct.pack("<23I", *words)
        while True:
            self.machine.set_registers(registers)
            self.judge.set_registers(registers)
            registers, reason, address = self._run(words[15], every_step)
            words = list(struct.unpack("<23I", registers))
            if reason == "returned":
                break
            words[0], written = self.stub.answer(address, tuple(words[:4]), self.machine.read)
            if written:
                self.machine.write(words[0], written)
                self.judge.write(words[0], written)
            words[15] = words[14] & ~1
            registers = struct.pack("<23I", *words)
        for start, size in ((DATA, DATA_SIZE), (_BACKUP, _BACKUP_SIZE)):
            if self.machine.read(start, size) != self.judge.read(start, size):
                raise Difference(f"memory differs after the function at {function:#x}")
        return words[0]

    def _run(self, pc: int, every_step: bool) -> tuple[bytes, str, int]:
        """To the next call of the system or the end of the function."""
        first = pc
        while True:
            run = self.machine.run(_CHUNK, 1)
            addresses = [pc, *run.addresses()]
            self.executed.update(addresses[:-1])
            stopped = run.reason != "budget"
            if stopped and run.reason not in ("host call", "returned"):
                raise Difference(f"the machine stops at {addresses[-1]:#x}: {run.reason} {run.fault} {run.address:#x}")
            count = len(addresses) - 1 - stopped  # the stop is no instruction
            self.instructions += count
            if every_step:
                self._step(addresses, run.steps, count)
            pc = addresses[count]
            if stopped:
                break
        if not every_step:
            self.judge.run(first, 0, until=pc)
            self._compare(run.registers[: 4 * STEP], self.judge.stepped(), pc)
        return run.registers, run.reason, run.address

    def _step(self, addresses: list[int], steps: bytes, count: int) -> None:
        inside_it = self._inside_it
        for number in range(count):
            ours = steps[4 * STEP * number : 4 * STEP * (number + 1)]
            if not inside_it:
                self.judge.run(addresses[number], 1)
            # The judge executes an IT block as one.
            inside_it = int.from_bytes(ours[64:68], "little") & _IT_BITS != 0
            if not inside_it:
                self._compare(ours, self.judge.stepped(), addresses[number])
        self._inside_it = inside_it

    def _compare(self, ours: bytes, theirs: bytes, at: int) -> None:
        if ours == theirs:
            return
        pairs = zip(struct.unpack("<17I", ours), struct.unpack("<17I", theirs), strict=True)
        names = [f"r{n}" if n < 16 else "xPSR" for n in range(STEP)]
        text = ", ".join(
            f"{name} {a:#x}, the judge {b:#x}" for name, (a, b) in zip(names, pairs, strict=True) if a != b
        )
        raise Difference(f"at {at:#x}: {text}")


def encoding_at(image: bytes, address: int) -> Encoding:
    """The encoding of an instruction of the user part.

    :raises AssertionError: it is of none, or of several
    """
    code, size = _code(image, address)
    found = matching(code, size)
    assert len(found) == 1, f"{code:#x} at {address:#x} is {[encoding.name for encoding in found]}"
    return found[0]


def static_instructions(image: bytes, executed: set[int]) -> dict[int, Encoding]:
    """Instructions that can be reached: from those executed, from pointers to functions, and along branches.

    A word is a pointer to a function if it is odd and leads to a PUSH.
    """
    end = struct.unpack_from("<I", image, 4)[0]
    words = struct.unpack_from(f"<{len(image) // 4}I", image)
    odd = {word - 1 for word in words if word & 1 and USER_PART + 28 <= word - 1 < end - 2}
    pointers = {at for at in odd if any(e.name in ("PUSH T1", "STMDB T1") for e in matching(*_code(image, at)))}
    found: dict[int, Encoding] = {}
    waiting = [address for address in executed if USER_PART <= address < end] + sorted(pointers)
    while waiting:
        address = waiting.pop()
        if address in found or not USER_PART <= address < end:
            continue
        found[address] = encoding = encoding_at(image, address)
        code, size = _code(image, address)
        waiting += _branches(encoding, code, address)
        if not _ends(encoding.name) or _in_it(image, found, address):
            waiting.append(address + size)
    return found


def _code(image: bytes, address: int) -> tuple[int, int]:
    first, second = struct.unpack_from("<HH", image + b"\0\0", address - USER_PART)
    return (first << 16 | second, 4) if first >= 0xE800 else (first, 2)


def _ends(name: str) -> bool:
    """Nothing follows the instruction."""
    return name.endswith("to PC") or re.match(r"(B T[24]|BX|TB[BH]|UDF)\b", name) is not None


def _in_it(image: bytes, found: dict[int, Encoding], address: int) -> bool:
    """An IT block may skip the instruction: an IT lies before it, with three instructions at most between them."""
    return any(before in found and found[before].name == "IT T1" for before in range(address - 14, address, 2))


def _branches(encoding: Encoding, code: int, address: int) -> Iterator[int]:
    f = encoding.decoded(code)
    pc = address + 4

    def signed(value: int, width: int) -> int:
        return value - (1 << width) if value >> (width - 1) else value

    if encoding.name == "B T1":
        yield pc + 2 * signed(f["imm8"], 8)
    elif encoding.name == "B T2":
        yield pc + 2 * signed(f["imm11"], 11)
    elif encoding.name == "B T3":
        yield pc + 2 * signed(f["S"] << 19 | f["J2"] << 18 | f["J1"] << 17 | f["imm6"] << 11 | f["imm11"], 20)
    elif encoding.name in ("B T4", "BL T1"):
        i1, i2 = (1 ^ f[j] ^ f["S"] for j in ("J1", "J2"))
        yield pc + 2 * signed(f["S"] << 23 | i1 << 22 | i2 << 21 | f["imm10"] << 11 | f["imm11"], 24)
    elif encoding.name in ("CBZ T1", "CBNZ T1"):
        yield pc + 2 * (f["i"] << 5 | f["imm5"])
