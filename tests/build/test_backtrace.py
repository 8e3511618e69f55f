"""Backtraces from an ELF: what the unwinder finds is held against the machine's own calls, names against the source."""

from __future__ import annotations

from pathlib import Path

import pytest
from unicorn import UC_HOOK_CODE
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP

from photonrig.build.backtrace import Frame, Stack, backtrace, named
from photonrig.build.elf import find_elf

from ..user_part.conftest import Compile, UserPart, sketch
from ..user_part.photon import RAM, RAM_SIZE, STACK, Photon
from ..vphoton.arm.remote import Symbols

__all__ = ["sketch"]

# Each function keeps something on the stack, of another size; `innermost` is where the machine is stopped.
PROGRAM = """
volatile int seen = 0;
extern "C" {
__attribute__((noinline)) int innermost(int n) { seen = n; return n; }
__attribute__((noinline)) int middle(int n) {
  volatile char kept[40];
  kept[n % 40] = 1;
  return innermost(n) + kept[n % 40];
}
__attribute__((noinline)) int outer(int n) {
  volatile int kept[7];
  for (int i = 0; i < 7; ++i) kept[i] = middle(i + n);
  return kept[n % 7];
}
}
inline __attribute__((always_inline)) int inlined(int n) {
  if (seen > 100) return n;
  const int found = outer(n);
  seen = found;
  return found + 1;
}
void setup() {}
void loop() { seen = inlined(3); }
"""


@pytest.fixture
def part(sketch: Compile) -> UserPart:
    return sketch(PROGRAM)


def test_each_caller_is_found_with_its_function_and_line(part: UserPart) -> None:
    photon = Photon(part.module.read_bytes())
    photon.start()
    place = Symbols(part.elf)["innermost"]
    registers: list[int] = []
    stack = Stack(0, b"")

    def look(*_: object) -> None:
        nonlocal stack
        if registers:
            return
        registers.extend(photon.cpu.reg_read(UC_ARM_REG_R0 + number) for number in range(13))
        for number in (UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC):
            registers.append(photon.cpu.reg_read(number))
        stack = Stack(registers[13], bytes(photon.cpu.mem_read(registers[13], STACK - registers[13])))

    photon.cpu.hook_add(UC_HOOK_CODE, look, begin=place, end=place + 1)
    photon.loop()
    assert RAM <= registers[13] < RAM + RAM_SIZE

    frames = named(part.elf, backtrace(part.elf, registers, stack))
    functions = [frame.function for frame in frames]
    assert functions[:5] == ["innermost", "middle", "outer", "inlined(int)", "loop()"]
    assert [frame.inlined for frame in frames[:5]] == [False, False, False, True, False]
    lines = ["#include", *PROGRAM.splitlines()]
    calls = {"middle": "innermost(n)", "outer": "middle(i + n)", "inlined(int)": "outer(n)", "loop()": "inlined(3)"}
    for frame in frames[1:5]:
        file, _, line = frame.place.rpartition(":")
        assert Path(file).name == "sketch.cpp"
        assert calls[frame.function] in lines[int(line) - 1]
    # The first frame is the PC, the others where their callee returns to.
    assert frames[0].address == place


def test_without_an_elf_there_are_two_addresses() -> None:
    registers = [0] * 13 + [0x20014000, 0x080A0105, 0x080A0200]
    assert backtrace(None, registers, Stack(0x20014000, bytes(64))) == [0x080A0200, 0x080A0104]


def test_a_call_to_nowhere_is_shown_with_its_caller(part: UserPart) -> None:
    loop = Symbols(part.elf)["_Z4loopv"]
    registers = [0] * 13 + [0x20014000, (loop + 5) | 1, 0x10000000]
    frames = named(part.elf, backtrace(part.elf, registers, Stack(0x20014000, bytes(64))))
    assert frames[0] == Frame(0x10000000)
    assert frames[1].address == (loop + 5) & ~1 and frames[-1].function == "loop()"


def test_a_damaged_stack_ends_the_backtrace(part: UserPart) -> None:
    middle = Symbols(part.elf)["middle"]
    registers = [0] * 13 + [0x20014000, 1, middle + 8]
    for filling in (bytes(200), b"\xff" * 200, (middle + 9).to_bytes(4, "little") * 50, b""):
        assert 1 <= len(backtrace(part.elf, registers, Stack(0x20014000, filling))) <= 64


def test_the_elf_is_found_by_the_crc_of_its_module(part: UserPart, tmp_path: Path) -> None:
    crc = part.module.read_bytes()[-4:].hex()
    assert find_elf(crc, [tmp_path / "nowhere", part.elf.parent]) == part.elf
    assert find_elf("00000000", [part.elf.parent]) is None
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "alone.bin").write_bytes(part.module.read_bytes())
    assert find_elf(crc, [alone]) is None


def test_a_file_that_is_no_elf_has_no_frames(tmp_path: Path) -> None:
    other = tmp_path / "other.elf"
    other.write_bytes(b"not an ELF")
    registers = [0] * 13 + [0x20014000, 0x080A0105, 0x080A0200]
    addresses = backtrace(other, registers, Stack(0x20014000, bytes(64)))
    assert addresses == [0x080A0200, 0x080A0104]
    assert named(other, addresses) == [Frame(address) for address in addresses]
