"""Runs the permission matrix against a target: asks every cell and compares the answer with the expectation.

A target offers tokens to act with and devices in declared states; it is a local cloud or Particle's own.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final, Protocol

from photonrig.clock import SYSTEM, Clock, utc
from photonrig.errors import CloudError, ExpectationFailed, NetworkError, PhotonrigError
from photonrig.history import NOT_RUN
from photonrig.particle.cloud import Cloud, Scope
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.events import EventStream, of_device
from photonrig.scenarios.matrix_cells import FAMILIES, Cell, Family


class BudgetSpent(CloudError):
    """The request budget is used up; remaining cells are not asked. Raise the budget or ask fewer cells."""


_EVENT: Final = "shade/moved"
_HEARD: Final = 10.0  # seconds for an event of a device to reach a stream
_ROUND: Final = 10.0  # seconds for a canary event to return
_AT_ONCE: Final = 12
_EXCERPT: Final = 160


class MatrixTarget(Protocol):
    """A target of the matrix."""

    @property
    def era(self) -> str:
        """The era whose rules are expected."""

    @property
    def name(self) -> str:
        """Name in reports and baselines."""

    def names(self, state: str) -> dict[str, str]:
        """Values of ``{d}``, ``{p}`` and ``{o}`` in a state."""

    def has(self, state: str) -> bool:
        """Whether the target has a device in this state."""

    def arrange(self, state: str) -> None:
        """Bring the state's device into its state and prove it; repairs only differences.

        :raises PhotonrigError: it could not be brought there
        """

    def acting(self, token: str) -> Cloud | None:
        """The cloud with a token of this kind; None if the target has none."""

    def witness(self, state: str) -> EventStream:
        """A stream, not yet open, that carries every event of the state's device."""

    def provoke(self, state: str) -> None:
        """Make the state's device publish its event."""

    def asks(self, family: str) -> bool:
        """Whether this question may be asked on the target."""

    def opening(self, path: str) -> None:
        """Hook before a stream is opened."""

    def swept(self, family: Family, body: Any) -> None:
        """Clean up what a granted question has created."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A cell and its outcome; ``text`` is the beginning of the answer without secrets, ``at`` the time."""

    cell: Cell
    outcome: str
    text: str
    at: str = ""

    @property
    def holds(self) -> bool:
        """Whether it is as expected; False if not run."""
        return self.outcome == self.cell.expected.outcome

    @property
    def differs(self) -> bool:
        """Whether it was run and is not as expected."""
        return self.outcome != NOT_RUN and not self.holds


def observe(target: MatrixTarget, wanted: Iterable[Cell], clock: Clock = SYSTEM) -> Iterator[Observation]:
    """Ask every cell of the target's era; others are left out. Cells beyond a spent budget are not run."""
    for seen in _observations(target, wanted):
        yield replace(seen, at=utc(clock).isoformat(timespec="seconds"))


def _observations(target: MatrixTarget, wanted: Iterable[Cell]) -> Iterator[Observation]:
    of_era = [cell for cell in wanted if cell.era == target.era]
    spent = ""
    for state, of_state in groupby(of_era, key=lambda cell: cell.state):
        together, done = list(of_state), set[Cell]()
        try:
            for each in () if spent else _state(target, state, together):
                done.add(each.cell)
                yield each
        except BudgetSpent as error:
            spent = str(error)
        yield from (_observation(cell, NOT_RUN, spent) for cell in together if cell not in done)


def _state(target: MatrixTarget, state: str, cells: Sequence[Cell]) -> Iterator[Observation]:
    if not target.has(state):
        yield from (_observation(cell, NOT_RUN, "no device in this state") for cell in cells)
        return
    target.arrange(state)
    yield from _streams(target, state, [cell for cell in cells if FAMILIES[cell.family].look == "stream"])
    for cell in cells:
        if FAMILIES[cell.family].look != "stream":
            allowed = target.asks(cell.family)
            yield _ask(target, cell) if allowed else _observation(cell, NOT_RUN, "not asked on this target")


def _observation(cell: Cell, outcome: str, text: str) -> Observation:
    return Observation(cell, outcome, text[:_EXCERPT])


