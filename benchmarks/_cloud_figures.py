"""What is measured of a cloud, and how two of them stand beside each other in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from _figures import Row
from _load import PATIENCE, Rate

Better = Literal["more", "less"]


@dataclass(frozen=True)
class Figure:
    """One measured value, None where there was nothing to measure; ``note`` says what went wrong on the way.

    ``better`` tells whether more or less is, where that is to be judged; ``bar`` by which factor ours must be.
    """

    value: float | None
    unit: str = ""
    note: str = ""
    better: Better | None = None
    bar: str = ""

    def __str__(self) -> str:
        value = "none" if self.value is None else f"{self.value:.{1 if self.value < 100 else 0}f}{self.unit}"
        return f"{value} ({self.note})" if self.note else value


Figures = dict[str, Figure]


def of_rate(what: str, seen: Rate, used: float) -> Figures:
    """A rate, its slowest answers, and the processor time that a good answer cost the cloud of ``used`` seconds."""
    missing = [f"{seen.failed * 100:.3g} % failed: {seen.refused} refused"] if seen.failed else []
    missing += [f"{seen.unanswered} not answered in {PATIENCE:g} s"] if seen.unanswered else []
    p99 = None if seen.p99 is None else seen.p99 * 1000
    cost = used * 1000 / seen.answered if seen.answered else None
    return {
        what: Figure(seen.per_second, "/s", ", ".join(missing), "more", ">= 3 times"),
        f"  p99 of a good answer, {what}": Figure(p99, " ms", better="less"),
        f"  processor time of one, {what}": Figure(cost, " ms", better="less"),
    }


def beside(mine: Figures, name: str, theirs: Figures) -> list[Row]:
    """The table: ours, theirs, and how many times better."""
    table = []
    for what, figure in mine.items():
        other = theirs.get(what, Figure(None, note="not reached"))
        table.append((what, f"{figure}; {name} {other}{_ratio(figure, other)}", figure.bar))
    return table


def _ratio(mine: Figure, theirs: Figure) -> str:
    if mine.better is None or not mine.value or not theirs.value:
        return ""
    times = mine.value / theirs.value if mine.better == "more" else theirs.value / mine.value
    return f"; {times:.1f} times better"
