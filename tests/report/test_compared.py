"""A change of a story's step, a flow, a row or a cell: in the last line, in JUnit, and first on the page."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from photonrig.cli.claims_run import Claims, report_claims
from photonrig.history import Change, History, Record, Since
from photonrig.report.claims import ClaimsRun
from photonrig.report.compared import Compared, last_line
from photonrig.report.matrix import MatrixRun
from photonrig.report.progress import Progress
from photonrig.report.run import Run
from photonrig.report.terminal import Finding, print_findings, print_verdict
from photonrig.scenarios.forum_2016 import RowResult
from photonrig.scenarios.forum_2016_rows import ROWS
from photonrig.scenarios.matrix import Observation
from photonrig.scenarios.matrix_cells import Cell, Expectation
from photonrig.scenarios.story import StepResult
from photonrig.testing import FakeClock

CELL = Cell("today", "unowned", "claim", "C", Expectation("200", "t"))
CASES = {
    "story / It is flashed": "held",
    "flows / released": "held",
    "thread / row 1": "held",
    "matrix / today / unowned / claim / C": "200",
}


def done() -> ClaimsRun:
    steps = [
        StepResult("A device", key.partition(" / ")[2], "it holds", "it held", (), 1.0, "held", key=key)
        for key in ("story / It is flashed", "flows / released")
    ]
    started = datetime(2026, 1, 31, tzinfo=UTC)
    run = Run("Changes of owner", started, 77.0, (("target", "local cloud"),), steps)
    cells = [Observation(CELL, "200", "200 {}")]
    return ClaimsRun(run, [RowResult(ROWS[0], "held", "seen")], MatrixRun("local cloud", started, 1.0, cells))


@pytest.mark.parametrize("key", CASES)
def test_a_change_is_in_the_last_line_in_junit_and_first_on_the_page(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Record("local cloud", "2026-01-30", CASES | {key: "something else"})
    assert not report_claims(done(), {}, History(tmp_path, "claims"), Since("2026-01-30", before), Claims())
    *told, report, last = capsys.readouterr().out.splitlines()
    assert last == "changed: 1 of 4 cases since 2026-01-30, in 77.0 s"
    assert told == [f"changed: {key}: something else → {CASES[key]}"] and report.startswith("report: ")
    folder = tmp_path / "claims" / "last"
    (failure,) = ET.parse(folder / "junit.xml").getroot().iter("failure")
    assert failure.get("message") == f"{key}: something else → {CASES[key]}"
    page = (folder / "index.html").read_text()
    assert page.index(f">{key}</a>") < page.index("<nav") < page.index("<article")
    (address,) = re.findall(rf'<a href="([^"]+)">{key}</a>', page)
    name, _, anchor = address.partition("#")
    assert f'id="{anchor}"' in (folder / name).read_text()
    assert "changed</span></td>" in (tmp_path / "index.html").read_text()


def test_without_a_change_the_last_line_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    history, before = History(tmp_path, "claims"), Since("2026-01-30", Record("local cloud", "2026-01-30", CASES))
    assert report_claims(done(), {}, history, before, Claims())
    assert capsys.readouterr().out.splitlines()[1:] == ["held: 4 cases, none changed since 2026-01-30, in 77.0 s"]
    suites = ET.parse(tmp_path / "claims" / "last" / "junit.xml").getroot()
    assert [suite.get("failures") for suite in suites] == ["0", "0"]
    # Without anything to compare with, it does not say that nothing changed.
    assert report_claims(done(), {}, history, None, Claims())
    assert capsys.readouterr().out.splitlines()[1:] == ["held: 4 cases, in 77.0 s"]


def test_80_columns_hold_findings_changes_and_the_longest_last_line() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    parts = {"cause": "firmware", "expected": "a claim code " * 20, "seen": "nothing " * 30}
    changes = [Change(f"story / {'The device is set up ' * 6}", "held", f"\x1b[31m{number}") for number in range(30)]
    print_findings(
        [Finding("It is flashed " * 9, parts, "report/index.html#it-is-flashed")] * 30,
        Compared("2026-01-30", changes),
        console,
    )
    record = Record("", "", dict.fromkeys(map(str, range(99999)), ""), failed=9999, changed=9999, seconds={"": 9999.9})
    print_verdict(record, "20261130-162514.99", [], console)
    assert max(map(len, out.getvalue().splitlines())) <= 80 and "\x1b" not in out.getvalue()
    assert "and 20 more in the report" in out.getvalue()
    assert out.getvalue().splitlines()[-1] == last_line(record, "20261130-162514.99")


def test_outside_a_terminal_progress_is_a_line_a_part_and_one_every_ten_seconds() -> None:
    out, clock = io.StringIO(), FakeClock()
    with Progress(Console(file=out, width=80), clock) as progress:
        progress.begins("thread", 60)
        for number in range(1, 61):
            clock.pause(0.5)
            progress.at(f"row of {number}", number)
    assert out.getvalue().splitlines() == [
        "thread: 60 cases", "thread 20/60  row of 20", "thread 40/60  row of 40", "thread 60/60  row of 60",
    ]  # fmt: skip
