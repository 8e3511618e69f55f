"""The gate for the real target: what is measured, and what makes it fail."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from photonrig.build.compile import compile_project
from photonrig.build.size import FLASH, RAM, STACK, Size, compare, compiler, measure, read_table, size_of, write_table
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS
from photonrig.errors import ModuleError, UsageError
from photonrig.trials.figures import with_run

TOOLS = Toolchain(Path(__file__).parents[2])
NAMED = compiler()
needs_compiler = pytest.mark.skipif(NAMED is None, reason="no cross compiler here; ./rig size installs or names it")


def test_a_table_is_read_as_it_was_written(tmp_path):
    sizes = {"roller": Size(20000, 2500, 1100, 500, 1800), "venetian": Size(21000, 2600)}
    write_table(tmp_path / "size.md", "gcc 1", sizes)
    assert read_table(tmp_path / "size.md") == ("gcc 1", sizes)
    with pytest.raises(UsageError, match="--write"):
        read_table(tmp_path / "none.md")


@needs_compiler
def test_growth_beyond_two_per_cent_fails_until_it_is_stated():
    stated = {"roller": Size(20000, 2500)}
    assert compare({"roller": Size(20400, 2550)}, NAMED, stated) == []
    assert compare({"roller": Size(20401, 2500)}, NAMED, stated) == [
        "roller has grown from 20000 to 20401 bytes of flash (+2.0%)"
    ]
    assert "static RAM" in compare({"roller": Size(20000, 2551)}, NAMED, stated)[0]
    run = {"roller": Size(20000, 2500, 1000, 500, 1800)}
    assert compare({"roller": Size(20000, 2500, 1020, 510, 1836)}, NAMED, run) == []
    assert compare({"roller": Size(20000, 2500, 1021, 511, 1837)}, NAMED, run) == [
        "roller has grown from 1000 to 1021 bytes of stack (+2.1%)",
        "roller has grown from 500 to 511 bytes of heap (+2.2%)",
        "roller has grown from 1800 to 1837 instructions of a loop (+2.1%)",
    ]
    assert compare({"drapery": Size(1, 1)}, NAMED, stated) == ["drapery is not in the table"]
    assert compare({"roller": Size(60000, 2500)}, "another compiler", stated) == []
    assert len(compare({"roller": Size(FLASH + 1, RAM + 1)}, "another compiler", stated)) == 2


@needs_compiler
def test_every_variant_is_in_the_table_and_no_larger():
    sizes = with_run(TOOLS, measure(TOOLS, VARIANTS))
    assert compare(sizes, *read_table(TOOLS.root / "firmware" / "size.md")) == []
    assert all(size.flash > 10000 and size.ram > 1000 for size in sizes.values())
    assert all(100 < size.stack < STACK and size.heap > 100 and size.loop > 100 for size in sizes.values())


def measured(source: str) -> Size:
    """Of an application that is this one file."""
    with tempfile.TemporaryDirectory() as folder:
        module = Path(folder) / "odd.bin"
        made = compile_project({"src/odd.cpp": source.encode()}, TOOLS.sdk(), strict=True)
        module.write_bytes(made.image)
        module.with_suffix(".elf").write_bytes(made.elf)
        return size_of(module)


@needs_compiler
def test_a_warning_is_an_error():
    with pytest.raises(ModuleError, match="unused"):
        measured("int f(int a) { int unused; return a; }\n")


@needs_compiler
@pytest.mark.parametrize(
    ("declared", "call", "named"),
    [
        ('extern "C" bool HAL_IsDeviceClaimed(void*);', "HAL_IsDeviceClaimed(nullptr)", "HAL_IsDeviceClaimed"),
        # In Device OS 3.3.1 and not before.
        (
            'extern "C" int spark_protocol_get_connection_property(int);',
            "spark_protocol_get_connection_property(1)",
            "spark_protocol_get_connection_property",
        ),
        ('extern "C" int vphoton_app_system_mode();', "vphoton_app_system_mode()", "vphoton_app_system_mode"),
        ("namespace vphoton { int device(); }", "vphoton::device()", r"vphoton::device\(\)"),
        ("extern int nowhere;", "nowhere", "nowhere"),
        # In the headers of the C library, and in no library.
        ("#include <sys/stat.h>", 'mkdir("a", 0)', "mkdir"),
    ],
)
def test_what_no_photon_has_does_not_link(declared, call, named):
    setup = f"void setup() {{ delay(static_cast<unsigned>({call})); }}"
    source = f'#include "Particle.h"\n{declared}\n{setup}\nvoid loop() {{}}\n'
    with pytest.raises(ModuleError, match=f"undefined reference to `{named}'"):
        measured(source)


@needs_compiler
def test_what_device_os_wiring_and_the_compiler_have_links():
    source = """
#include "Particle.h"
#include "dct_hal.h"
#include "softap_http.h"
class Text : public Print {
 public:
  size_t write(uint8_t c) override { return c; }
};
void page(const char*, ResponseCallback*, void*, Reader*, Writer*, void*) {}
STARTUP(softap_set_application_page_handler(page, nullptr))
Text text;
void setup() {
  static Timer timer(1000, []() { WiFi.listen(); });
  char claimed;
  dct_read_app_data_copy(0, &claimed, 1);
  text.printlnf("%s %f", Time.format(Time.now()).c_str(), sqrt(millis()));
  Particle.publish("a", new char[static_cast<unsigned>(random(10))]);
}
void loop() {}
"""
    assert 4000 < measured(source).flash < FLASH


@needs_compiler
def test_sizes_are_those_of_the_image_and_of_its_variables():
    empty = measured('#include "Particle.h"\nvoid setup() {}\nvoid loop() {}\n')
    data = "char zeros[4000]; char ones[2000] = {1};\nvoid loop() { Serial.print(zeros[millis()] + ones[micros()]); }\n"
    large = measured(f'#include "Particle.h"\nvoid setup() {{}}\n{data}')
    assert 6000 <= large.ram - empty.ram < 6200
    assert 2000 <= large.flash - empty.flash < 3500
