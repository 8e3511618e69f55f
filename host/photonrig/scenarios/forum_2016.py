"""Forum thread of 2016 as an executable regression: each of its 60 rows shown in its era, with evidence.

A row that states a behaviour is checked on a cloud of its era. A row that is a wish is checked against what grants it
now; if Particle does not, this product's extension is shown. Other rows are context.

    held         the behaviour was seen, as the thread states it
    granted      the wish is fulfilled: shown
    in part      part of the wish is fulfilled
    extension    Particle does not offer it; the local cloud does, by an extension: shown
    not granted  neither does
    context      the row states no behaviour
    failed       something else was seen
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from photonrig.errors import PhotonrigError
from photonrig.scenarios.forum_2016_checks import SHOWN, Verdict
from photonrig.scenarios.forum_2016_rows import ROWS, Row
from photonrig.scenarios.forum_2016_target import ForumTarget

_UNSTEADY: Final = re.compile(
    r"(?:\b[0-9a-f]{24}\b: )|\b[0-9a-f]{24}\b|(?<=-)[0-9a-f]{8}\b|\d+(?= ms\b)|(?<=\bproducts/)\d+|(?<=\bproduct )\d+"
    r"|(?<=product_id )\d+"
)


@dataclass(frozen=True, slots=True)
class RowResult:
    """A row, its verdict, and the evidence as text."""

    row: Row
    verdict: Verdict
    evidence: str
    seconds: float = 0.0

    @property
    def steady(self) -> str:
        """The evidence without what differs between runs: ids, generated names, times."""
        return _UNSTEADY.sub("…", self.evidence)

    @property
    def failed(self) -> bool:
        """Whether something else was seen than the thread states."""
        return self.verdict == "failed"


def run_forum(forum: ForumTarget, started: Callable[[Row], None] = lambda row: None) -> Iterator[RowResult]:
    """Check all rows in order; ``started`` observes each row before it begins."""
    for row in ROWS:
        started(row)
        shown = SHOWN[row.number]
        if shown.check is None:
            yield RowResult(row, shown.verdict, shown.words)
            continue
        begun = forum.clock.now()
        try:
            evidence, verdict = shown.check(forum), shown.verdict
        except PhotonrigError as error:
            evidence, verdict = f"{type(error).__name__}: {error}", "failed"
        words = "" if verdict == "failed" else shown.words
        yield RowResult(row, verdict, "; ".join(filter(None, (evidence, words))), forum.clock.now() - begun)
