"""The compile service: real projects, bad projects, sketches."""

import subprocess
from pathlib import Path

import pytest

from photonrig.build.compile import CompileFailed, compile_project
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain
from photonrig.errors import ModuleError, UsageError
from photonrig.particle.module import check_user_part, parse_module

FIRMWARE = Path(__file__).parents[3] / "firmware"
SDK = Toolchain(FIRMWARE.parent).sdk()
MAIN = b'#include "Particle.h"\nvoid setup() { Serial.begin(9600); }\nvoid loop() {}\n'


def test_the_roller_variant_compiles_as_its_product() -> None:
    files = collect_project(FIRMWARE / "variants" / "roller")
    assert "lib/shade/src/shade.h" in files  # through the symbolic link
    made = compile_project(files, SDK)
    module = parse_module(made.image)
    check_user_part(module)
    assert (module.product_id, module.product_version) == (20001, 1)
    header, sizes = made.size_info.strip().split("\n")
    assert header.split() == ["text", "data", "bss", "dec", "hex", "filename"]
    assert sizes.split()[-1] == "firmware.elf"


def test_a_single_file_compiles_and_states_no_product() -> None:
    module = parse_module(compile_project({"main.cpp": MAIN}, SDK).image)
    assert (module.product_id, module.product_version) == (None, None)


def test_a_sketch_may_use_functions_before_they_are_defined() -> None:
    sketch = b"PRODUCT_ID(7);\nPRODUCT_VERSION(9);\nvoid setup() { blink(2); }\nvoid loop() {}\nvoid blink(int n) {}\n"
    module = parse_module(compile_project({"src/main.ino": sketch}, SDK).image)
    assert (module.product_id, module.product_version) == (7, 9)


def test_a_sketchs_errors_name_its_own_lines() -> None:
    with pytest.raises(CompileFailed, match=r"^src/main\.ino:2:\d+: error: .*oops"):
        compile_project({"src/main.ino": b"void setup() {}\nvoid loop() { oops(); }\n"}, SDK)


def test_libraries_and_c_sources_take_part_and_examples_do_not() -> None:
    files = {
        "src/main.cpp": b'#include "lamp.h"\n#include "Particle.h"\nvoid setup() { lamp_on(); }\nvoid loop() {}\n',
        "lib/lamp/src/lamp.h": b'extern "C" void lamp_on();\n',
        "lib/lamp/src/lamp.c": b"int class; void lamp_on(void) { class = 1; }\n",
        "lib/lamp/examples/a/a.ino": b"this is no program\n",
        "project.properties": b"name=x\n",
    }
    assert parse_module(compile_project(files, SDK).image).crc_ok


@pytest.mark.parametrize(
    "source",
    [
        b"int x = oops;\n",
        b"#error no\n",
        b"\xff\xfe\0",
        b'#include "gone.h"\n',
    ],
)
def test_what_does_not_compile_says_why_without_naming_this_machine(source: bytes) -> None:
    with pytest.raises(CompileFailed) as caught:
        compile_project({"src/main.cpp": source}, SDK)
    assert caught.value.compiler_output
    assert str(SDK) not in caught.value.compiler_output
    assert "photonrig-build" not in caught.value.compiler_output + str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x.cpp",
            "/etc/x.cpp",
            "src/../../x.cpp",
            "..\\x.cpp",
            "C:\\x.cpp",
            "",
            ".",
            "a\0.cpp",
            "a\nb.cpp",
            "a\r.cpp",
        ),
        *(
            "src/./main.cpp",
            "src\\main.cpp",
            "a\ud800.cpp",
            "x.h.gch",
            "x.PCH/a",
            "a/" * 40 + "x",
            "a" * 250,
            "b" * 1001,
        ),
    ],
)
def test_paths_stay_within_the_project(name: str) -> None:
    with pytest.raises(UsageError):
        compile_project({"src/main.cpp": MAIN, name: b"int x;"}, SDK)


