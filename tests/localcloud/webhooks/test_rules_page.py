"""docs/webhooks.md names a test for each rule: each exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_each_rule_of_the_page_has_a_source_and_a_test_that_exists() -> None:
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    known = set(re.findall(r"^(?:async )?def (test_\w+)", written, re.MULTILINE))
    rows = [line.strip("| ").split(" | ") for line in (ROOT / "docs/webhooks.md").read_text().splitlines()]
    rules = [row for row in rows if len(row) == 3 and row[0] != "rule"]
    assert len(rules) > 40
    for rule, source, tests in rules:
        assert re.match(r"[RATC] ?|recorded", source), rule
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, rule
        assert set(named) <= known, rule
