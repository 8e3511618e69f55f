"""Readers, writers, containers, logs and Arduino's words of Wiring, on a processor: as test_wiring."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from photonrig.build.compile import compile_project

from .conftest import TOOLS, written

pytest.importorskip("unicorn")

from .photon import Call, Photon
from .test_wiring import ANSWERS, Bench

# By the names in breadth_cases.cpp: what each prints. In "json_read", each value's type (1 null, 2 bool, 3 number,
# 4 string, 5 array, 6 object, 0 no JSON) and text.
EXPECTED = {
    "json_read": [
        '6a53<1>3<-2.5>2<true>1<>6b6c\n4<x"A\\u00e9>',
        "5",
        "3<7>",
        "4<alone>",
        "55555",
        *["0<>"] * 10,
        "5",
        "12 12.00 1",
        "3 3.75 1",
        "0 0.00 0",
        "0 0.00 0",
        "0 0.00 1",
        "1",
        "1",
        "1",
    ],
    "json_write": [
        '{"a":[-1,2,true,null,"q\\"\\n\\u0001"],"d":1.50,"e":"s"}',
        "8",
        "4",
        '["lo',
        '[0.25,"x"]',
    ],
    # The elements, how many there are, and how many objects live.
    "vector": [
        "abc 3 3",
        "zazzbcd 7 7",
        "zzazzbcdazzbcd 14 14",
        "6",
        "1",
        "4",
        "3",
        "acdabcd 7 7",
        "a",
        "d",
        "cbc 3 3",
        "1",
        "1",
        "2",
        "b 1 6",
        "ff 2 5",
        "0",
    ],
    "logs": [
        "1",
        "0",
        "app WARN stopped at 5 -210 stalled",
        "app ERROR by the macro 0 -",
        "40",
        "40",
        "net WARN of a category 0 -",
    ],
    "words": [
        "-ff",
        "-2147483648",
        "FF",
        "1" * 32,
        "007",
        "1",
        "flash",
        "text",
        "3",
        "copied",
        "258",
        "18",
        "1",
        "1",
        "3.00",
        "52",
        "1",
        "-b",
        "LENGTH",
    ],
    "flags": ["9", "0", "10", "622", "1", "3", "1", "no such shade", "1", "1", "1"],
    "eeprom_bytes": ["42", "43", "2046"],
    "sleep": ["0", "1", "1", "2", "0", "1", "-270"],
    "wire": ["2", "1"],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, int]]:
    source = Path(__file__).with_name("breadth_cases.cpp")
    made = compile_project({source.name: source.read_bytes()}, TOOLS.sdk(), strict=True)
    part = written(made, tmp_path_factory.mktemp("breadth") / "cases.bin")
    told = subprocess.run(["arm-none-eabi-nm", str(part.elf)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines()]
    return part.module.read_bytes(), {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


@pytest.fixture
def bench(built: tuple[bytes, dict[str, int]]) -> Bench:
    return Bench(*built)


@pytest.mark.parametrize("case", EXPECTED)
def test_a_case_prints_what_it_should(bench: Bench, case: str) -> None:
    bench.photon.answers = {**ANSWERS, "system_sleep_ext": _woken, "hal_i2c_write": lambda *_: 1}
    before = len(bench.photon.blocks)
    assert bench.run(case) == EXPECTED[case]
    if case in ("json_read", "json_write", "vector", "sleep"):
        assert len(bench.photon.blocks) == before, "blocks of the heap are lost"


def _woken(photon: Photon, call: Call) -> int:
    """As Device OS: checks what it is told, and allocates the source that woke it, the pin."""
    size, version, mode, flags, first = struct.unpack("<HHBxxxII", photon.cpu.mem_read(call.arguments[0], 16))
    assert (size, version, mode, flags) == (16, 3, 1, 0)
    sources = []
    while first:
        size, version, kind, _, following, rest = struct.unpack("<HHHHII", photon.cpu.mem_read(first, 16))
        sources.append((size, version, kind, rest))
        if kind == 1 and rest & 0xFFFF == 2:
            woke = bytes(photon.cpu.mem_read(first, 16))
        first = following
    assert sources == [(16, 3, 4, 15 * 60 * 1000), (16, 3, 1, 3), (16, 3, 1, 2 | 2 << 16)]
    block = photon.allocate(16)
    photon.put(block, woke)
    photon.put(call.arguments[1], struct.pack("<I", block))
    return 0


def test_a_transmission_carries_its_settings(bench: Bench) -> None:
    wanted = []

    def request(photon: Photon, call: Call) -> int:
        wanted.append(struct.unpack("<HHB3xIII", photon.cpu.mem_read(call.arguments[1], 20)))
        return 2

    bench.photon.answers = {**ANSWERS, "hal_i2c_request_ex": request}
    bench.run("wire")
    assert wanted == [(20, 0, 0x40, 2, 20, 0)]
    assert [data & 0xFF for _, data, *_ in bench.photon.called("hal_i2c_write")] == [0]