def test_projects_keep_their_folders_and_names() -> None:
    """Nested folders, includes upwards and downwards, names with spaces and in any script, sketches beside sources."""
    files = {
        "src/main.ino": b'#include "parts/lamp.h"\nvoid setup() { lamp(); } void loop() { x(); }\n',
        "src/main.ino.cpp": b"int x() { return 1; }\n",
        "src/parts/lamp.h": b'#pragma once\n#include "../limits/most lamps.h"\nint lamp();\nint x();\n',
        "src/parts/(a) l\u00e4mp \u706f &'.cpp": b'#include "lamp.h"\n#include <deep.h>\nint lamp() { return MOST; }\n',
        "src/limits/most lamps.h": b"#define MOST 7\n",
        "lib/Deep-1.0/src/deep.h": b'#ifdef __cplusplus\nextern "C"\n#endif\nint deep();\n',
        "lib/Deep-1.0/src/a/b/deep.c": b'#include "../../deep.h"\n#include "tab.inc"\nint deep() { return one; }\n',
        "lib/Deep-1.0/src/a/b/tab.inc": b"enum { one = 1 };\n",
        "-I.cpp": b"",
        "@main.c": b"int class;\n",
        "\ufeffodd.cpp": b"\xef\xbb\xbfint odd;\n",
    }
    assert parse_module(compile_project(files, SDK).image).crc_ok


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("src/a b.cpp", b"int x = oops;", "src/a b.cpp:1:9: error: 'oops' was not declared in this scope"),
        ("@x.cpp", b"int x = oops;", "@x.cpp:1:9: error: 'oops' was not declared in this scope"),
        ("x.cpp", b'\n#include "y.h"', "x.cpp:2:10: fatal error: y.h: No such file or directory"),
        ("lib/l/src/x.cpp", b"#error no", "lib/l/src/x.cpp:1:2: error: #error no"),
        ('src/"x".ino', b"\n\n#error no", 'src/"x".ino:3:2: error: #error no'),
        ("src/x.cpp", b'void f() { asm("oops"); }', "src/x.cpp: Error: bad instruction `oops'"),
        ("src/x.cpp", b'#include "main.cpp"', "multiple definition of `setup()'"),
    ],
)
def test_errors_name_the_file_that_was_sent(name: str, text: bytes, said: str) -> None:
    with pytest.raises(CompileFailed) as caught:
        compile_project({"src/main.cpp": MAIN, name: text}, SDK)
    assert said in str(caught.value)
    assert "./" not in caught.value.compiler_output


def test_an_error_in_a_header_tells_who_included_it() -> None:
    with pytest.raises(CompileFailed, match=r"^src/b\.h:1:2: error") as caught:
        compile_project({"main.cpp": b'#include "a.h"', "a.h": b'#include "src/b.h"', "src/b.h": b"#error no"}, SDK)
    assert caught.value.compiler_output.startswith("In file included from a.h:1,\n                 from main.cpp:1:\n")


def test_sources_know_their_file_by_the_name_it_was_sent_under() -> None:
    check = b'static_assert(__builtin_strcmp(__FILE__, "%b") == 0 && __builtin_strcmp(__BASE_FILE__, "%b") == 0, "");'
    files = {name: check % ((name.encode(),) * 2) for name in ("x.cpp", "src/y.cpp", "lib/z/src/z.cpp")}
    compile_project({"main.cpp": MAIN} | files, SDK)


def test_sizes_are_those_that_size_prints(tmp_path: Path) -> None:
    source = MAIN + b"int zeros[1000]; int ones[500] = {1}; const int fixed[300] = {1};\n"
    source += b"void f() { Serial.print(zeros[1] + ones[2] + fixed[3]); }\nSTARTUP(f());\n"
    made = compile_project({"main.cpp": source}, SDK)
    (tmp_path / "firmware.elf").write_bytes(made.elf)
    said = subprocess.run(
        ["arm-none-eabi-size", "firmware.elf"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert made.size_info == said


def test_one_name_cannot_be_file_and_folder() -> None:
    with pytest.raises(UsageError):
        compile_project({"src": b"", "src/main.cpp": MAIN}, SDK)


def test_nothing_to_compile_and_unknown_targets() -> None:
    with pytest.raises(ModuleError):
        compile_project({"README.md": b"hello"}, SDK)
    with pytest.raises(UsageError):
        compile_project({"main.cpp": MAIN}, SDK, "9.9.9")
    with pytest.raises(UsageError):
        compile_project({"main.cpp": MAIN}, FIRMWARE)


def test_a_module_that_would_not_fit_is_refused() -> None:
    big = b'#include "Particle.h"\nconst char big[200000] = {1};\nvoid setup() { Serial.print(big); }\nvoid loop() {}\n'
    with pytest.raises(ModuleError, match="region `FLASH' overflowed by"):
        compile_project({"main.cpp": big}, SDK)
