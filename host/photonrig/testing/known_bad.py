"""Known-bad list: tests that are expected to fail, with reason and end date.

    [[known_bad]]
    test = "tests/scenarios/test_move.py::test_it_stops[drapery]"
    reason = "the drapery motor answers late after a stop (issue 12)"
    until = 2026-12-31

A listed test runs, and its failure is reported as expected, with reason and date. After the day ``until`` it always
fails. Without ``[...]`` an entry stands for all variants of a test.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import field

from photonrig.toml_file import Table, Text, TomlFile


class KnownBad(Table, frozen=True):
    """One entry; ``until`` is its last valid day."""

    test: Text
    reason: Text
    until: date

    def matches(self, nodeid: str) -> bool:
        """Whether the entry matches this test."""
        return self.test in (nodeid, nodeid.partition("[")[0])

    def expired(self, today: date) -> bool:
        """Whether the entry has expired."""
        return today > self.until


class _File(Table, frozen=True):
    entries: tuple[KnownBad, ...] = field(name="known_bad", default=())


def read_known_bad(path: Path) -> tuple[KnownBad, ...]:
    """Read the file.

    :raises UsageError: it cannot be read, or an entry lacks test, reason or date
    """
    return TomlFile(path).convert(_File).entries
