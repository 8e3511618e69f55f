"""A run of selected tests builds and starts what they need, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

def test_it(photon, cloud): assert photon.variant
def test_cloud(cloud): assert cloud.product_id
@pytest.mark.variant("broken")
def test_broken(photon): pass
"""


def ran(project: Path, *words: str) -> tuple[str, list[str]]:
    report = project / "report"
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rig-report={report}", *words]
    said = subprocess.run(argv, cwd=project, capture_output=True, text=True, check=False)
    tests = json.loads((report / "results.json").read_text())["tests"]
    slots = [dict(test["attempts"][-1]["facts"]).get("slots", "") for test in tests]
    return said.stdout + said.stderr, slots


def test_only_selected_variants_are_compiled_and_started(tmp_path: Path) -> None:
    for name, source in (("one", "void setup() {}"), ("two", "void setup() {}"), ("broken", "#error no")):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / f"{name}.ino").write_text(source)
    variants = "".join(f"    {name} = {name}\n" for name in ("one", "two", "broken"))
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nphotonrig_variants =\n{variants}")
    (tmp_path / "test_selected.py").write_text(TESTS)
    said, slots = ran(tmp_path, "-k", "two")
    assert "1 passed" in said and slots == ["two (virtual)"], said
    said, slots = ran(tmp_path, "test_selected.py::test_cloud")
    assert "1 passed" in said and slots == ["one (virtual)"], said
    said, slots = ran(tmp_path, "test_selected.py::test_it[two]", "test_selected.py::test_broken[broken]")
    assert "2 errors" in said and "#error no" in said, said
