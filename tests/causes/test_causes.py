"""Faults in every layer, by seed: the cause is named rightly, and no failure of the firmware is tried again.

The whole measurement, all faults at several moments, is ``./rig bench --only causes``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tally import FAULTS, run_trials

SEED = 4
FEW = (
    "power is cut",
    "the cable is pulled",
    "its network is not there",
    "the way to the API breaks",
    "the device's way is cut",
    "the cloud dies",
    "move returns something else",
    "it crashes when it is to move",
    "a wrong argument",
)


def test_a_fault_in_every_layer_gets_its_cause(tmp_path: Path) -> None:
    numbers = [number for number, fault in enumerate(FAULTS) if fault.name in FEW]
    results = run_trials(numbers, SEED, tmp_path / "report")
    told = "\n".join(f"{result.fault.name}: {result.named} {result.whys}" for result in results)
    felt = [result for result in results if result.failed]
    assert len(felt) >= len(FEW) - 1, told  # a line may break after the last byte that mattered
    assert all(result.right for result in felt), told
    assert not any(result.retried for result in results if result.fault.cause in ("firmware", "test")), told
    assert all(result.green for result in results if result.fault.cause not in ("firmware", "test")), told
    assert not any(result.green for result in results if result.fault.cause in ("firmware", "test")), told
