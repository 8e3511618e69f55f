"""The machine of :mod:`machine`: no sequence of anything breaks an invariant, and four seeded bugs do not escape it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import HypothesisException
from hypothesis.stateful import run_state_machine_as_test

from .machine import AnythingInAnyOrder, Disagreement, Town, town
from .spoilt_cloud import BUGS

SOAK_SECONDS = float(os.environ.get("PHOTONRIG_SOAK_SECONDS", "3600"))


def run(there: Town, examples: int, steps: int, number: int) -> None:
    machine = type("Machine", (AnythingInAnyOrder,), {"town": there})
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(machine), settings=chosen)


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[Town]:
    with town(tmp_path) as there:
        yield there


def test_anything_in_any_order_keeps_every_invariant(sound: Town) -> None:
    run(sound, examples=10, steps=40, number=1)
    assert sound.steps > 200
    # Every kind of trouble was met, or the test says less than it seems to.
    assert {"request lost", "answer lost", "twice", "race", "request", "code", "flow"} <= set(sound.counted)


@pytest.mark.parametrize("bug", BUGS)
def test_a_seeded_bug_does_not_escape(tmp_path: Path, bug: str) -> None:
    Disagreement.seen.clear()
    with town(tmp_path, bug) as there, pytest.raises((Disagreement, HypothesisException, BaseExceptionGroup)):
        run(there, examples=60, steps=40, number=3)
    assert Disagreement.seen


@pytest.mark.soak
@pytest.mark.timeout(SOAK_SECONDS + 600)
def test_soak(sound: Town, capsys: pytest.CaptureFixture[str]) -> None:
    """For an hour, or PHOTONRIG_SOAK_SECONDS, with another seed each time."""
    end, number = time.monotonic() + SOAK_SECONDS, 0
    while time.monotonic() < end:
        number += 1
        run(sound, examples=20, steps=50, number=number)
        with capsys.disabled():
            print(f"\r{sound.steps} steps, {sound.counted}", end="", flush=True)
