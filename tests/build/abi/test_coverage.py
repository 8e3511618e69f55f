"""docs/wiring-coverage.md says what the headers offer."""

from __future__ import annotations

import re

from .coverage import PAGE, page


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == page(), "run ./rig coverage"


def test_nine_of_ten_methods_are_there() -> None:
    found = re.search(r"\*\*([\d.]+) %\*\*", page())
    assert found and float(found[1]) >= 90
