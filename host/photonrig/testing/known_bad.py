"""Tests that are known to fail: a file that says which, why, and until when.

    [[known_bad]]
    test = "tests/scenarios/test_move.py::test_it_stops[drapery]"
    reason = "the drapery motor answers late after a stop (issue 12)"
    until = 2026-12-31

A listed test runs, and its failure is reported as expected, with reason and date. After the day ``until`` it fails,
whatever it does: an excuse nobody renews is none. Without ``[...]`` an entry stands for all variants of a test.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from photonrig.errors import UsageError
from photonrig.files import file_error

__all__ = ["KnownBad", "read_known_bad"]


@dataclass(frozen=True, slots=True)
class KnownBad:
    """One entry; ``until`` is the last day on which it excuses anything."""

    test: str
    reason: str
    until: date

    def matches(self, nodeid: str) -> bool:
        """Whether the entry is about this test."""
        return self.test in (nodeid, nodeid.partition("[")[0])

    def expired(self, today: date) -> bool:
        """Whether it excuses nothing any more."""
        return today > self.until


def read_known_bad(path: Path) -> tuple[KnownBad, ...]:
    """Read the file.

    :raises UsageError: it cannot be read, or an entry lacks test, reason or date
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise file_error(path, "read", error) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}") from None
    entries = content.get("known_bad", [])
    if set(content) - {"known_bad"} or not isinstance(entries, list):
        raise UsageError(f"{path}: a list of known-bad tests holds [[known_bad]] entries and nothing else")
    return tuple(_entry(path, number, entry) for number, entry in enumerate(entries, 1))


def _entry(path: Path, number: int, entry: object) -> KnownBad:
    fields = entry if isinstance(entry, dict) else {}
    test, reason, until = fields.get("test"), fields.get("reason"), fields.get("until")
    if set(fields) != {"test", "reason", "until"} or not isinstance(test, str) or not isinstance(reason, str):
        raise UsageError(f"{path}, entry {number}: it needs exactly test, reason and until (a date as 2026-12-31)")
    if not reason.strip() or type(until) is not date:
        raise UsageError(f"{path}, entry {number} ({test}): it needs a reason, and until as a date like 2026-12-31")
    return KnownBad(test, reason, until)
