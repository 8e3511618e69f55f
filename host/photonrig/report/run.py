"""What every report says about a run, besides its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from photonrig.ownership.steps import StepResult

__all__ = ["Run", "duration"]


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


@dataclass(frozen=True, slots=True)
class Run:
    """One finished run: ``facts`` are label and text pairs shown at the top (versions, target, commit)."""

    title: str
    started: datetime
    seconds: float
    facts: tuple[tuple[str, str], ...]
    steps: Sequence[StepResult]

    @property
    def held(self) -> bool:
        """Every step held."""
        return all(step.verdict == "held" for step in self.steps)

    def count(self, verdict: str) -> int:
        """How many steps ended with this verdict."""
        return sum(step.verdict == verdict for step in self.steps)
