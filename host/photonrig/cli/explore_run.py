"""Work of ``photonrig explore``: builds a variant, explores functions or seeds, and prints a table and the findings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from photonrig.build.elf import Symbols
from photonrig.build.toolchain import Toolchain, step
from photonrig.cli.trial_files import image_of, read_plan
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.trials.explorations import EXPLORATIONS, exploration_of, life_plan, plan_of
from photonrig.trials.explore import Explored, explore_function
from photonrig.trials.invariants import violations
from photonrig.trials.plan import Explored as Call
from photonrig.trials.plan import Plan
from photonrig.trials.run import Run, run


def run_explore(
    tools: Toolchain,
    firmware: str,
    functions: Sequence[str],
    plan: Path | None,
    *,
    seeds: int | None,
    seed: int | None,
) -> None:
    """Explore, print a row for each function or failed seed, then the findings.

    :raises UsageError: no such firmware or function, or a wrong plan
    :raises ExpectationFailed: something was found
    """
    if seeds is not None and seed is not None:
        raise UsageError("--seeds runs many seeds, --seed one; only one of them")
    if functions and (seeds is not None or seed is not None):
        raise UsageError("seeds go with a whole run, not with a function")
    given = None if plan is None else read_plan(plan)
    vphoton = tools.native()
    module, elf = image_of(tools, firmware)
    if seeds is not None or seed is not None:
        chosen = range(1, seeds + 1) if seeds is not None else (seed,)
        _run_seeds(vphoton, module, firmware, given, [each for each in chosen if each is not None])
        return
    symbols = Symbols(elf)
    done = []
    print("| function | instructions | interruptions | findings |\n|---|---|---|---|")  # noqa: T201
    for name, its_plan in _plans(firmware, functions, given, symbols):
        with step(f"exploring {name}"):
            explored = explore_function(vphoton, module, symbols, symbols.named(name), its_plan)
        print(row(explored), flush=True)  # noqa: T201
        done.append(explored)
    found = [
        f"{each.function}: {finding.kind} at {finding.place}: {finding.text} ({finding.count} places)"
        for each in done
        for finding in each.findings
    ]
    if found:
        print("\n" + "\n".join(found))  # noqa: T201
        raise ExpectationFailed(f"{len(found)} findings")


def row(explored: Explored) -> str:
    """A row of the table."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in explored.interruptions.items())
    return f"| `{explored.function}` | {explored.instructions:,} | {kinds} | {len(explored.findings)} |"


def _plans(firmware: str, functions: Sequence[str], plan: Plan | None, symbols: Symbols) -> Iterator[tuple[str, Plan]]:
    if plan is not None:
        if not functions:
            raise UsageError("--plan needs the FUNCTION to explore")
        for name in functions:
            call = plan.explore or Call(0)
            begin = symbols.named(name).begin
            yield name, msgspec.structs.replace(plan, explore=msgspec.structs.replace(call, begin=begin))
        return
    if firmware not in EXPLORATIONS:
        raise UsageError(f"{firmware} needs --plan FILE, which says what happens in the run")
    chosen = [exploration_of(firmware, name, symbols) for name in functions] or EXPLORATIONS[firmware]
    for each in chosen:
        yield each.function, plan_of(firmware, each, symbols.named(each.function))


def _run_seeds(vphoton: Path, module: Path, firmware: str, plan: Plan | None, seeds: Iterable[int]) -> None:
    if plan is None and firmware not in EXPLORATIONS:
        raise UsageError(f"{firmware} needs --plan FILE, which says what happens in the run")
    broken = 0
    for seed in seeds:
        its = life_plan(firmware, seed) if plan is None else msgspec.structs.replace(plan, seed=seed, explore=None)
        outcome = run(vphoton, module, its)
        found = list(violations(Run(None, outcome), its))
        broken += bool(found)
        for text in found:
            print(f"seed {seed}: {text}", flush=True)  # noqa: T201
    print(f"seeds run: {len(list(seeds))}, with findings: {broken}", file=sys.stderr)  # noqa: T201
    if broken:
        raise ExpectationFailed(f"seeds that break an invariant: {broken}")
