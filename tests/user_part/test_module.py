"""The module that is made: its frame, its imports, its place in a Photon."""

from __future__ import annotations

import csv
import struct
import subprocess
from pathlib import Path

import pytest

from photonrig.build.user_part import seal
from photonrig.errors import ModuleError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.module import Dependency, check_user_part, parse_module

from .conftest import TOOLS, VARIANTS, Compile, UserPart
from .veneers import Veneer, veneers

ABI = TOOLS.root / "firmware" / "abi"
KNOWN_APPS = TOOLS.cli_script.parents[1] / "assets" / "knownApps" / "photon"
PRODUCTS = {"roller": 20001, "venetian": 20002, "drapery": 20003, "honeycomb": 20004}
# Device OS 2.3.1: the word that points to a table, from the loader's list of each system part.
PART_1 = {"communication": 0x0802019C, "services": 0x080201A8}
PART_2 = {"hal": 0x0806019C, "rt": 0x080601A0, "system": 0x080601A4, "hal_gpio": 0x080601B0, "hal_usb": 0x080601D8}


def table() -> dict[tuple[int, int], tuple[str, str]]:
    with (ABI / "dynalib.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return {
        (int(row["pointer_at"], 16), int(row["index"])): (row["function"], row["since"])
        for row in rows
        if row["pointer_at"]
    }


def symbols(elf: Path) -> dict[str, int]:
    told = subprocess.run(["arm-none-eabi-nm", str(elf)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_module_is_what_a_photon_takes(parts: dict[str, UserPart], variant: str) -> None:
    data = parts[variant].module.read_bytes()
    module = parse_module(data)
    check_user_part(module)
    assert module.dependencies == (Dependency("system_part", 2, 2302),)
    assert (module.module_version, module.platform_id) == (6, 6)
    assert (module.product_id, module.product_version) == (PRODUCTS[variant], 1)
    # `end` is the address of the CRC, so that the prefix alone tells the length.
    assert module.end - module.start + 4 == len(data)
    assert parts[variant].size.flash == len(data) <= 128 * 1024
    assert parts[variant].size.ram <= 66_560


def test_every_byte_is_under_both_check_sums(parts: dict[str, UserPart]) -> None:
    data = parts["roller"].module.read_bytes()
    assert seal(data, 2302) == data
    changed = bytearray(data)
    changed[1000] ^= 1
    again = seal(bytes(changed), 1512)
    assert again[-38:-6] != data[-38:-6] and parse_module(again).crc_ok
    assert parse_module(again).dependencies == (Dependency("system_part", 2, 1512),)
    assert not parse_module(bytes(changed)).crc_ok


@pytest.mark.cli
def test_the_particle_cli_finds_it_right(parts: dict[str, UserPart], tmp_path: Path) -> None:
    cli = ParticleCli(TOOLS.node, TOOLS.particle_cli(), tmp_path, "http://127.0.0.1:9")
    told = cli.inspect(parts["drapery"].module).text
    for line in (
        "CRC is ok",
        "Compiled for photon",
        "This is an application module number 1 at version 6",
        "It is firmware for product id 20003 at version 1",
        "It depends on a system module number 2 at version 2302",
    ):
        assert line in told


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_import_is_a_function_of_2_3_1_in_its_place(parts: dict[str, UserPart], variant: str) -> None:
    known, names = table(), symbols(parts[variant].elf)
    found = list(veneers(parts[variant].module.read_bytes()))
    assert len(found) > 60
    for veneer in found:
        function, since = known[veneer.pointer_at, veneer.index]
        assert since in ("0.7.0", "after 0.7.0"), function
        assert names[function] & ~1 == veneer.address, function
    # No other symbol of Device OS's name is anything else than such a call.
    theirs = {function for function, _ in known.values()}
    assert {names[name] & ~1 for name in names.keys() & theirs} == {veneer.address for veneer in found}


def test_the_tables_are_those_of_the_two_system_parts(parts: dict[str, UserPart]) -> None:
    found = {(v.pointer_at, v.index) for part in parts.values() for v in veneers(part.module.read_bytes())}
    assert {pointer for pointer, _ in found} >= set(PART_1.values()) | set(PART_2.values())
    # Some places as facts, not as data: newlib's state, the user's timers, the second product call.
    assert {(PART_2["rt"], 17), (PART_2["hal"], 5), (PART_1["communication"], 2), (PART_2["hal_gpio"], 6)} <= found


@pytest.mark.cli
def test_the_genuine_binaries_have_imports_of_the_same_shape() -> None:
    known = table()
    for name, some in (("tinker/tinker-0.4.5-photon.bin", "hal_pwm_write"), ("doctor/photon_doctor.bin", "panic_")):
        found = list(veneers((KNOWN_APPS / name).read_bytes()))
        assert len(found) > 30
        assert some in {known[veneer.pointer_at, veneer.index][0] for veneer in found}


@pytest.mark.cli
@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("tinker/tinker-0.4.5-photon.bin", {"digitalread", "digitalwrite", "analogread", "analogwrite"}),
        ("doctor/photon_doctor.bin", set()),
    ],
)
def test_the_genuine_binaries_run_on_the_tests_machine(name: str, functions: set[str]) -> None:
    """What ours are judged by takes Particle's own as they are."""
    pytest.importorskip("unicorn")
    from .photon import Photon

    photon = Photon((KNOWN_APPS / name).read_bytes())
    photon.start()
    photon.setup()
    photon.loop(100)
    assert set(photon.functions) == functions and photon.called("set_system_mode")


