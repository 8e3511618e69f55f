"""The machine under test, as the process ``machine_judged``; its protocol is described in ``judged.cpp``."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FAULTS", "REASONS", "REGISTERS", "STEP", "Machine", "Run"]

REGISTERS = 23  # words: r0 … r15, xPSR, PRIMASK, BASEPRI, FAULTMASK, CONTROL, MSP, PSP
STEP = 17  # words of one step: r0 … r15, xPSR

REASONS = (
    "budget",
    "host call",
    "returned",
    "fault",
    "breakpoint",
    "BKPT",
    "SVC",
    "watchpoint",
    "wait",
)
FAULTS = (
    "none",
    "instruction access",
    "instruction bus",
    "data bus",
    "undefined",
    "invalid state",
    "invalid pc",
    "no coprocessor",
    "unaligned",
    "divide by zero",
)


@dataclass(frozen=True)
class Run:
    """What came of one command: the registers after each step, why it stopped, and the registers at the end."""

    steps: bytes
    reason: str
    fault: str
    address: int
    executed: int
    registers: bytes

    def addresses(self) -> list[int]:
        """Of the instruction that follows each step."""
        return memoryview(self.steps).cast("I")[15::STEP].tolist()


class Machine:
    """Commands are gathered, and sent by the first that has an answer."""

    def __init__(self, executable: Path) -> None:
        self._process = subprocess.Popen([executable], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._gathered = bytearray()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def load(self, segments: dict[int, bytes]) -> None:
        """Replace the flash."""
        for base, data in segments.items():
            self._gathered += b"F" + struct.pack("<II", base, len(data)) + data
        self._gathered += b"L"

    def write(self, address: int, data: bytes) -> None:
        """Write to RAM."""
        self._gathered += b"W" + struct.pack("<II", address, len(data)) + data

    def set_registers(self, data: bytes) -> None:
        """All :data:`REGISTERS`."""
        assert len(data) == 4 * REGISTERS
        self._gathered += b"S" + data

    def ask_run(self, count: int, budget: int) -> None:
        """Run ``count`` times with a budget; the answer is read by :meth:`answer`."""
        self._gathered += b"T" + struct.pack("<II", count, budget)

    def run(self, count: int, budget: int) -> Run:
        """The same with its answer."""
        self.ask_run(count, budget)
        return self.answer()

    def answer(self) -> Run:
        """The answer of the first run not read yet."""
        self._send()
        (count,) = struct.unpack("<I", self._take(4))
        steps = self._take(4 * STEP * count)
        reason, fault, address, executed = struct.unpack("<BBII", self._take(10))
        return Run(steps, REASONS[reason], FAULTS[fault], address, executed, self._take(4 * REGISTERS))

    def read(self, address: int, size: int) -> bytes:
        """Read memory."""
        self._gathered += b"M" + struct.pack("<II", address, size)
        self._send()
        return self._take(size)

    def _send(self) -> None:
        if self._gathered:
            assert self._process.stdin
            self._process.stdin.write(self._gathered)
            self._process.stdin.flush()
            self._gathered.clear()

    def _take(self, size: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(size)
        assert len(data) == size, f"the machine ended with code {self._process.wait()}"
        return data
