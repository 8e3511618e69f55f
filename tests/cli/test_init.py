"""``photonrig init``: what it writes works, and nothing of the user's is written over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from photonrig.cli.init_run import run_init

EMPTY = {
    "project.properties",
    "src/lamp.ino",
    "tests/test_firmware.py",
    "pytest.ini",
    "rig.toml",
    ".github/workflows/firmware.yml",
}


def written(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("rig", [(), ("--rig", "rig.toml")])
def test_an_empty_folder_becomes_a_project_whose_tests_pass_and_can_fail(tmp_path: Path, rig: tuple[str, ...]) -> None:
    folder = tmp_path / "lamp"
    run_init(folder)
    assert written(folder) == EMPTY
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *rig]
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-1].split(" in ")[0]) == (0, "2 passed"), ran.stdout + ran.stderr
    sketch = folder / "src" / "lamp.ino"
    sketch.write_text(sketch.read_text().replace("? 1 : 0", "? 0 : 1"))
    ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "firmware: call('set', 'on'): expected 1; seen: 0" in ran.stdout


def test_a_project_keeps_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.cpp").write_text("mine\n")
    (tmp_path / "pytest.ini").write_text("mine too\n")
    run_init(tmp_path)
    assert (tmp_path / "pytest.ini").read_text() == "mine too\n"
    assert f"left as it is: {tmp_path}/pytest.ini\n" in capsys.readouterr().out
    assert written(tmp_path) - EMPTY == {"src/main.cpp"}
    assert not (tmp_path / "src" / "lamp.ino").exists() and not (tmp_path / "project.properties").exists()
    before = {name: (tmp_path / name).read_bytes() for name in written(tmp_path)}
    run_init(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in written(tmp_path)} == before


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "p"
    folder.mkdir()
    (folder / "rig.toml").symlink_to(outside)
    run_init(folder)
    assert not outside.exists()
