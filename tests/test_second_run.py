"""./rig test: a test that fails beside others and holds alone is named and lets the run pass; any other fails it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tasks

ONCE = """
from pathlib import Path
def test_once():
    seen = Path(__file__).with_suffix(".seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""
ALWAYS = "def test_always(): assert False\n"
HOLDS = "def test_holds(): pass\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tasks, "ROOT", tmp_path)
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist.plugin")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_holds.py").write_text(HOLDS)
    return tmp_path


def test_one_that_holds_alone_is_named(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_once.py").write_text(ONCE)
    tasks.pytest(only="")
    assert capfd.readouterr().err.endswith("held alone, so mend them: test_once.py::test_once\n")


def test_one_that_fails_again_fails_the_run(project: Path) -> None:
    (project / "test_once.py").write_text(ONCE)
    (project / "test_always.py").write_text(ALWAYS)
    with pytest.raises(SystemExit):
        tasks.pytest(only="")


def test_many_are_not_run_again(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for number in range(tasks.UNSTEADY + 1):
        (project / f"test_once_{number}.py").write_text(ONCE)
    with pytest.raises(SystemExit):
        tasks.pytest(only="")
    assert "once more" not in capfd.readouterr().err


def test_what_an_earlier_run_left_counts_no_more(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "test_always.py").write_text(ALWAYS)
    with pytest.raises(SystemExit):
        tasks.pytest(only="")
    (project / "test_always.py").unlink()
    (project / "test_once.py").write_text(ONCE)
    tasks.pytest(only="")
    assert capfd.readouterr().err.endswith("mend them: test_once.py::test_once\n")


def test_a_run_that_holds_says_nothing_of_it(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tasks.pytest(only="")
    assert capfd.readouterr().err == ""
