"""Runs trials: the machine in a process of its own, its results as structures."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from photonrig.errors import FirmwareError, UsageError
from photonrig.trials.plan import Plan

T = TypeVar("T")


class Restart(msgspec.Struct, frozen=True):
    """Why the application started anew; ``panic`` is the code of a panic, or empty."""

    why: str
    panic: str


class Published(msgspec.Struct, frozen=True):
    """An event the cloud got, in the start with this number."""

    start: int
    name: str
    data: str


class Line(msgspec.Struct, frozen=True):
    """A line on USB serial, in the start with this number."""

    start: int
    line: str


class MemoryFault(msgspec.Struct, frozen=True):
    """An access by the instruction at ``pc``, which is repeated ``count`` times: of ``address`` the first time.

    ``kind`` is ``unwritten`` (read, and never written before) or ``outside_block`` (heap that is no block's), or
    ``beyond_block`` (a read that begins in a block and ends behind it).
    """

    kind: str
    pc: int
    lr: int
    address: int
    size: int
    count: int


class Instruments(msgspec.Struct, frozen=True):
    """What was observed of each instruction.

    ``executed`` are ranges of addresses at which instructions began. ``profile`` is a tree in the order of its nodes:
    parent (-1 for the root), address of the function, instructions without those of what it called.
    """

    memory: tuple[MemoryFault, ...]
    executed: tuple[tuple[int, int], ...]
    profile: tuple[tuple[int, int, int], ...]


class ThreadFigures(msgspec.Struct, frozen=True):
    """A thread that the application made, its stacks in bytes. A finished one is told of until it is cleaned up."""

    name: str
    priority: int
    most_stack: int
    stack_total: int
    finished: bool


class Figures(msgspec.Struct, frozen=True):
    """What the machine counted: instructions, bytes, and calls of the system.

    ``most_stack`` and ``stack_total`` are of the application's own thread.

    ``longest_without_interrupts`` is in instructions, as is ``most_loop_instructions``.
    """

    instructions: int
    loops: int
    loop_instructions: int
    loop_calls: int
    most_loop_instructions: int
    static_ram: int
    heap_used: int
    heap_most_used: int
    heap_total: int
    heap_least_largest_free: int
    most_stack: int
    stack_total: int
    longest_without_interrupts: int
    threads: tuple[ThreadFigures, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What a trial came to, as seen from outside.

    ``truth`` is what the model on the pins knows of itself; ``hung``: the application did not come to the plan's end.
    """

    ms: int
    instructions: int
    host_calls: int
    hung: bool
    restarts: tuple[Restart, ...]
    variables: dict[str, Any]
    truth: dict[str, Any] | None
    published: tuple[Published, ...]
    console: tuple[Line, ...]
    figures: Figures | None
    instruments: Instruments | None
    log: str


class Interruption(msgspec.Struct, frozen=True):
    """Before the instruction at ``pc``, the ``instruction``-th of the call.

    ``console`` and ``published`` are how many lines and events had been seen before it.
    """

    kind: str
    stall_ms: int
    instruction: int
    pc: int
    ms: int
    console: int
    published: int


class Run(msgspec.Struct, frozen=True):
    """One of an exploration's runs; without an interruption the one that all others are copies of."""

    interruption: Interruption | None
    outcome: Outcome


class _Done(msgspec.Struct, frozen=True):
    done: bool
    called: bool
    returned: bool
    instructions: int
    lost: int


class Call(msgspec.Struct, frozen=True):
    """A call of the system: its name, after so many instructions."""

    instruction: int
    call: str


def run(vphoton: Path, module: Path, plan: Plan) -> Outcome:
    """Run a plan to its end.

    :raises UsageError: the plan or the module is wrong
    """
    return _decoded(list(_lines(vphoton, module, plan))[-1], Outcome)


def trace(vphoton: Path, module: Path, plan: Plan) -> tuple[list[Call], Outcome]:
    """The same, with each call of the system.

    :raises UsageError: the plan or the module is wrong
    """
    *calls, last = _lines(vphoton, module, msgspec.structs.replace(plan, trace=True))
    return [_decoded(line, Call) for line in calls], _decoded(last, Outcome)


def explore(vphoton: Path, module: Path, plan: Plan) -> tuple[int, list[Run]]:
    """How many instructions the call took that the plan explores, and all runs.

    :raises UsageError: the plan or the module is wrong
    :raises FirmwareError: the function is not called, its call does not return, or a run was lost
    """
    *lines, last = _lines(vphoton, module, plan)
    done = _decoded(last, _Done)
    if not done.called:
        raise FirmwareError("the function is not called while the plan runs")
    if not done.returned:
        raise FirmwareError(f"the call has not returned after {done.instructions:,} instructions")
    if done.lost:
        raise FirmwareError(f"{done.lost} interrupted runs ended without a result")
    return done.instructions, [_decoded(line, Run) for line in lines]


def _decoded(line: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(line, type=kind)


def _lines(vphoton: Path, module: Path, plan: Plan) -> Iterator[bytes]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(msgspec.json.encode(plan))
        file.flush()
        argv = [str(vphoton), "--trial", file.name, "--firmware", str(module)]
        done = subprocess.run(argv, capture_output=True, check=False)
    if done.returncode != 0:
        raise UsageError(done.stderr.decode(errors="replace").strip())
    yield from done.stdout.splitlines()
