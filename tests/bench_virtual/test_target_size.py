"""The gate for the real target: what is measured, and what makes it fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.bench.target_size import FLASH, RAM, Size, compare, compiler, measure, read_table, write_table
from photonrig.bench.toolchain import Toolchain
from photonrig.bench.virtual.variants import VARIANTS
from photonrig.errors import ModuleError, UsageError

TOOLS = Toolchain(Path(__file__).parents[2])
NAMED = compiler()
needs_compiler = pytest.mark.skipif(NAMED is None, reason="no cross compiler here; ./rig size installs or names it")


def test_a_table_is_read_as_it_was_written(tmp_path):
    sizes = {"roller": Size(20000, 2500), "venetian": Size(21000, 2600)}
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
    assert compare({"drapery": Size(1, 1)}, NAMED, stated) == ["drapery is not in the table"]
    assert compare({"roller": Size(60000, 2500)}, "another compiler", stated) == []
    assert len(compare({"roller": Size(FLASH + 1, RAM + 1)}, "another compiler", stated)) == 2


@needs_compiler
def test_every_variant_is_in_the_table_and_no_larger():
    sizes = measure(TOOLS, VARIANTS)
    assert compare(sizes, *read_table(TOOLS.root / "firmware" / "size.md")) == []
    assert all(size.flash > 10000 and size.ram > 1000 for size in sizes.values())


@needs_compiler
def test_a_warning_is_an_error(tmp_path):
    firmware = tmp_path / "firmware"
    for folder in ("shade", "vphoton"):
        (firmware / folder).parent.mkdir(exist_ok=True)
        (firmware / folder).symlink_to(TOOLS.root / "firmware" / folder)
    source = firmware / "variants" / "odd" / "src"
    source.mkdir(parents=True)
    (source / "odd.cpp").write_text("int f(int a) { int unused; return a; }\n")
    with pytest.raises(ModuleError, match="unused"):
        measure(Toolchain(tmp_path), ["odd"])
