"""The machine and its judge on the same instructions, until they differ."""

from __future__ import annotations

import random
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from .encodings import Encoding
from .judge import Judge
from .process import STEP, Machine, Run
from .streams import BKPT, CODE, CODE_SIZE, DATA, DATA_SIZE, Block, blocks, filler

__all__ = ["EXCLUDED", "Difference", "RandomLockstep"]

EXCLUDED = {
    "endless": "a branch back into the block: the two count skipped instructions of IT blocks differently",
    "unaligned": "Unicorn 2.1 takes unaligned LDM, STM, LDRD, STRD, LDREX, STREX and loads of the PC for aligned ones",
    "registers after a fault": "Unicorn 2.1 loads the first registers of a list before a later one faults",
    "fault in IT": "Unicorn 2.1 goes on to the end of the IT block when an instruction inside it faults",
    "bits of SP": "Unicorn 2.1 keeps bits 1:0 of SP, MSP and PSP, which are always 0",
    "bits of CONTROL": "Unicorn 2.1 keeps bits 3:2 of CONTROL, which no Cortex-M3 has",
    "bits of BASEPRI": "Unicorn 2.1 keeps bits 3:0 of BASEPRI, which the STM32F2 does not have",
    "unintended code": "a branch into data or between halfwords, where instructions may be unpredictable",
    "end of RAM": "Unicorn 2.1 maps whole pages of 4 KB: its RAM ends behind the Photon's",
    "unprivileged": "Unicorn 2.1 hides special registers from its embedder, too, while code is unprivileged",
}
"""What is not compared, and the fault of the judge that is the reason; each is counted."""

_EXCEPTION = 21  # UC_ERR_EXCEPTION
_IT_BITS = 0x0600FC00  # of xPSR
_MAPPED = 0x15000
_RAM_END = DATA + 0x14400
_BATCH = 32
_BUDGET = 64
_PC, _XPSR, _BASEPRI, _CONTROL, _MSP, _PSP = 15, 16, 18, 20, 21, 22
_NAMES = (*(f"r{n}" for n in range(16)), "xPSR", "PRIMASK", "BASEPRI", "FAULTMASK", "CONTROL", "MSP", "PSP")


class Difference(AssertionError):
    """The two do not agree; the text says where."""


