"""``./rig claims``: all flows, the 60 forum rows and every cell of the matrix, on virtual slots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.cli.claims_run import Claims, run_claims
from photonrig.errors import UsageError
from photonrig.scenarios.forum_2016_checks import SHOWN
from photonrig.scenarios.forum_2016_rows import ROWS
from photonrig.scenarios.matrix_cells import cells

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Toolchain(ROOT)


def test_flows_thread_and_matrix_hold_and_nothing_has_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "thread.md"
    chosen = Claims(("flows", "thread", "matrix"), ROOT / "docs" / "baseline.json", thread_page=page)
    held = run_claims(TOOLS, tmp_path / "report", chosen)
    told = capsys.readouterr().out
    assert held, told
    *_, last = told.splitlines()
    assert (
        last.startswith(f"held: {14 + 60 + len(cells())} cases, none changed since 20") and len(told.splitlines()) == 2
    )
    run = tmp_path / "report" / "claims" / "last"
    assert len(json.loads((run / "matrix.json").read_text())["cells"]) == len(cells())
    assert not any("Bearer" in text for text in (told, (run / "index.html").read_text()))
    # The page of the documentation is what this run would write.
    assert page.read_text() == (ROOT / "docs" / "thread.md").read_text()


def test_every_row_is_shown_or_says_why_not() -> None:
    assert [row.number for row in ROWS] == list(range(1, 61)) == sorted(SHOWN)
    for shown in SHOWN.values():
        assert shown.check is not None or shown.words
        # A verdict that claims to have seen something must have looked.
        assert shown.check is not None or shown.verdict in ("context", "in part", "not granted")


def test_words_that_make_no_sense_are_refused_before_anything_is_started(tmp_path: Path) -> None:
    for chosen in (
        Claims(("thread",), since="last"),
        Claims(("matrix",), tmp_path / "none.json"),
        Claims(("matrix",), None, update_baseline=True),
    ):
        with pytest.raises(UsageError):
            run_claims(TOOLS, tmp_path / "report", chosen)
    assert not (tmp_path / "report").exists()
