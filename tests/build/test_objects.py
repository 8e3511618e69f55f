"""What is reused of a project's earlier build, and that the module is that of a build from nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.build.compile import CompileFailed, compile_project
from photonrig.build.toolchain import Toolchain

TOOLS = Toolchain(Path(__file__).parents[2])

PROJECT = {
    "src/app.ino": b'#include "x.h"\nvoid setup() { x(); }\n',
    "src/more.cpp": b'#include "x.h"\nint more = SIZE;\nint again() { return more; }\n',
    "lib/x/src/x.h": b"#pragma once\n#define SIZE 3\nvoid x();\nint again();\n",
    "lib/x/src/x.cpp": b'#include "x.h"\nvoid x() { again(); }\n',
}


def kept(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.o")}


@pytest.mark.parametrize(
    ("name", "old", "new", "compiled"),
    [
        ("src/more.cpp", b"return more", b"return more + 1", 1),
        ("src/app.ino", b"x();", b"x(); again();", 1),
        ("lib/x/src/x.h", b"SIZE 3", b"SIZE 4", 3),
        ("src/new.h", b"", b"int unused;\n", 3),
    ],
)
def test_what_changed_is_compiled(tmp_path: Path, name: str, old: bytes, new: bytes, compiled: int) -> None:
    folder = tmp_path / "kept"
    compile_project(PROJECT, TOOLS.sdk(), kept=folder)
    before = kept(folder)
    changed = PROJECT | {name: PROJECT.get(name, b"").replace(old, new, 1)}
    made = compile_project(changed, TOOLS.sdk(), kept=folder)
    assert (len(before), len(kept(folder)), len(kept(folder) - before)) == (3, 3, compiled)
    assert made == compile_project(changed, TOOLS.sdk())
    assert made == compile_project(changed, TOOLS.sdk(), kept=folder)  # with nothing left to compile


def test_what_is_compiled_otherwise_is_compiled_anew(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    files = PROJECT | {"src/more.cpp": b"int again() { int unused; return SYSTEM_VERSION; }\n"}
    compile_project(files, TOOLS.sdk(), "2.3.1", kept=folder)
    assert compile_project(files, TOOLS.sdk(), kept=folder) == compile_project(files, TOOLS.sdk())
    with pytest.raises(CompileFailed, match=r"^src/more\.cpp:1:\d+: error: unused variable"):
        compile_project(files, TOOLS.sdk(), strict=True, kept=folder)


@pytest.mark.parametrize(
    "source",
    [
        b'#include "../lib/x/src/other.cpp"\n',
        b"#define OTHER <x.h>\n#include OTHER\n",
        b"const char *when = __TIME__;\n",
        b'asm(".incbin \\"src/app.ino\\"");\n',
    ],
)
def test_nothing_is_kept_of_what_depends_on_more(tmp_path: Path, source: bytes) -> None:
    files = PROJECT | {"src/odd.cpp": source, "lib/x/src/other.cpp": b""}
    compile_project(files, TOOLS.sdk(), kept=tmp_path / "kept")
    assert kept(tmp_path / "kept") == set()


def test_an_error_names_the_source_that_was_compiled(tmp_path: Path) -> None:
    compile_project(PROJECT, TOOLS.sdk(), kept=tmp_path)
    with pytest.raises(CompileFailed, match=r"^src/more\.cpp:1:\d+: error: 'oops'"):
        compile_project(PROJECT | {"src/more.cpp": b"int again() { return oops; }\n"}, TOOLS.sdk(), kept=tmp_path)
