"""docs/cli-suites.md names what holds each assertion: those tests and cases exist."""

from __future__ import annotations

import re
from pathlib import Path

from .cli_cases import CASES

ROOT = Path(__file__).parents[2]


def test_each_assertion_that_is_held_names_what_holds_it() -> None:
    written = "".join(path.read_text() for path in (ROOT / "tests/localcloud").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", written)) | {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    words = {re.sub(r"\{(\w+)\}", lambda name: name[1].upper(), case.words) for case in CASES}
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs/cli-suites.md").read_text().splitlines()]
    asserted = [row for row in rows if len(row) == 6 and row[0] != "suite"]
    assert len(asserted) > 40
    for _, assertion, _, _, state, by in asserted:
        assert re.match("held|fixed|n/a: ", state), assertion
        if state.startswith("n/a"):
            continue
        for test in re.findall(r"(test_\w+(?:\.py)?)", by):
            assert test in known, test
        for case in re.findall(r"`([^`]+)`", by):
            assert case.startswith(("test_", "tests/")) or any(each.startswith(case) for each in words), case
