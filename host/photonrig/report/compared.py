"""What pages and terminal show beside a run's own results: changes since an earlier run, slower cases, and trends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from photonrig.history import Change, Record, Slower
from photonrig.report.run import duration

_WIDTH, _HEIGHT = 120, 24  # of a sparkline, in pixels


@dataclass(frozen=True, slots=True)
class Compared:
    """``since``: name of the earlier run or date of the baseline, "" without one; ``trends``: values, newest last."""

    since: str = ""
    changes: Sequence[Change] = ()
    trends: Mapping[str, Sequence[float]] = field(default_factory=dict)
    slower: Sequence[Slower] = ()

    def of(self, key: str) -> Change | None:
        """The change of a case."""
        return next((each for each in self.changes if each.key == key), None)


def anchor(key: str) -> str:
    """Anchor of a case on its page."""
    return re.sub(r"\W+", "-", key).strip("-")


def place(change: Change | Slower) -> str:
    """Address of a case's cell and evidence, relative to the run's folder; "" if the case is gone."""
    page = "matrix.html" if change.key.startswith("matrix / ") else "index.html"
    return "" if change.now is None else f"{page}#{anchor(change.key)}"


def sparkline(values: Sequence[float]) -> str:
    """Points of an SVG polyline through the values, in a box of 120 × 24."""
    least, most = min(values), max(values)
    span, step = (most - least) or 1.0, _WIDTH / max(len(values) - 1, 1)
    return " ".join(
        f"{number * step:.1f},{_HEIGHT - 2 - (value - least) / span * (_HEIGHT - 4):.1f}"
        for number, value in enumerate(values)
    )


def figure(name: str, value: float) -> str:
    """A figure for people; its name ends with its unit."""
    return duration(value) if name.endswith(", s") else f"{value:,.0f}"


def last_line(record: Record, since: str) -> str:
    """The verdict, at most 80 characters: "failed: 2 of 1140 cases, 3 changed since 20261130-162514, in 77.0 s"."""
    cases, took = f"{len(record.cases)} cases", duration(record.seconds.get("", 0.0))
    if record.failed:
        changed = f", {record.changed or 'none'} changed since {since}" if since else ""
        return f"failed: {record.failed} of {cases}{changed}, in {took}"
    if record.changed:
        return f"changed: {record.changed} of {cases} since {since}, in {took}"
    return f"held: {cases}{f', none changed since {since}' if since else ''}, in {took}"
