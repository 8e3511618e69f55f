"""The matrix as data: every cell has a known request, token and source; baselines tell what has changed."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from photonrig.errors import UsageError
from photonrig.report.matrix import MatrixRun, print_matrix, write_matrix
from photonrig.scenarios.matrix import NOT_RUN, Observation
from photonrig.scenarios.matrix_baseline import Baseline, changes
from photonrig.scenarios.matrix_cells import FAMILIES, TOKENS, Cell, Expectation, cells, parse

OUTCOMES = {"200", "201", "204", "400", "401", "403", "404", "408", "listed", "missing", "hears", "silent"}


def seen(cell: Cell, outcome: str) -> Observation:
    return Observation(cell, outcome, "200 {}", "2026-01-31T00:00:00+00:00")


def cell(family: str = "claim", token: str = "C", outcome: str = "200") -> Cell:
    return Cell("today", "unowned", family, token, Expectation(outcome, "t"))


def test_every_cell_is_asked_once_and_has_a_known_outcome() -> None:
    assert len({each.key for each in cells()}) == len(cells()) > 1000
    assert {each.expected.outcome for each in cells()} <= OUTCOMES
    assert {each.family for each in cells()} == set(FAMILIES)
    assert {each.token for each in cells()} == set(TOKENS)
    assert {each.era for each in cells()} == {"today", "2016-after", "2016-before"}


def test_a_row_asks_also_without_a_token_and_with_a_bad_one() -> None:
    table = "[today] unowned\n M O\nclaim 200:t -\norg-device~ 404:d 404:d\n"
    outcomes = {(each.family, each.token): each.expected.outcome for each in parse(table)}
    assert outcomes == {
        ("claim", "M"): "200",
        ("claim", "N"): "400",
        ("claim", "X"): "401",
        **{("org-device", token): "404" for token in "MONX"},
    }


@pytest.mark.parametrize("line", ["claim 200:t", "clam 200:t 200:t", "claim 200 200:t", "claim 200:z 200:t"])
def test_a_damaged_line_is_named_by_its_number(line: str) -> None:
    with pytest.raises(UsageError, match="line 3"):
        list(parse(f"[today] unowned\nM O\n{line}\n"))


def test_a_baseline_tells_what_changed_appeared_and_went(tmp_path: Path) -> None:
    before = Baseline.of(
        "local cloud", [seen(cell(), "200"), seen(cell(token="M"), "403"), seen(cell("release"), "200")]
    )
    path = tmp_path / "deep" / "baseline.json"
    before.write(path)
    kept = Baseline.read(path)
    assert kept == before
    now = [seen(cell(), "403"), seen(cell(token="M"), NOT_RUN), seen(cell(token="O"), "200")]
    assert [(each.key.split(" / ")[2:], each.before, each.now) for each in changes(kept, now)] == [
        (["claim", "C"], "200", "403"),
        (["claim", "O"], None, "200"),
        (["release", "C"], "200", None),
    ]
    assert changes(kept, [seen(cell(), "200"), seen(cell(token="M"), "403"), seen(cell("release"), "200")]) == ()


@pytest.mark.parametrize("text", ["", "[]", '{"cells": 5}', '{"target": "x", "recorded": "y"}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="not a baseline"):
        Baseline.read(path)
    with pytest.raises(UsageError, match="--update-baseline"):
        Baseline.read(tmp_path / "none.json")


def test_differences_and_changes_are_readable_everywhere(tmp_path: Path) -> None:
    observations = [seen(cell(), "200"), seen(cell(token="O", outcome="403"), "200"), seen(cell("release"), NOT_RUN)]
    baseline = Baseline("local cloud", "2026-01-01", {cell().key: "403", cell(token="O").key: "200"})
    run = MatrixRun(
        "<local>", datetime(2026, 1, 31, tzinfo=UTC), 1.0, observations, baseline, changes(baseline, observations)
    )
    assert [each.cell.token for each in run.differing] == ["O"]
    page, data = write_matrix(run, tmp_path)
    html = page.read_text()
    assert "403 → 200" in html
    assert "&lt;local&gt;" in html
    assert "403 → 200 (expected 200)" in html
    fields = json.loads(data.read_text())
    assert fields["changes"] == [{"cell": cell().key, "before": "403", "now": "200", "expected": "200"}]
    assert [each["observed"] for each in fields["cells"]] == ["200", "200", NOT_RUN]
    out = io.StringIO()
    print_matrix(run, Console(file=out, width=120))
    told = out.getvalue()
    assert "not as expected: today / unowned / claim / O: 200, expected 403 (forum thread of 2016)" in told
    assert "changed: today / unowned / claim / C: 403 → 200" in told
    assert "2 cells asked, 1 not as expected, 1 not run; 1 changed since 2026-01-01" in told
    assert "\x1b" not in told
