"""A finished run with its facts, and formatting of durations, rates and commits."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from photonrig.scenarios.story import StepResult


def duration(seconds: float) -> str:
    """A duration for people."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def rate(count: float, seconds: float) -> str:
    """A rate for people; "" of none, or when measured over less than a second."""
    if count <= 0 or seconds < 1:
        return ""
    return f"{count / seconds:.0f} a second" if count >= 10 * seconds else f"{count / seconds:.1g} a second"


def commit(root: Path) -> str:
    """The commit of a checkout, and whether it has changes."""
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
        """Whether every step held."""
        return all(step.verdict == "held" for step in self.steps)

    def count(self, verdict: str) -> int:
        """Number of steps with this verdict."""
        return sum(step.verdict == verdict for step in self.steps)


def run_json(run: Run) -> dict[str, Any]:
    """A run as JSON: verdict, counts, facts, and each step with what was expected and seen."""
    return {
        "title": run.title,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "held": run.held,
        "counts": {verdict: run.count(verdict) for verdict in ("held", "failed", "not run")},
        "facts": dict(run.facts),
        "steps": [
            {
                "chapter": step.chapter,
                "title": step.title,
                "verdict": step.verdict,
                "cause": step.cause,
                "expected": step.expected,
                "observed": step.observed,
                "seconds": round(step.seconds, 3),
            }
            for step in run.steps
        ],
    }
