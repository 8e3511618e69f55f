"""What the images that ship do at their outputs, read from a waveform of the pins.

The times are demands of the table of hazards, not the drivers' constants.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from photonrig.trials.plan import Plan, say
from photonrig.trials.run import run

from ..waveform import read
from .conftest import UserPart

_CALIBRATION = {"venetian": "1200,240", "honeycomb": "2000,2000"}
_LINES = say((100, "move 50"), (1500, "move 20"), (1900, "move 80"), (3000, "move stop"), (3600, "move close"))
_UNTIL_MS = 7000


class Waveform:
    """Times in milliseconds at which each output got and lost power, and all its changes."""

    def __init__(self, file: Path) -> None:
        self.changes: dict[str, list[tuple[float, float]]] = {}
        for at, name, value in read(file).changes:
            level = float(value) if str(value).isdigit() else 0.0
            self.changes.setdefault(name, []).append((at / 1000, level))

    def on(self, name: str) -> list[tuple[float, float]]:
        """From when until when it had power."""
        spans: list[tuple[float, float]] = []
        since: float | None = None
        for at, level in [*self.changes.get(name, []), (float(_UNTIL_MS), 0.0)]:
            if level and since is None:
                since = at
            elif not level and since is not None:
                spans.append((since, at))
                since = None
        return spans


def recorded(vphoton: Path, part: UserPart, variant: str, folder: Path) -> Waveform:
    file = folder / "pins.vcd"
    lines = say((50, f"calibrate {_CALIBRATION[variant]}")) + _LINES
    plan = Plan(_UNTIL_MS, f"{variant}:2000", lines, record=str(file))
    outcome = run(vphoton, part.module, plan)
    assert not outcome.restarts and outcome.truth is not None and outcome.truth["contradictions"] == 0
    return Waveform(file)


def test_the_venetians_bridge_rests_between_directions(
    vphoton: Path, parts: dict[str, UserPart], tmp_path: Path
) -> None:
    seen = recorded(vphoton, parts["venetian"], "venetian", tmp_path)
    opens, closes = seen.on("D0_value"), seen.on("D1_value")
    assert len(opens) == 2 and len(closes) == 2
    ends = sorted([(end, begin, "open") for begin, end in opens] + [(end, begin, "close") for begin, end in closes])
    for (end, _, before), (_, begin, after) in itertools.pairwise(ends):
        if before != after:
            assert begin - end >= 150, f"{before} until {end}, {after} from {begin}"
    # Full power in the middle of each run that is long enough, and less as it begins.
    for name in ("D0_value", "D1_value"):
        for begin, end in seen.on(name):
            duties = [level for at, level in seen.changes[name] if begin <= at < end]
            assert duties[0] < 150
            assert end - begin < 300 or max(duties) == 255


def test_the_permit_line_has_edges_while_a_motor_runs_and_only_then(
    vphoton: Path, parts: dict[str, UserPart], tmp_path: Path
) -> None:
    seen = recorded(vphoton, parts["venetian"], "venetian", tmp_path)
    edges = [at for at, _ in seen.changes["A0"]]
    for begin, end in seen.on("D0_value") + seen.on("D1_value"):
        near = [at for at in edges if begin - 50 <= at <= end]
        assert near and near[0] <= begin
        assert all(later - earlier <= 150 for earlier, later in itertools.pairwise(near))
        assert end - near[-1] <= 150
    last = max(end for _, end in seen.on("D1_value"))
    assert not [at for at in edges if at > last + 500]


def test_the_honeycombs_contacts_are_presses(vphoton: Path, parts: dict[str, UserPart], tmp_path: Path) -> None:
    seen = recorded(vphoton, parts["honeycomb"], "honeycomb", tmp_path)
    presses = sorted((begin, end, name) for name in ("D2", "D3", "D4") for begin, end in seen.on(name))
    assert {name for _, _, name in presses} == {"D2", "D3", "D4"}
    for begin, end, name in presses:
        assert 100 <= end - begin <= 1000, f"{name} is held from {begin} to {end}"
    for (_, end, _), (begin, _, _) in itertools.pairwise(presses):
        assert begin >= end
    turned = [
        (stop, after)
        for before, stop, after in zip(presses, presses[1:], presses[2:], strict=False)
        if stop[2] == "D3" and {before[2], after[2]} == {"D2", "D4"}
    ]
    assert turned
    for stop, after in turned:
        assert after[0] - stop[0] >= 300, f"{after[2]} at {after[0]}, STOP at {stop[0]}"


@pytest.mark.parametrize("variant", ["venetian", "honeycomb"])
def test_no_output_has_power_before_a_command(
    vphoton: Path, parts: dict[str, UserPart], tmp_path: Path, variant: str
) -> None:
    seen = recorded(vphoton, parts[variant], variant, tmp_path)
    for name in ("D0_value", "D1_value", "D2_value", "D3_value", "D2", "D3", "D4", "A0"):
        assert all(begin >= 100 for begin, _ in seen.on(name)), name
