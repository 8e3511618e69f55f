"""Runs transfers concurrently, in waves, canary first.

The first wave is the canary group. After each wave the share of failed devices is compared with the stop rule; beyond
it, the rest is not begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Final, Protocol

from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.errors import UsageError
from photonrig.fleet.transfer import Transfer

Go = Callable[[Transfer], Transfer]

# Seconds until waiting devices are retried, when the cloud gives no time; doubled while none of them advances.
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Rules:
    """Pace of a move: ``canary`` devices first, then ``wave`` at a time, ``at_once`` of them concurrently.

    ``stop_at``: the share of a wave that may fail (0 to 1); ``patience``: seconds a wave waits for devices that cannot
    go on now.
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


class Watcher(Protocol):
    """Observer of progress."""

    def begins(self, devices: int) -> None:
        """The move begins, with this many devices."""

    def wave(self, number: int, of: int, devices: int) -> None:
        """A wave begins."""

    def settled(self, transfer: Transfer) -> None:
        """A device has an outcome; "waiting" may still change."""


@dataclass(slots=True)
class MoveResult:
    """Result of a move: ``transfers`` by device.

    ``already``: devices that needed no move; ``stopped``: why the rest was not begun, ``left``: those devices.
    """

    transfers: dict[str, Transfer] = field(default_factory=dict)
    already: tuple[str, ...] = ()
    stopped: str = ""
    left: tuple[str, ...] = ()
    seconds: float = 0.0

    def with_outcome(self, *outcomes: str) -> list[Transfer]:
        """Devices with one of these outcomes."""
        return [each for each in self.transfers.values() if each.outcome in outcomes]

    @property
    def windows(self) -> list[float]:
        """Unowned seconds of each device that arrived, ascending."""
        return sorted(each.unowned for each in self.with_outcome("done"))

    @property
    def complete(self) -> bool:
        """Whether every device arrived."""
        return not self.stopped and not self.left and not self.with_outcome("undone", "stuck", "waiting")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share (0 to 1) of the ascending ``values`` lies; 0 of none."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def waves(transfers: Sequence[Transfer], rules: Rules) -> list[list[Transfer]]:
    """Divide into waves: the canary group, preferring devices that need not wait, then the rest."""
    ready = sorted(transfers, key=lambda each: each.patient)
    first, rest = ready[: rules.canary], ready[rules.canary :]
    return [wave for wave in (first, *(rest[at : at + rules.wave] for at in range(0, len(rest), rules.wave))) if wave]


def run_waves(
    transfers: Sequence[Transfer],
    go: Go,
    rules: Rules,
    watcher: Watcher,
    *,
    after_wave: Callable[[Sequence[Transfer]], None] = lambda done: None,
    news: Callable[[], None] | None = None,
    clock: Clock = SYSTEM,
) -> MoveResult:
    """Run all transfers to an outcome; ``go`` runs one, and continues one that waits.

    ``after_wave`` gets the devices that arrived with each wave. ``news`` blocks until something has changed; then
    waiting devices are retried, without limit. On Ctrl-C running devices finish their step, then it passes through, as
    do exceptions of ``news``.
    """
    result = MoveResult()
    begun = clock.now()
    watcher.begins(len(transfers))
    parts = waves(transfers, rules)

    def move(part: Sequence[Transfer]) -> list[Transfer]:
        settled = _wave(part, go, rules, watcher, clock)
        result.transfers |= {each.device: each for each in settled}
        after_wave([each for each in settled if each.outcome == "done"])
        return settled

    for number, part in enumerate(parts, 1):
        watcher.wave(number, len(parts), len(part))
        failed = sum(
            each.outcome in ("undone", "stuck") or (each.outcome == "waiting" and not each.patient)
            for each in move(part)
        )
        if failed > rules.stop_at * len(part) and number < len(parts):
            name = "the canary group" if number == 1 and rules.canary else f"wave {number}"
            result.stopped = f"{failed} of {len(part)} devices of {name} did not get there; the rest was not begun"
            result.left = tuple(each.device for later in parts[number:] for each in later)
            break
    while news is not None and not result.stopped:
        waiting = [each for each in result.transfers.values() if each.outcome == "waiting"]
        if not waiting:
            break
        news()
        move(waiting)
    result.seconds = clock.now() - begun
    return result


def _wave(part: Sequence[Transfer], go: Go, rules: Rules, watcher: Watcher, clock: Clock) -> list[Transfer]:
    """Run one wave: every device once, then waiting ones again until ``patience`` is over."""
    deadline = Deadline(clock, rules.patience)
    pause = _FIRST_PAUSE
    at = {each.device: each for each in part}
    waiting = list(part)
    with ThreadPoolExecutor(rules.at_once, "fleet") as pool:
        while True:
            settled = _side_by_side(pool, waiting, go, watcher)
            if any(_stands(each) != _stands(at[each.device]) for each in settled):
                pause = _FIRST_PAUSE
            at |= {each.device: each for each in settled}
            waiting = [each for each in settled if each.outcome == "waiting"]
            left = deadline.left
            if not waiting or left <= 0:
                return list(at.values())
            asked = max(each.progress.retry_after or 0.0 for each in waiting if each.progress)
            clock.pause(min(max(pause, asked), left))
            pause = min(pause * 2, _LONGEST_PAUSE)


def _stands(transfer: Transfer) -> tuple[object, ...]:
    at = transfer.progress
    return () if at is None else (transfer.way, at.step, at.phase, at.heading, at.outcome)


def _side_by_side(pool: ThreadPoolExecutor, waiting: Sequence[Transfer], go: Go, watcher: Watcher) -> list[Transfer]:
    running = [pool.submit(go, each) for each in waiting]
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
