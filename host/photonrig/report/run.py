"""What every report says about a run, besides its steps."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photonrig.ownership.steps import StepResult

__all__ = ["Run", "commit", "duration"]


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def commit(root: Path) -> str:
    """The commit of a checkout, and whether it was changed since."""
    git = shutil.which("git")
    if git is None:
        return "unknown (no git)"
    described = subprocess.run(
        [git, "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    )
    return re.sub(r"\s", "", described.stdout) or "unknown"


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