class RandomLockstep:
    """Random blocks in batches: registers are compared after each block, all of memory after each batch.

    ``executed`` counts instructions, ``compared`` encodings in blocks that were compared, ``excluded`` what was not.
    """

    def __init__(self, executable: Path) -> None:
        self.machine = Machine(executable)
        self.judge = Judge()
        self.judge.map(CODE, CODE_SIZE, writable=False)
        self.judge.map(DATA, _MAPPED, writable=True)
        self.judge.save()
        self.executed = 0
        self.excluded: Counter[str] = Counter()
        self.compared: Counter[str] = Counter()

    def close(self) -> None:
        """End both."""
        self.machine.close()
        self.judge.close()

    def batch(self, seed: int, first: Sequence[Encoding] = ()) -> None:
        """One batch of 32 blocks, each with four sets of registers.

        :raises Difference: with the seed and the first block after which they differ
        """
        rng = random.Random(seed)
        made = blocks(rng, _BATCH, first)
        code = bytearray(filler())
        self._intended = bytearray(b"\1" * CODE_SIZE)
        for block in made:
            at = block.address - CODE
            code[at : at + len(block.code)] = block.code
            self._intended[at : at + len(block.code)] = bytes(len(block.code))
            for start in block.starts:
                self._intended[at + start] = 1
        data = rng.randbytes(0x1000) * (DATA_SIZE // 0x1000)
        self.judge.write(CODE, bytes(code))
        self.judge.forget_code()
        self.judge.write(DATA, data)
        self.machine.load({CODE: bytes(code)})
        self.machine.write(DATA, data)
        for block in made:
            self.machine.set_registers(block.registers)
            self.machine.ask_run(_BUDGET, 1)
        runs = [self.machine.answer() for _ in made]
        for number, (block, run) in enumerate(zip(made, runs, strict=True)):
            self.executed += run.executed
            agreed = self._agree(block, run, f"seed {seed}, block {number}")
            if not agreed or _word(run.registers, _CONTROL) & 1:
                self.judge.restore()
            if not agreed:
                return  # memory differs from here on
            self.compared.update(block.names)
        ours, theirs = self.machine.read(DATA, DATA_SIZE), self.judge.read(DATA, DATA_SIZE)
        if ours != theirs:
            raise Difference(f"seed {seed}: memory differs at {_first(ours, theirs)}")

    def _agree(self, block: Block, run: Run, where: str) -> bool:
        """Whether memory is the same, too; if not, the judge has done something else for a known reason."""
        if run.reason == "budget":
            self.excluded["endless"] += 1
            return False
        addresses = run.addresses()
        if run.fault in ("instruction bus", "instruction access", "invalid state"):
            addresses = [pc for pc in addresses if pc != addresses[-1]]  # nothing there is executed
        if not all(CODE <= pc < CODE + CODE_SIZE and self._intended[pc - CODE] for pc in addresses):
            self.excluded["unintended code"] += 1
            return False
        if run.fault == "data bus" and _RAM_END - 3 <= run.address < DATA + _MAPPED:
            self.excluded["end of RAM"] += 1
            return False
        self.judge.set_registers(block.registers)
        if run.fault == "unaligned":
            self.excluded["unaligned"] += 1
            pc = _word(run.registers, _PC)
            if _word(run.registers, _XPSR) & _IT_BITS:
                return False
            return pc == block.address or self.judge.run(block.address, _BUDGET * 4, until=pc) == 0
        error = self.judge.run(block.address, _BUDGET * 4)
        ours, theirs = run.registers, self.judge.registers()
        if (run.reason == "fault") != self._faulted(error, theirs):
            return self._excused(block, f"{where}: error {error}\n{_report(block, run, theirs)}")
        if run.reason == "fault":
            in_it = _word(ours, _XPSR) & _IT_BITS
            self.excluded["fault in IT" if in_it else "registers after a fault"] += 1
            if in_it:
                return False
            ours, theirs = ours[4 * _PC : 4 * _XPSR], theirs[4 * _PC : 4 * _XPSR]
        elif _word(ours, _CONTROL) & 1:
            self.excluded["unprivileged"] += 1
            ours, theirs = ours[: 4 * STEP], theirs[: 4 * STEP]
        return ours == theirs or self._excused(block, f"{where}\n{_report(block, run, self.judge.registers())}")

    def _excused(self, block: Block, difference: str) -> bool:
        """Step the judge through the block: false if it had bits in a register that are none.

        :raises Difference: if it had not
        """
        self.judge.restore()
        self.judge.set_registers(block.registers)
        pc = block.address
        for _ in range(_BUDGET):
            error = self.judge.run(pc, 1)
            registers = self.judge.registers()
            pc = _word(registers, _PC)
            if any(_word(registers, number) & 3 for number in (13, _MSP, _PSP)):
                self.excluded["bits of SP"] += 1
            elif _word(registers, _CONTROL) & ~3:
                self.excluded["bits of CONTROL"] += 1
            elif _word(registers, _BASEPRI) & 0xF:
                self.excluded["bits of BASEPRI"] += 1
            elif error == 0:
                continue
            else:
                break
            return False
        raise Difference(difference)

    def _faulted(self, error: int, registers: bytes) -> bool:
        pc = _word(registers, _PC)
        at_breakpoint = CODE <= pc < CODE + CODE_SIZE and self.judge.read(pc, 2)[1] == BKPT >> 8
        return error != 0 and not (error == _EXCEPTION and at_breakpoint)


def _word(registers: bytes, number: int) -> int:
    return int.from_bytes(registers[4 * number : 4 * number + 4], "little")


def _first(ours: bytes, theirs: bytes) -> str:
    at = next(at for at, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a != b)
    return f"{DATA + at:#010x}: {ours[at]:#04x}, the judge: {theirs[at]:#04x}"


def _words(registers: bytes) -> Iterator[tuple[str, int]]:
    return zip(_NAMES, struct.unpack("<23I", registers), strict=True)


def _report(block: Block, run: Run, theirs: bytes) -> str:
    lines = [
        f"{', '.join(block.names)} at {block.address:#x}: {block.code.hex(' ', 2)}",
        f"stopped: {run.reason} {run.fault}",
    ]
    before = dict(_words(block.registers))
    for (name, ours), (_, other) in zip(_words(run.registers), _words(theirs), strict=True):
        mark = "   " if ours == other else "-> "
        lines.append(f"{mark}{name:9} {before[name]:#010x}  {ours:#010x}  the judge: {other:#010x}")
    return "\n".join(lines)
