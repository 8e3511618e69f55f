"""Many devices on their ways at once, wave by wave; the journal knows where each of them is.

The first wave is the canary group. After each wave the share of devices that did not get where they were to go is
compared with the stop rule, and what is left is not begun when there are too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Final, Protocol

from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.errors import UsageError
from photonrig.fleet.journal import Journal, Way
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress

__all__ = ["Carried", "Job", "Rules", "Watcher", "carry", "percentile", "waves"]

# Seconds until devices that wait are tried again, when the cloud does not say; doubled while none of them gets on.
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rules:
    """How a fleet is moved: ``canary`` devices first, then ``wave`` at a time, ``at_once`` of them side by side.

    ``stop_at`` is the share of a wave that may fail (0 to 1); ``patience`` the seconds a wave waits for devices that
    cannot go on now.
    """

    canary: int = 5
    wave: int = 200
    at_once: int = 8
    stop_at: float = 0.05
    patience: float = 60.0

    def __post_init__(self) -> None:
        if self.canary < 0 or self.wave < 1 or not 1 <= self.at_once <= 64:
            raise UsageError("canary is 0 or more, wave 1 or more, at-once 1 to 64")
        if not 0 <= self.stop_at <= 1 or self.patience < 0:
            raise UsageError("stop-at is a share from 0 to 1, patience 0 or more seconds")


@dataclass(frozen=True, slots=True)
class Job:
    """One device's way: ``go`` runs it from ``at``, later from where it waits, journaling until there is an outcome.

    ``patient`` says that waiting is expected, as of a device that has to come online first.
    """

    device: str
    go: Callable[[Progress | None, Keep], Progress]
    at: Progress | None = None
    patient: bool = False


class Watcher(Protocol):
    """Who is told how it goes."""

    def begins(self, devices: int) -> None:
        """So many devices are to be moved."""

    def wave(self, number: int, of: int, devices: int) -> None:
        """A wave begins."""

    def settled(self, progress: Progress) -> None:
        """A device has an outcome, which may still change if it waits."""


@dataclass(slots=True)
class Carried:
    """How it went: last progress of each device that was to be moved.

    ``already`` are the devices that needed none of it; ``stopped`` says why the rest was not begun, ``left`` are those.
    """

    progress: dict[str, Progress] = field(default_factory=dict)
    already: tuple[str, ...] = ()
    stopped: str = ""
    left: tuple[str, ...] = ()
    seconds: float = 0.0

    def with_outcome(self, *outcomes: str) -> list[Progress]:
        """Devices with one of these outcomes."""
        return [each for each in self.progress.values() if each.outcome in outcomes]

    @property
    def windows(self) -> list[float]:
        """Seconds that each device which arrived was nobody's, ascending."""
        return sorted(each.unowned for each in self.with_outcome("done"))

    @property
    def complete(self) -> bool:
        """Whether every device got where it was to go."""
        return not self.stopped and not self.left and not self.with_outcome("undone", "stuck", "waiting")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the ascending ``values`` lies; 0 of none."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def waves(jobs: Sequence[Job], rules: Rules) -> list[list[Job]]:
    """Divide: the canary group, of devices that need not wait, then the rest."""
    ready = sorted(jobs, key=lambda job: job.patient)
    first, rest = ready[: rules.canary], ready[rules.canary :]
    return [wave for wave in (first, *(rest[at : at + rules.wave] for at in range(0, len(rest), rules.wave))) if wave]


def carry(
    jobs: Sequence[Job],
    journal: Journal,
    way: Way,
    rules: Rules,
    watcher: Watcher,
    *,
    after_wave: Callable[[Sequence[Progress]], None] = lambda done: None,
    news: Callable[[], None] | None = None,
    clock: Clock = SYSTEM,
) -> Carried:
    """Take all jobs to an outcome.

    ``after_wave`` gets what has arrived with each wave. With ``news``, which returns when something has changed,
    devices that wait are tried again each time, without end. Ctrl-C lets the devices that are on their way finish their
    step, then passes through, and so does what ``news`` raises.
    """
    result = Carried()
    begun = clock.now()
    watcher.begins(len(jobs))
    parts = waves(jobs, rules)
    for number, part in enumerate(parts, 1):
        watcher.wave(number, len(parts), len(part))
        settled = _wave(part, {job.device: job.at for job in part}, journal, way, rules, watcher, clock)
        result.progress.update({each.device: each for each in settled})
        after_wave([each for each in settled if each.outcome == "done"])
        failed = _failed(part, settled)
        if failed > rules.stop_at * len(part) and number < len(parts):
            name = "the canary group" if number == 1 and rules.canary else f"wave {number}"
            result.stopped = f"{failed} of {len(part)} devices of {name} did not get there; the rest was not begun"
            result.left = tuple(job.device for later in parts[number:] for job in later)
            break
    while news is not None and not result.stopped:
        waiting = [job for job in jobs if result.progress[job.device].outcome == "waiting"]
        if not waiting:
            break
        news()
        settled = _wave(
            waiting, {job.device: result.progress[job.device] for job in waiting}, journal, way, rules, watcher, clock
        )
        result.progress.update({each.device: each for each in settled})
        after_wave([each for each in settled if each.outcome == "done"])
    result.seconds = clock.now() - begun
    return result


def _failed(part: Sequence[Job], settled: Sequence[Progress]) -> int:
    patient = {job.device for job in part if job.patient}
    return sum(
        each.outcome in ("undone", "stuck") or (each.outcome == "waiting" and each.device not in patient)
        for each in settled
    )


def _wave(
    part: Sequence[Job],
    at: dict[str, Progress | None],
    journal: Journal,
    way: Way,
    rules: Rules,
    watcher: Watcher,
    clock: Clock,
) -> list[Progress]:
    """One wave: everybody once, then those that wait again and again while there is patience."""
    deadline = Deadline(clock, rules.patience)
    pause = _FIRST_PAUSE
    waiting = list(part)
    with ThreadPoolExecutor(rules.at_once, "fleet") as pool:
        while True:
            stood = {job.device: _stands(at[job.device]) for job in waiting}
            for done in _side_by_side(pool, waiting, at, journal.keeper(way), watcher):
                at[done.device] = done
            if any(_stands(at[device]) != before for device, before in stood.items()):
                pause = _FIRST_PAUSE
            waiting = [job for job in waiting if _waits(at[job.device])]
            left = deadline.left
            if not waiting or left <= 0:
                break
            asked = max(_retry_after(at[job.device]) for job in waiting)
            clock.pause(min(max(pause, asked), left))
            pause = min(pause * 2, _LONGEST_PAUSE)
    return [progress for progress in at.values() if progress is not None]


def _stands(progress: Progress | None) -> tuple[str, ...]:
    return () if progress is None else (progress.step, progress.phase, progress.heading, str(progress.outcome))


def _waits(progress: Progress | None) -> bool:
    return progress is not None and progress.outcome == "waiting"


def _retry_after(progress: Progress | None) -> float:
    return 0.0 if progress is None or progress.retry_after is None else progress.retry_after


def _side_by_side(
    pool: ThreadPoolExecutor, jobs: Sequence[Job], at: dict[str, Progress | None], keep: Keep, watcher: Watcher
) -> list[Progress]:
    running = [pool.submit(job.go, at[job.device], keep) for job in jobs]
    finished = []
    try:
        for future in as_completed(running):
            finished.append(future.result())
            watcher.settled(finished[-1])
    except BaseException:
        for future in running:
            future.cancel()
        raise
    return finished
