"""The Cortex-M3 interpreter: instructions a second, and what a stop costs; Unicorn's figures beside it."""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from _figures import show
from _processes import cpu_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "vphoton"))

from machine.judge import Judge
from machine.process import REGISTERS, Machine

from photonrig.build.toolchain import Toolchain

CODE, DATA = 0x080A0000, 0x20000000
INSTRUCTIONS = 20_000_000
STOPS = 100_000

# What compiled code is made of: calls, the stack, loads and stores, an IT block, a division, branches.
LOOP = struct.pack(
    "<22H",
    *(0xF000, 0xF802),  # 0: BL 8
    *(0x3001, 0xE7FB),  # 4: ADDS r0, #1; B 0
    *(0xB510, 0x6861, 0x680A, 0x1812),  # 8: PUSH {r4, lr}; LDR r1, [r4, #4]; LDR r2, [r1]; ADDS r2, r2, r0
    *(0x600A, 0x2A07, 0xBF18),  # STR r2, [r1]; CMP r2, #7; IT NE
    *(0xF102, 0x0301, 0xF894, 0x1004),  # ADD.W r3, r2, #1 (NE); LDRB r1, [r4, #4]
    *(0xEA4F, 0x0383, 0xB2DB),  # MOV.W r3, r3, LSL #2; UXTB r3, r3
    *(0x00DB, 0x4058, 0xBD10, 0xBF00),  # LSLS r3, r3, #3; EORS r0, r3; POP {r4, pc}
)


def registers() -> bytes:
    """Data at r4 and r1, a stack, and the loop's address."""
    words = [0] * REGISTERS
    words[4], words[13], words[15], words[16], words[21] = DATA, DATA + 0x1000, CODE, 1 << 24, DATA + 0x1000
    return struct.pack(f"<{REGISTERS}I", *words)


def run(machine: Machine, count: int, budget: int) -> None:
    """Nothing but the budget ends it."""
    done = machine.run(count, budget)
    assert done.reason == "budget", f"{done.reason} {done.fault} at {done.address:#x}"


def seconds(action: Callable[[], object], clock: Callable[[], float]) -> float:
    """CPU time, the shortest of three."""
    best = float("inf")
    for _ in range(3):
        started = clock()
        action()
        best = min(best, clock() - started)
    return best


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[1])
    data = struct.pack("<II", 0, DATA + 8) + bytes(0x1000)
    with closing(Machine(tools.machine_judged())) as machine, closing(Judge()) as judge:
        machine.load({CODE: LOOP})
        machine.write(DATA, data)
        machine.set_registers(registers())
        ran = seconds(lambda: run(machine, 1, INSTRUCTIONS), lambda: cpu_seconds(machine.pid))
        stopped = seconds(lambda: run(machine, STOPS, 1), lambda: cpu_seconds(machine.pid))
        judge.map(CODE, 0x1000, writable=False)
        judge.map(DATA, 0x2000, writable=True)
        judge.write(CODE, LOOP)
        judge.write(DATA, data)
        judge.set_registers(registers())
        judged = seconds(lambda: [judge.run(CODE, 1) for _ in range(STOPS)], time.process_time)
    show(
        [
            ("instructions a second of CPU time", f"{INSTRUCTIONS / ran / 1e6:.0f} million", "100 million"),
            ("entry and exit, with the registers copied", f"{1e9 * stopped / STOPS:.0f} ns", ""),
            ("the same of Unicorn from Python", f"{1e9 * judged / STOPS:.0f} ns", ""),
        ]
    )


if __name__ == "__main__":
    main()
