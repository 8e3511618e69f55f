"""Twenty thousand moves of each variant with power cuts, in virtual time; ``LIFE_SEED`` chooses another run."""

from __future__ import annotations

import subprocess

import pytest

from .conftest import TOOLS

HEADING = (
    "variant",
    "moves",
    "power cuts",
    "position known after",
    "worst error where known",
    "wrong and trusted",
    "faults",
    "records written",
    "pages erased",
    "of these in motion",
)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_no_position_is_wrong_and_trusted(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the table of docs/hazards.md; an erase while something moves and a fault fail as well."""
    rows = [f"| {' | '.join(HEADING)} |", "|---" * len(HEADING) + "|"]
    for variant in ("roller", "venetian", "drapery", "honeycomb"):
        run = [str(TOOLS.native_tests()), "--no-skip", f"--test-case=soak: 20*{variant}"]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
        rows += [line for line in done.stdout.splitlines() if line.startswith(f"| {variant} | 20000 |")]
    with capsys.disabled():
        print("", *rows, sep="\n")
    assert len(rows) == 6
