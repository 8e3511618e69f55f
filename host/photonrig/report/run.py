"""What every report says about a run, besides its steps: durations, rates, commit."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from photonrig.files import file_error
from photonrig.scenarios.story import StepResult

__all__ = ["Run", "commit", "duration", "rate", "writable"]


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def rate(count: float, seconds: float) -> str:
    """How many a second, as a person reads it; "" of none, or where there was less than a second to measure."""
    if count <= 0 or seconds < 1:
        return ""
    return f"{count / seconds:.0f} a second" if count >= 10 * seconds else f"{count / seconds:.1g} a second"


def commit(root: Path) -> str:
    """The commit of a checkout, and whether it was changed since."""
    git = shutil.which("git")
    if git is None:
        return "unknown (no git)"
    described = subprocess.run(
        [git, "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    )
    return re.sub(r"\s", "", described.stdout) or "unknown"


def writable(folder: Path, option: str) -> Path:
    """A folder that ``option`` names for results, made if missing; asked before work begins whose results it takes.

    :raises PhotonrigError: nothing can be written there
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise file_error(f"{option} {folder}", "written", error) from error
    return folder


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
