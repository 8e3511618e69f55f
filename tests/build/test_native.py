"""The native build: what is asked for, once for all who ask, and anew when what it was configured with has gone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from photonrig.build import system_parts, user_part
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_project, variant_project
from photonrig.errors import ToolError

ROOT = Path(__file__).parents[2]
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(small CXX)
add_executable(vphoton vphoton.cpp)
add_executable(firmware_tests tests.cpp)
add_executable(surface surface.cpp)
"""


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    """The targets of the real build, each of one line."""
    firmware = tmp_path / "root" / "firmware"
    firmware.mkdir(parents=True)
    (firmware / "CMakeLists.txt").write_text(CMAKE)
    for name in ("vphoton", "tests", "surface"):
        (firmware / f"{name}.cpp").write_text("int main() {}\n")
    return Toolchain(tmp_path / "root", tmp_path / "made")


def made(tools: Toolchain) -> set[str]:
    names = ("vphoton", "firmware_tests", "surface")
    return {name for name in names if (tools.work / "build" / name).exists()}


def test_only_what_is_asked_for_is_built(tools: Toolchain, capsys: pytest.CaptureFixture[str]) -> None:
    tools.native()
    assert made(tools) == {"vphoton"}
    assert "building the virtual Photon" in capsys.readouterr().err
    tools.native()
    assert capsys.readouterr().err == ""
    tools.native_tests()
    assert made(tools) == {"vphoton", "firmware_tests"}
    tools.surface()
    assert made(tools) == {"vphoton", "firmware_tests", "surface"}


def test_the_real_build_has_these_targets() -> None:
    text = (ROOT / "firmware" / "CMakeLists.txt").read_text()
    assert {"vphoton", "surface", "firmware_tests"} <= set(re.findall(r"add_executable\((\w+)", text))


def test_a_build_whose_cmake_has_gone_is_made_anew(tools: Toolchain) -> None:
    # As after a .rig/venv that was made anew with another Python: every path in the build is of the former one.
    tools.native()
    build = tools.work / "build"
    (cmake,) = set(re.findall(r"^CMAKE_COMMAND:INTERNAL=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE))
    for path in (build / "build.ninja", build / "CMakeCache.txt", build / "made-from"):
        path.write_text(path.read_text().replace(cmake, "/gone/cmake").replace(sys.prefix, "/gone"))
    (tools.root / "firmware" / "CMakeLists.txt").touch()  # makes ninja call cmake
    (build / "vphoton").unlink()
    assert tools.native().exists()


def test_a_checkout_that_was_moved_is_built_anew(tools: Toolchain, tmp_path: Path) -> None:
    tools.native()
    shutil.move(tmp_path / "root", tmp_path / "elsewhere")
    assert Toolchain(tmp_path / "elsewhere", tools.work).native().exists()


def test_a_configuration_that_was_killed_is_made_anew(tools: Toolchain) -> None:
    tools.native()
    build = tools.work / "build"
    (build / "made-from").unlink()
    (build / "build.ninja").write_text("rule half")
    tools.native()


def test_two_at_once_build_once(tools: Toolchain) -> None:
    script = """
import sys
from pathlib import Path
from photonrig.build.toolchain import Toolchain
Toolchain(Path(sys.argv[1]), Path(sys.argv[2])).native()
"""
    argv = [sys.executable, "-c", script, str(tools.root), str(tools.work)]
    running = [subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=100)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert "".join(said).count("building the virtual Photon ...") == 1
    assert sum("waiting for another process" in each for each in said) == 3


def test_what_is_wrong_with_the_sources_is_one_line(tools: Toolchain) -> None:
    (tools.root / "firmware" / "vphoton.cpp").write_text("int main() { return nothing; }\n")
    with pytest.raises(ToolError, match=r"the virtual Photon cannot be built: \S*vphoton.cpp:1:\d+: error: ") as failed:
        tools.native()
    assert "\n" not in str(failed.value)
    (tools.root / "firmware" / "CMakeLists.txt").write_text("project(x)\nfind_package(Nowhere REQUIRED)\n")
    with pytest.raises(ToolError, match=r"cannot be built: CMake Error at .*CMakeLists.txt:2 .*Nowhere") as failed:
        tools.native()
    assert "\n" not in str(failed.value)


def test_a_half_written_module_is_built_anew(tmp_path: Path) -> None:
    tools = Toolchain(ROOT, tmp_path)
    project = variant_project(tools, "roller")
    module = build_project(tools, "roller", project)
    whole = module.read_bytes()
    # Killed while the module of other sources was written, and back at the former sources.
    os.truncate(module, 100)
    module.with_suffix(".made-from").unlink()
    assert build_project(tools, "roller", project).read_bytes()[:24] == whole[:24]
    assert module.stat().st_size == len(whole)


def test_missing_parts_are_told_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as missing:
        system_parts.require(tmp_path / "made", "c++", "OpenSSL headers", install=False)
    said = str(missing.value)
    assert said.startswith("missing: c++, OpenSSL headers; install with: sudo apt-get install g++ libssl-dev (Debian")
    assert "\n" not in said and not (tmp_path / "made").exists()


def test_the_photons_compiler_is_told_by_its_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as missing:
        system_parts.require(tmp_path / "made", *user_part.PARTS, install=False)
    said = str(missing.value)
    packages = "gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-dev"
    assert f"install with: sudo apt-get install {packages} (Debian" in said
    assert said.endswith("brew install --cask gcc-arm-embedded (macOS)") and "\n" not in said


def test_a_compiler_without_its_libraries_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / user_part.COMPILER
    bare.write_text("#!/bin/sh\ncase $* in *-print-file-name=*) echo libc_nano.a ;; *) exit 1 ;; esac\n")
    bare.chmod(0o755)
    (tmp_path / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_parts.find(tmp_path / "made", *user_part.PARTS) == {user_part.COMPILER: str(bare)}


def test_a_part_that_went_away_is_looked_for_again(tmp_path: Path) -> None:
    found = system_parts.find(tmp_path, "OpenSSL headers")
    kept = tmp_path / "system-parts.json"
    kept.write_text('{"OpenSSL headers": "/gone/openssl/evp.h"}')
    assert system_parts.find(tmp_path, "OpenSSL headers") == found
    kept.write_text("no JSON")
    assert system_parts.find(tmp_path, "OpenSSL headers") == found


APT = """#!/bin/sh
echo "apt-get $*" >>"$0.calls"
case $1 in
  update) echo "W: Failed to fetch http://deb.invalid/InRelease  Could not resolve 'deb.invalid'" ;;
  install) echo "E: Unable to locate package g++"; exit 100 ;;
esac
"""


@pytest.mark.skipif(os.getuid() != 0, reason="apt-get is asked by root only")
def test_apt_get_without_a_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "apt-get").write_text(APT)
    (tmp_path / "apt-get").chmod(0o755)
    for name in ("sh", "cat"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as failed:
        system_parts.require(tmp_path / "made", "c++", install=True)
    said = "apt-get cannot install g++: Failed to fetch http://deb.invalid/InRelease Could not resolve 'deb.invalid'; "
    assert str(failed.value).startswith(said)
    # Ended well, and brought nothing.
    (tmp_path / "apt-get").write_text("#!/bin/sh\n")
    with pytest.raises(ToolError, match=r"^missing: c\+\+; install with: "):
        system_parts.require(tmp_path / "made", "c++", install=True)
