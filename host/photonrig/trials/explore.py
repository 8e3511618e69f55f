"""Explores functions of an image: one call of each, interrupted after each of its instructions, and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from photonrig.build.elf import Function, Symbols
from photonrig.trials.invariants import violations
from photonrig.trials.plan import Plan
from photonrig.trials.run import Run, explore


@dataclass(frozen=True, slots=True)
class Finding:
    """What interruptions of one kind broke: ``text``, at ``count`` places, the first of which is ``place``."""

    kind: str
    text: str
    place: str
    count: int


@dataclass(frozen=True, slots=True)
class Explored:
    """A function explored. ``interruptions`` counts the runs of each kind."""

    function: str
    instructions: int
    interruptions: Counter[str] = field(default_factory=Counter)
    findings: tuple[Finding, ...] = ()


def explore_function(vphoton: Path, module: Path, symbols: Symbols, function: Function, plan: Plan) -> Explored:
    """Explore the call that ``plan`` names.

    :raises UsageError: the plan or the module is wrong
    :raises FirmwareError: the function is not called, or the run without an interruption breaks an invariant
    """
    instructions, runs = explore(vphoton, module, plan)
    kinds = Counter(kind_of(run) for run in runs if run.interruption)
    return Explored(function.name, instructions, kinds, tuple(_findings(runs, symbols, plan)))


def kind_of(run: Run) -> str:
    """The interruption in words; a stall with its length."""
    if run.interruption is None:
        return "none"
    return f"stall of {run.interruption.stall_ms} ms" if run.interruption.stall_ms else run.interruption.kind


def _findings(runs: Iterable[Run], symbols: Symbols, plan: Plan) -> Iterable[Finding]:
    first: dict[tuple[str, str], int] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for run in runs:
        for text in violations(run, plan):
            found = (kind_of(run), text)
            counts[found] += 1
            if run.interruption:
                first.setdefault(found, run.interruption.pc)
    for (kind, text), count in counts.items():
        place = symbols.place(first[kind, text]) if (kind, text) in first else "no interruption"
        yield Finding(kind, text, place, count)
