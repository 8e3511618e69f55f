"""Tests that are known to fail: a file that says which, why, and until when.

    [[known_bad]]
    test = "tests/scenarios/test_move.py::test_it_stops[drapery]"
    reason = "the drapery motor answers late after a stop (issue 12)"
    until = 2026-12-31

A listed test runs, and its failure is reported as expected, with reason and date. After the day ``until`` it fails,
whatever it does. Without ``[...]`` an entry stands for all variants of a test.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from msgspec import field

from photonrig.toml_file import Table, Text, TomlFile

__all__ = ["KnownBad", "read_known_bad"]


class KnownBad(Table, frozen=True):
    """One entry; ``until`` is the last day on which it excuses anything."""

    test: Text
    reason: Text
    until: date

    def matches(self, nodeid: str) -> bool:
        """Whether the entry is about this test."""
        return self.test in (nodeid, nodeid.partition("[")[0])

    def expired(self, today: date) -> bool:
        """Whether it excuses nothing any more."""
        return today > self.until


class _File(Table, frozen=True):
    entries: tuple[KnownBad, ...] = field(name="known_bad", default=())


def read_known_bad(path: Path) -> tuple[KnownBad, ...]:
    """Read the file.

    :raises UsageError: it cannot be read, or an entry lacks test, reason or date
    """
    return TomlFile(path).convert(_File).entries
