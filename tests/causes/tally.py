"""Run trials in a pytest of their own and count how often the cause was named rightly."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from injector import FAULTS, Fault
from mutants import MUTANTS, build_mutant

from photonrig.build.toolchain import Toolchain

TRIALS = Path(__file__).parent / "trials.py"


@dataclass(frozen=True)
class Result:
    """One trial: the fault, the causes named in its attempts that failed, and whether it ended green."""

    number: int
    fault: Fault
    named: tuple[str | None, ...]
    whys: tuple[str, ...]
    green: bool

    @property
    def failed(self) -> bool:
        """The fault was felt at all."""
        return bool(self.named)

    @property
    def right(self) -> bool:
        """The first attempt, in which the fault was, got the right cause."""
        return self.failed and self.named[0] == self.fault.cause

    @property
    def retried(self) -> bool:
        """A failure was tried again."""
        return len(self.named) + self.green > 1


def run_trials(numbers: Sequence[int], seed: int, folder: Path, *, quiet: bool = True) -> list[Result]:
    """Run the trials and read what the plugin made of them."""
    # Before any trial: a change that no longer applies to the sources must not pass for a failure of the firmware.
    tools = Toolchain.found()
    for name in {FAULTS[number % len(FAULTS)].name for number in numbers} & MUTANTS.keys():
        build_mutant(tools, tools.root / "firmware" / "variants" / "roller", name)
    environment = os.environ | {
        "PHOTONRIG_TRIALS": ",".join(map(str, numbers)),
        "PHOTONRIG_TRIAL_SEED": str(seed),
    }
    root = TRIALS.parents[2]
    words = ["-c", str(root / "pyproject.toml"), "--rootdir", str(root), "-p", "no:cacheprovider", "-q", "--tb=no"]
    argv = [
        sys.executable,
        "-m",
        "pytest",
        *words,
        f"--rig-report={folder}",
        "--rig-seed=1",
        "-W",
        "default",
        str(TRIALS),
    ]
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE if quiet else None, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"the trials could not be run:\n{done.stdout}")
    tests = json.loads((folder / "results.json").read_text())["tests"]
    results = [_result(test) for test in tests]
    assert sorted(result.number for result in results) == sorted(numbers)
    return sorted(results, key=lambda result: result.number)


def _result(test: dict) -> Result:  # type: ignore[type-arg]
    found = re.search(r"-(\d+)\]", test["id"])
    assert found is not None
    number = int(found[1])
    failed = [attempt for attempt in test["attempts"] if attempt["outcome"] == "failed"]
    return Result(
        number,
        FAULTS[number % len(FAULTS)],
        tuple(attempt["cause"] for attempt in failed),
        tuple(attempt["why"] for attempt in failed),
        test["attempts"][-1]["outcome"] == "passed",
    )
