"""Differences between two recordings, by chapter: answers exactly, timings by tolerance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from photonrig.parity.recording import Line, Recording
from photonrig.parity.scrub import renumbered


class Tolerance(NamedTuple):
    """Timings agree if they differ by no more than ``seconds``, or by no more than ``times``."""

    seconds: float
    times: float


# Choices, until boards were timed: wide enough for a loaded host, narrow enough for a scan that is skipped.
TOLERANCES: Final[Mapping[str, Tolerance]] = {
    "SoftAP": Tolerance(5, 3),
    "serial": Tolerance(5, 3),
    "DFU": Tolerance(60, 3),
    "cloud session": Tolerance(15, 3),
    "limits": Tolerance(10, 3),
    "LED": Tolerance(600, 10),  # a person looks
    "HTTP API": Tolerance(30, 3),
    "assumptions": Tolerance(30, 3),
}
_ANY: Final = Tolerance(30, 3)


@dataclass(frozen=True, slots=True)
class Difference:
    """One question answered differently, at another speed, or in one recording only (``a`` or ``b`` is then "")."""

    chapter: str
    name: str
    kind: Literal["answer", "timing", "missing"]
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``compared`` questions were answered in both recordings; ``skipped`` ones at most in one, with the reason."""

    differences: tuple[Difference, ...]
    compared: int
    skipped: tuple[Line, ...]


def compare(a: Recording, b: Recording) -> Comparison:
    """Compare line by line, in the order of ``a``; questions skipped in either are no differences."""
    first = {(line.chapter, line.name): line for line in a.lines}
    second = {(line.chapter, line.name): line for line in b.lines}
    found: list[Difference] = []
    skipped: list[Line] = []
    compared = 0
    for key in [*first, *(key for key in second if key not in first)]:
        one, other = first.get(key), second.get(key)
        if one is None or other is None:
            there = one or other
            assert there is not None
            if not there.skipped:
                shown = (there.answer, "") if other is None else ("", there.answer)
                found.append(Difference(*key, "missing", *shown))
            continue
        if one.skipped or other.skipped:
            skipped.append(one if one.skipped else other)
            continue
        compared += 1
        if renumbered(one.answer) != renumbered(other.answer):
            found.append(Difference(*key, "answer", one.answer, other.answer))
        elif _apart(one, other):
            found.append(Difference(*key, "timing", f"{one.seconds:.1f} s", f"{other.seconds:.1f} s"))
    return Comparison(tuple(found), compared, tuple(skipped))


def _apart(one: Line, other: Line) -> bool:
    low, high = sorted((one.seconds, other.seconds))
    tolerance = TOLERANCES.get(one.chapter, _ANY)
    return high - low > tolerance.seconds and high > low * tolerance.times
