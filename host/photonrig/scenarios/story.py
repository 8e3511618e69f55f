"""Stories told in steps: what is done, what must be seen, what was seen, and by which evidence.

A story is a class whose methods are marked with :func:`step`; they run in the order in which they stand. A step that
fails ends the story, and the steps after it are reported as not run, never as passed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import Cause, ExpectationFailed, PhotonrigError

__all__ = ["Evidence", "Seen", "StepResult", "Story", "Verdict", "step"]

Verdict = Literal["held", "failed", "not run"]
EvidenceKind = Literal["cli", "http", "event", "serial", "softap", "device"]

_MARK = "_photonrig_step"

# Devices print anything; what is kept of it may harm neither a terminal nor an XML file.
_UNPRINTABLE = re.compile("[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that was seen: over which interface, and its text (secrets already masked by the interface)."""

    kind: EvidenceKind
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _printable(self.text))


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step went; ``seconds`` is wall time, ``cause`` is set when the verdict is "failed"."""

    chapter: str
    title: str
    expected: str
    observed: str
    evidence: tuple[Evidence, ...]
    seconds: float
    verdict: Verdict
    cause: Cause | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "observed", _printable(self.observed))


@dataclass(slots=True)
class Seen:
    """What a step notes while it runs."""

    observed: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def note(self, kind: EvidenceKind, text: str) -> None:
        """Keep a piece of evidence."""
        self.evidence.append(Evidence(kind, text))

    def that(self, holds: bool, observed: str) -> None:
        """State what was observed and whether it is what the step expects.

        :raises ExpectationFailed: it is not
        """
        self.observed.append(observed)
        if not holds:
            raise ExpectationFailed(observed)


Action = Callable[[Any, Seen], None]


def step(title: str, *, chapter: str, expects: str) -> Callable[[Action], Action]:
    """Mark a method of a :class:`Story` as a step; ``expects`` is the sentence shown beside what was observed."""

    def mark(method: Action) -> Action:
        setattr(method, _MARK, (title, chapter, expects))
        return method

    return mark


class Story:
    """Runs its own steps in order and yields a result for each as soon as it is known."""

    clock: Clock = SYSTEM

    def run(self, started: Callable[[str], None] = lambda title: None) -> Iterator[StepResult]:
        """Run all steps; ``started`` is told a step's title before it begins."""
        failed = False
        for name, method in vars(type(self)).items():
            if not hasattr(method, _MARK):
                continue
            title, chapter, expected = getattr(method, _MARK)
            if failed:
                yield StepResult(chapter, title, expected, "", (), 0.0, "not run")
                continue
            started(title)
            result = self._run_one(getattr(self, name), title, chapter, expected)
            failed = result.verdict == "failed"
            yield result

    def _run_one(self, action: Callable[[Seen], None], title: str, chapter: str, expected: str) -> StepResult:
        seen = Seen()
        begun = self.clock.now()
        verdict: Verdict = "held"
        cause: Cause | None = None
        try:
            action(seen)
        except PhotonrigError as error:
            verdict, cause = "failed", error.cause
            if not isinstance(error, ExpectationFailed):
                seen.observed.append(f"{type(error).__name__}: {error}")
        seconds = self.clock.now() - begun
        return StepResult(
            chapter, title, expected, "; ".join(seen.observed), tuple(seen.evidence), seconds, verdict, cause
        )