# --- requests ---------------------------------------------------------------------------------------------------------

_numbers = itertools.count()


def _ask(target: MatrixTarget, cell: Cell) -> Observation:
    family, cloud = FAMILIES[cell.family], target.acting(cell.token)
    if cloud is None:
        return _observation(cell, NOT_RUN, "no such token on this target")
    names = target.names(cell.state) | {"new": f"probe-{secrets.token_hex(4)}", "n": str(6 + next(_numbers) % 2)}
    body = None if family.body is None else _filled(family.body, names)
    response = cloud.send(family.method, family.path.format_map(names), json=body)
    outcome = str(response.status_code)
    if response.is_success and family.look == "list":
        outcome = "listed" if names["d"] in response.text else "missing"
    text = cloud.shown(response)
    if response.is_success:
        target.swept(family, body)
        if family.changes:
            target.arrange(cell.state)
    return _observation(cell, outcome, text)


def _filled(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return value.format_map(names)
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    return {key: _filled(each, names) for key, each in value.items()} if hasattr(value, "items") else value


def move(cloud: Cloud, device: str, position: str, scope: Scope) -> None:
    """Move a device, which then publishes an event.

    :raises ExpectationFailed: it refuses to, and will publish none
    """
    if (result := cloud.call(device, "move", position, scope)) < 0:
        raise ExpectationFailed(f"move {position} returned {result}; no event will come", device=device)


# --- streams ----------------------------------------------------------------------------------------------------------


def _streams(target: MatrixTarget, state: str, cells: Sequence[Cell]) -> Iterator[Observation]:
    """Open every stream of a state, have the device publish once, and record which streams carry the event."""
    if not cells:
        return
    names = target.names(state)
    with ExitStack() as stack, ThreadPoolExecutor(_AT_ONCE) as pool:
        opened = dict(zip(cells, pool.map(lambda cell: _open(target, cell, names), cells), strict=True))
        for stream in opened.values():
            if isinstance(stream, EventStream):
                stack.callback(stream.close)
        with target.witness(state) as witness:
            target.provoke(state)
            witness.expect(of_device(names["d"], _EVENT), timeout=_HEARD)
        listening = [(cell, stream) for cell, stream in opened.items() if isinstance(stream, EventStream)]
        heard = dict(
            zip(
                (cell for cell, _ in listening),
                pool.map(lambda pair: _heard(target, pair[0], pair[1], names["d"]), listening),
                strict=True,
            )
        )
    for cell, stream in opened.items():
        if isinstance(stream, Observation):
            yield stream
        else:
            yield heard[cell]


def _open(target: MatrixTarget, cell: Cell, names: dict[str, str]) -> EventStream | Observation:
    cloud = target.acting(cell.token)
    if cloud is None:
        return _observation(cell, NOT_RUN, "no such token on this target")
    path = FAMILIES[cell.family].path.format_map(names)
    stream = EventStream(cloud, path)
    try:
        target.opening(path)
        return stream.__enter__()
    except BudgetSpent as error:
        return _observation(cell, NOT_RUN, str(error))
    except ApiError as refusal:
        return _observation(cell, str(refusal.status), str(refusal))
    except PhotonrigError as error:
        return _observation(cell, type(error).__name__, str(error))


def _heard(target: MatrixTarget, cell: Cell, stream: EventStream, device: str) -> Observation:
    """Whether the device's event came; absence counts only if a canary event returns on the same stream."""
    heard = of_device(device, _EVENT)
    if not any(heard(event) for event in stream.events):
        try:
            if cell.family == "own-events":
                cloud = target.acting(cell.token)
                assert cloud is not None
                stream.assert_silent(heard, 0, cloud.publish, timeout=_ROUND)
                return _observation(cell, "silent", "a canary went round, no event of the device did")
            stream.expect(heard, timeout=_HEARD)
        except NetworkError as error:
            return _observation(cell, "unclear", str(error))
        except ExpectationFailed:
            if not any(heard(event) for event in stream.events):
                return _observation(cell, "200", "open, and no event of the device came")
    return _observation(cell, "hears", f"{_EVENT} of the device came")
