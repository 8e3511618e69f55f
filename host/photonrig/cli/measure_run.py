"""Work of ``photonrig measure``: runs an image with instruments, and prints and writes what they saw."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from photonrig.build.elf import Symbols
from photonrig.build.toolchain import Toolchain
from photonrig.cli.trial_files import image_of, read_plan
from photonrig.errors import ExpectationFailed, FirmwareError, UsageError
from photonrig.files import replace
from photonrig.trials.coverage import coverage, lcov
from photonrig.trials.explorations import EXPLORATIONS, life_plan
from photonrig.trials.memory import told
from photonrig.trials.profile import speedscope
from photonrig.trials.run import Figures, run

# As firmware/vphoton/trial/clock.h has it.
_INSTRUCTIONS_PER_US = 100


def run_measure(
    tools: Toolchain,
    firmware: str,
    plan_file: Path | None,
    *,
    check_memory: bool,
    coverage_to: Path | None,
    profile_to: Path | None,
    record_to: Path | None,
) -> None:
    """Measure one run.

    :raises UsageError: no such firmware, or a wrong plan
    :raises FirmwareError: the application panics or hangs
    :raises ExpectationFailed: memory was used wrongly
    """
    if plan_file is None and firmware not in EXPLORATIONS:
        raise UsageError(f"{firmware} needs --plan FILE, which says what happens in the run")
    plan = life_plan(firmware) if plan_file is None else read_plan(plan_file)
    vphoton = tools.native()
    module, elf = image_of(tools, firmware)
    symbols = Symbols(elf)
    observed = check_memory or coverage_to is not None or profile_to is not None
    record = "" if record_to is None else str(record_to)
    outcome = run(vphoton, module, msgspec.structs.replace(plan, instruments=observed, record=record, explore=None))
    panics = [each.panic for each in outcome.restarts if each.panic]
    if panics or outcome.hung or outcome.figures is None:
        raise FirmwareError(f"the application {'panics: ' + panics[0] if panics else 'hangs'}; {outcome.log.strip()}")
    for line in figures_in_words(outcome.figures):
        print(line)  # noqa: T201
    if outcome.instruments is None:
        return
    if coverage_to is not None:
        covered = coverage(symbols, outcome.instruments.executed, tools.root)
        lines = [hit for each in covered.values() for hit in each.values()]
        replace(coverage_to, lcov(covered, module.stem))
        print(f"coverage: {sum(lines):,} of {len(lines):,} lines; genhtml {coverage_to} -o coverage")  # noqa: T201
    if profile_to is not None:
        replace(profile_to, json.dumps(speedscope(symbols, outcome.instruments.profile, module.stem)))
        print(f"profile: {profile_to}, for https://www.speedscope.app")  # noqa: T201
    if check_memory:
        found = list(told(symbols, outcome.instruments.memory))
        print("\n".join(found) or "memory: every byte was written before it was read, and heap used in blocks only")  # noqa: T201
        if found:
            raise ExpectationFailed(f"{len(found)} places use memory wrongly")


def figures_in_words(figures: Figures) -> Iterator[str]:
    """One line for each figure."""
    loops = max(figures.loops, 1)
    free = figures.heap_total - figures.heap_used
    yield f"stack: at most {figures.most_stack:,} of {figures.stack_total:,} bytes"
    yield (
        f"heap: at most {figures.heap_most_used:,} of {figures.heap_total:,} bytes, "
        f"largest free block at least {figures.heap_least_largest_free:,}, now {free:,} free"
    )
    yield (
        f"loop: {figures.loop_instructions // loops:,} instructions and {figures.loop_calls / loops:.1f} system calls "
        f"on average, at most {figures.most_loop_instructions:,} instructions"
    )
    longest = figures.longest_without_interrupts
    yield f"interrupts off: at most {longest:,} instructions, about {longest / _INSTRUCTIONS_PER_US:.1f} µs"
