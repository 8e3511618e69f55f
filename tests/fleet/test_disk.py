"""Runs ``on_a_disk.py`` in a process whose changes to files can be watched, refused and cut off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif(sys.platform != "linux", reason="needs LD_PRELOAD")
@pytest.mark.parametrize(
    "which",
    [
        "not soak",
        pytest.param("soak", marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_on_a_disk_that_fails_nothing_acknowledged_is_lost(tmp_path: Path, which: str) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path / "disk.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, HERE / "disk.c", "-ldl"], check=True)
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-m",
        which,
    ]
    done = subprocess.run(
        [*words, "--timeout", "0", "--basetemp", str(tmp_path / "t"), str(HERE / "on_a_disk.py")],
        env=os.environ | {"LD_PRELOAD": str(library), "PYTEST_ADDOPTS": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout
