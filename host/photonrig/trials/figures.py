"""What a run of each variant takes of a Photon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from photonrig.build.size import Size
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.errors import FirmwareError
from photonrig.trials.explorations import life_plan
from photonrig.trials.run import run

__all__ = ["with_run"]


def with_run(tools: Toolchain, sizes: Mapping[str, Size]) -> dict[str, Size]:
    """The sizes of variants together with what the run of ``photonrig measure`` takes of each.

    :raises FirmwareError: a variant panics or hangs
    """
    measured = {}
    for variant, size in sizes.items():
        outcome = run(tools.native(), build_variant(tools, variant), life_plan(variant))
        figures = outcome.figures
        if figures is None or outcome.hung or outcome.restarts:
            raise FirmwareError(f"{variant} does not come to the end of its run: {outcome.log.strip()}")
        loop = figures.loop_instructions // max(figures.loops, 1)
        measured[variant] = replace(size, stack=figures.most_stack, heap=figures.heap_most_used, loop=loop)
    return measured
