"""A profile by function and caller, as Speedscope reads it (https://www.speedscope.app/file-format-schema.json)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from photonrig.build.elf import Symbols

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(symbols: Symbols, profile: Sequence[tuple[int, int, int]], name: str) -> dict[str, Any]:
    """The profile; weights are instructions."""
    frames: dict[str, int] = {}
    stacks: list[list[int]] = []
    samples, weights = [], []
    for parent, address, instructions in profile:
        if parent < 0:
            stacks.append([])
            continue
        function = symbols.at(address)
        named = function.name if function else f"0x{address:08x}"
        stacks.append([*stacks[parent], frames.setdefault(named, len(frames))])
        if instructions:
            samples.append(stacks[-1])
            weights.append(instructions)
    return {
        "$schema": _SCHEMA,
        "exporter": "photonrig",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": [{"name": each} for each in frames]},
        "profiles": [
            {
                "type": "sampled",
                "name": name,
                "unit": "none",
                "startValue": 0,
                "endValue": sum(weights),
                "samples": samples,
                "weights": weights,
            }
        ],
    }
