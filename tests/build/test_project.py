"""Which files a project is made of, and where the libraries it depends on come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.build.compile import CompileFailed, compile_project
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain
from photonrig.errors import UsageError

TOOLS = Toolchain(Path(__file__).parents[2])

USES = b'#include "x.h"\nvoid setup() { x(); }\n'
X_H, X_CPP = b"#pragma once\nvoid x();\n", b'#include "x.h"\nvoid x() {}\n'
BROKEN = b"#error not to be compiled\n"


def tree(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("inside", ["lib/x/src", "lib/x", "src"])
def test_libraries_with_and_without_src(inside: str) -> None:
    files = {"src/app.ino": USES, f"{inside}/x.h": X_H, f"{inside}/x.cpp": X_CPP}
    compile_project(files | {"lib/x/examples/a/a.ino": BROKEN, "lib/x/test/t.cpp": BROKEN}, TOOLS.sdk())


def test_of_a_library_with_src_only_src_is_compiled() -> None:
    files = {"src/app.ino": USES, "lib/x/src/x.h": X_H, "lib/x/src/x.cpp": X_CPP, "lib/x/more.cpp": BROKEN}
    compile_project(files, TOOLS.sdk())
    with pytest.raises(CompileFailed, match=r"^lib/y/more\.cpp:1:2: error"):
        compile_project(files | {"lib/y/more.cpp": BROKEN}, TOOLS.sdk())


def test_a_single_file_is_a_project(tmp_path: Path) -> None:
    tree(tmp_path, {"blink.ino": b"void setup() {}\n", "other.ino": BROKEN})
    assert collect_project(tmp_path / "blink.ino") == {"blink.ino": b"void setup() {}\n"}


def test_dependencies_come_from_lib_or_from_a_named_folder(tmp_path: Path) -> None:
    project = tree(tmp_path / "p", {"src/app.ino": USES, "project.properties": b"name=p\ndependencies.x=1.2.0\n"})
    with pytest.raises(
        UsageError, match=r"^\S+/p depends on the library x 1\.2\.0, which is not in lib: run .*--libraries$"
    ):
        collect_project(project)
    shelf = tree(tmp_path / "shelf", {"X/src/x.h": X_H, "X/src/x.cpp": b'#include "y.h"\nvoid x() { y(); }\n'})
    tree(shelf, {"X/library.properties": b"name=X\nversion=1.2.0\ndependencies.y=1.0.0\n", "Z/src/z.cpp": BROKEN})
    with pytest.raises(UsageError, match=r"depends on the library y 1\.0\.0, which is not in lib or \S+/shelf"):
        collect_project(project, shelf)
    tree(shelf, {"y/y.h": b"inline void y() {}\n"})
    files = collect_project(project, shelf)
    assert {name for name in files if name.startswith("lib/")} == {
        "lib/x/src/x.h",
        "lib/x/src/x.cpp",
        "lib/x/library.properties",
        "lib/y/y.h",
    }
    compile_project(files, TOOLS.sdk())


def test_a_project_s_own_library_comes_before_that_of_a_folder(tmp_path: Path) -> None:
    project = tree(tmp_path / "p", {"src/app.ino": USES, "project.properties": b"dependencies.x=1.0.0\n"})
    tree(project, {"lib/x/src/x.h": X_H, "lib/x/src/x.cpp": X_CPP})
    assert collect_project(project, tree(tmp_path / "shelf", {"x/src/x.cpp": BROKEN}))["lib/x/src/x.cpp"] == X_CPP


def test_a_folder_without_sources_is_no_project(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="holds no firmware sources"):
            collect_project(folder)


def test_a_sketch_s_cpp_takes_the_place_of_one_beside_it() -> None:
    sketch = b"int twice(int x) { return 2 * x; }\nvoid setup() { twice(1); }\n"
    compile_project({"src/app.ino": sketch, "src/app.cpp": BROKEN}, TOOLS.sdk())
    with pytest.raises(CompileFailed, match="not to be compiled"):
        compile_project({"src/app.ino": sketch, "src/other.cpp": BROKEN}, TOOLS.sdk())