def test_the_decoder_sees_only_whole_veneers() -> None:
    short = struct.pack("<6HI", 0xB508, 0x4B02, 0x681B, 0x681B | 31 << 6, 0x9301, 0xBD08, 0x0806019C)
    long = struct.pack("<8HI", 0xB508, 0x4B03, 0x681B, 0xF8D3, 0x3090, 0x9301, 0xBD08, 0xBF00, 0x0806019C)
    assert list(veneers(short + bytes(8))) == [Veneer(0x080A0000, 0x0806019C, 31)]
    assert list(veneers(long + bytes(8))) == [Veneer(0x080A0000, 0x0806019C, 36)]
    for at in (0, 4, 8, 10):
        broken = bytearray(short + bytes(8))
        broken[at] ^= 0x40
        assert not list(veneers(bytes(broken)))


@pytest.mark.parametrize("name", ["HAL_IsDeviceClaimed", "panic_set_hook"])
def test_what_2_3_1_does_not_have_does_not_link(sketch: Compile, name: str) -> None:
    """Nothing offers the one; the other came with 3.3.1."""
    with pytest.raises(ModuleError, match=f"undefined reference to `{name}'"):
        sketch(f'extern "C" void {name}(void*);\nvoid setup() {{ {name}(nullptr); }}\nvoid loop() {{}}')


def test_what_does_not_fit_does_not_link(sketch: Compile) -> None:
    loop = "void loop() { Serial.print(big[millis()]); }"
    with pytest.raises(ModuleError, match="FLASH' overflowed"):
        sketch(f"const char big[131000] = {{1}};\nvoid setup() {{}}\n{loop}")
    with pytest.raises(ModuleError, match="16 KB of RAM"):
        sketch(f"char big[70000];\nvoid setup() {{}}\n{loop}")
    with pytest.raises(ModuleError, match="BACKUP' overflowed"):
        sketch(f"retained char big[3070];\nvoid setup() {{}}\n{loop}")
    with pytest.raises(ModuleError, match="needs a PRODUCT_VERSION"):
        sketch("PRODUCT_ID(7);\nvoid setup() {}\nvoid loop() {}")


def test_an_application_without_a_product_says_so(sketch: Compile) -> None:
    empty = "void setup() {}\nvoid loop() {}"
    module = parse_module(sketch(empty).module.read_bytes())
    assert (module.product_id, module.product_version) == (None, None)
    module = parse_module(sketch(f"PRODUCT_VERSION(7);\n{empty}").module.read_bytes())
    assert (module.product_id, module.product_version) == (None, 7)


def test_layouts_are_asserted_for_a_photon(tmp_path: Path) -> None:
    """Enumerations of another size are another interface: the headers refuse to compile."""
    source = tmp_path / "a.cpp"
    source.write_text('#include "device_os/functions.h"\n')
    argv = [
        "arm-none-eabi-g++",
        "-std=gnu++14",
        "-mcpu=cortex-m3",
        "-mthumb",
        "-fsyntax-only",
        f"-I{TOOLS.sdk() / 'include'}",
        str(source),
    ]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 0
    wide = subprocess.run([*argv, "-fno-short-enums"], capture_output=True, text=True, check=False)
    assert wide.returncode != 0 and "Spark_Data_TypeDef has another size on a Photon" in wide.stderr
