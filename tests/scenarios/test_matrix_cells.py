"""The matrix as data: every cell has a known request, token and source."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from photonrig.errors import UsageError
from photonrig.history import NOT_RUN, Change
from photonrig.report.compared import Compared
from photonrig.report.matrix import MatrixRun, print_matrix, write_matrix
from photonrig.scenarios.matrix import Observation
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


def test_the_page_shows_a_cell_with_its_change_and_both_expectations(tmp_path: Path) -> None:
    observations = [seen(cell(), "200"), seen(cell(token="O", outcome="403"), "200"), seen(cell("release"), NOT_RUN)]
    run = MatrixRun("<local>", datetime(2026, 1, 31, tzinfo=UTC), 1.0, observations)
    changes = [Change(f"matrix / {cell().key}", "403", "200"), Change("flows / released", "held", "failed")]
    assert [each.cell.token for each in run.differing] == ["O"]
    page, data = write_matrix(run, tmp_path, Compared("2026-01-01", changes))
    html = page.read_text()
    assert "&lt;local&gt;" in html and "flows / released" not in html
    first = html[: html.index("<table>")]
    assert "403 → 200" in first and 'href="matrix.html#matrix-today-unowned-claim-C"' in first
    assert "200, expected 403" in first
    assert 'id="matrix-today-unowned-claim-C"' in html and "changed: 403 → 200 since 2026-01-01" in html
    assert [each["observed"] for each in json.loads(data.read_text())["cells"]] == ["200", "200", NOT_RUN]
    assert run.summary() == "2 cells asked, 1 not as expected, 1 not run"


def test_the_tables_fit_into_80_columns() -> None:
    observations = [Observation(cell, cell.expected.outcome, "", 0.0) for cell in cells()]
    out = io.StringIO()
    print_matrix(MatrixRun("local", datetime(2026, 1, 31, tzinfo=UTC), 1.0, observations), Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    assert "\u2026" not in out.getvalue() and max(map(len, lines)) <= 80
    assert {line.split()[0] for line in lines if line.strip()} >= FAMILIES.keys()
    assert "today: customer-owned" in lines
    row = next(line for line in lines if line.lstrip().startswith("own-list "))
    assert row.split() == ["own-list", "no", "no", "no", "no", "no", "yes", "no", "no", "403", "400", "401"]
