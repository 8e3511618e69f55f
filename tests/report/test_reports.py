"""The three reports of one run say the same, and survive whatever a device prints."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from photonrig.report.junit import write_junit
from photonrig.report.page import write_page
from photonrig.report.run import Run, rate
from photonrig.report.terminal import print_run
from photonrig.scenarios.story import StepResult
from photonrig.trace import Moment, printable

NASTY = 'serial said \x00\x1b[31m<script>alert("x")</script> & more'


@pytest.fixture
def run() -> Run:
    steps = (
        StepResult("flash", "list", "device online", "online", (Moment(0.0, "cli", printable(NASTY)),), 0.71, "held"),
        StepResult("claim", "claim it", "200", "403 from the cloud", (), 0.02, "failed", "cloud"),
        StepResult("claim", "read position", "100", "", (), 0.0, "not run"),
    )
    return Run("hand-over", datetime(2026, 1, 2, tzinfo=UTC), 1.5, (("Particle CLI", "3.19.0"),), steps)


def test_junit_counts_and_names_the_cause(run: Run, tmp_path: Path) -> None:
    write_junit(run, tmp_path / "deep" / "junit.xml")
    suite = ET.parse(tmp_path / "deep" / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "skipped": "1",
    }
    causes = [prop.get("value") for prop in suite.iter("property") if prop.get("name") == "cause"]
    assert causes == ["cloud"]


def test_page_escapes_what_a_device_said(run: Run, tmp_path: Path) -> None:
    write_page(run, tmp_path / "index.html")
    page = (tmp_path / "index.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "1 held" in page
    assert "cause: cloud" in page


def test_terminal_shows_every_step_and_no_colour_off_a_terminal(run: Run) -> None:
    out = io.StringIO()
    print_run(run, Console(file=out, width=160))
    text = out.getvalue()
    assert "[cause: cloud]" in text
    assert "\x1b" not in text


def test_80_columns_show_every_word_of_a_step(run: Run) -> None:
    out = io.StringIO()
    long = replace(run.steps[0], title="set it up " * 7, expected="a claim code of 63 characters " * 9)
    run = replace(run, steps=(long, *run.steps))
    print_run(run, Console(file=out, width=80))
    assert max(map(len, out.getvalue().splitlines())) <= 80
    told = " ".join(out.getvalue().split())
    for step in run.steps:
        assert all(" ".join(text.split()) in told for text in (step.title, step.expected, step.observed))


def test_a_run_holds_only_if_every_step_did(run: Run) -> None:
    assert not run.held
    assert Run(run.title, run.started, 1.0, (), run.steps[:1]).held


@pytest.mark.parametrize(
    ("count", "seconds", "told"),
    [
        (0, 10, ""),
        (4, 0, ""),
        (4, 0.00002, ""),
        (4, 0.99, ""),
        (4, 1, "4 a second"),
        (1105, 10.0, "110 a second"),
        (3, 90, "0.03 a second"),
    ],
)
def test_a_rate_is_told_of_something_that_took_a_second_or_more(count: int, seconds: float, told: str) -> None:
    assert rate(count, seconds) == told
