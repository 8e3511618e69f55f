"""Stories in steps: action, expectation, observation, evidence.

A story is a class whose methods are marked with :func:`step`; they run in source order. A failed step ends the story,
and the steps after it are reported as not run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import Cause, ExpectationFailed, PhotonrigError
from photonrig.trace import Lane, Moment, printable

Verdict = Literal["held", "failed", "not run"]

_MARK = "_photonrig_step"


@dataclass(frozen=True, slots=True)
class StepResult:
    """Result of a step; ``seconds`` is wall time, ``cause`` is set when the verdict is "failed".

    ``key``: its name in records, ``PART / …``.
    """

    chapter: str
    title: str
    expected: str
    observed: str
    evidence: tuple[Moment, ...]
    seconds: float
    verdict: Verdict
    cause: Cause | None = None
    key: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "observed", printable(self.observed))


@dataclass(slots=True)
class Seen:
    """Notes of a running step, and what interfaces observe meanwhile."""

    clock: Clock = SYSTEM
    observed: list[str] = field(default_factory=list)
    evidence: list[Moment] = field(default_factory=list)
    _heard: bool = True

    def __call__(self, moment: Moment) -> None:
        """Observer for interfaces: keep a moment."""
        if self._heard:
            self.evidence.append(replace(moment, text=printable(moment.text)))

    @contextmanager
    def untraced(self) -> Iterator[None]:
        """Drop moments inside the block, for waits that poll."""
        self._heard = False
        try:
            yield
        finally:
            self._heard = True

    def note(self, lane: Lane, text: str) -> None:
        """Keep a piece of evidence."""
        self(Moment(self.clock.now(), lane, text))

    def that(self, holds: bool, observed: str) -> None:
        """State an observation and whether it is as expected.

        :raises ExpectationFailed: it is not
        """
        self.observed.append(observed)
        if not holds:
            raise ExpectationFailed(observed)


Action = Callable[[Any, Seen], None]


def step(title: str, *, chapter: str, expects: str) -> Callable[[Action], Action]:
    """Mark a method of a :class:`Story` as a step; ``expects`` is shown beside what was observed."""

    def mark(method: Action) -> Action:
        setattr(method, _MARK, (title, chapter, expects))
        return method

    return mark


def run_step(action: Callable[[Seen], None], title: str, chapter: str, expects: str, seen: Seen) -> StepResult:
    """Run one step and return its result; a PhotonrigError is a failure with a cause."""
    begun = seen.clock.now()
    verdict: Verdict = "held"
    cause: Cause | None = None
    try:
        action(seen)
    except PhotonrigError as error:
        verdict, cause = "failed", error.cause
        if str(error) not in seen.observed:
            seen.observed.append(f"{type(error).__name__}: {error}")
    seconds = seen.clock.now() - begun
    return StepResult(chapter, title, expects, "; ".join(seen.observed), tuple(seen.evidence), seconds, verdict, cause)


class Story:
    """Runs its steps in order and yields each result at once."""

    clock: Clock = SYSTEM
    _seen: Seen | None = None

    def observe(self, moment: Moment) -> None:
        """Observer for interfaces: evidence of the running step."""
        if self._seen is not None:
            self._seen(moment)

    def run(self, started: Callable[[str], None] = lambda title: None) -> Iterator[StepResult]:
        """Run all steps; ``started`` observes a step's title before it begins."""
        failed = False
        for name, method in vars(type(self)).items():
            if not hasattr(method, _MARK):
                continue
            title, chapter, expected = getattr(method, _MARK)
            if failed:
                yield StepResult(chapter, title, expected, "", (), 0.0, "not run")
                continue
            started(title)
            self._seen = Seen(self.clock)
            result = run_step(getattr(self, name), title, chapter, expected, self._seen)
            self._seen = None
            failed = result.verdict == "failed"
            yield result
