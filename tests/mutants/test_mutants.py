"""Faults put in on purpose: each still has its place in the program, and the tests of its own folder find it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .catalogue import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]

each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.fault for mutant in MUTANTS])


@each_mutant
def test_it_still_has_its_place_in_the_program(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1, f"{mutant.file} has changed; put the fault in anew"


@pytest.mark.soak
@pytest.mark.timeout(1800)
@each_mutant
def test_it_is_found(mutant: Mutant, tmp_path: Path) -> None:
    """In a copy: what is being worked on stays as it is."""
    folder = Path(mutant.file).parts[0]
    shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / mutant.file
    file.write_text(file.read_text().replace(mutant.old, mutant.new))
    run = _native if folder == "firmware" else _python
    assert run(mutant, tmp_path) == 1, f"not found: {mutant.fault}"


def _python(mutant: Mutant, copy: Path) -> int:
    """The exit code of pytest: 1 when a test failed."""
    words = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--basetemp", str(copy / "t"), mutant.tests]
    environment = {**os.environ, "PYTHONPATH": str(copy / "host")}
    return subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, check=False).returncode


def _native(mutant: Mutant, copy: Path) -> int:
    """The exit code of the native tests: 1 when one failed."""
    build, tools = copy / "build", Path(sys.executable).parent
    subprocess.run([tools / "cmake", "-S", copy / "firmware", "-B", build, "-G", "Ninja"], check=True)
    subprocess.run([tools / "ninja", "-C", build, "firmware_tests"], check=True)
    return subprocess.run([build / "firmware_tests", f"-tc={mutant.tests}"], check=False).returncode
