"""Work of ``photonrig hil``: the scenarios of every rig, with an exit code that tells whose fault a failure was."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from photonrig.bench.config import load_config
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS
from photonrig.cli.tool import run_to_end
from photonrig.cli.values import writable
from photonrig.errors import UsageError
from photonrig.exits import ExitCode
from photonrig.invocation import quiet
from photonrig.testing.known_bad import read_known_bad


def scenarios(tools: Toolchain) -> Path:
    """Folder of the scenarios for every rig: in the checkout, or carried by the wheel."""
    return tools.root / "tests" / "scenarios" / "every_rig"


def run_hil(folder: Path, rig: str, report: Path, workers: int, words: Sequence[str], known_bad: Path | None) -> int:
    """Run the scenarios; returns the program's exit code.

    :raises UsageError: a file is wrong, or the rig has fewer slots of a variant than workers
    """
    if rig != "virtual":
        slots = Counter(slot.variant for slot in load_config(Path(rig), VARIANTS).slots)
        variant, fewest = min(slots.items(), key=lambda each: each[1])
        if workers > fewest:
            each = f"each takes a slot of every variant, and {rig} has {fewest} {variant}"
            raise UsageError(f"--workers {workers}: {each}")
    if known_bad is not None:
        read_known_bad(known_bad)
        words = [*words, f"--known-bad={known_bad.absolute()}"]
    words = [
        f"--rig={rig}",
        *words,
        *(["-q"] if quiet() else []),
        *([f"--numprocesses={workers}"] if workers > 1 else []),
    ]
    writable(report, "--report")
    (report / "results.json").unlink(missing_ok=True)
    reports = [f"--rig-report={report}", f"--junitxml={report / 'junit.xml'}"]
    code = run_to_end([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder), *reports, *words])
    return verdict(code, report / "results.json")


def verdict(code: int, results: Path) -> ExitCode:
    """Exit code from pytest's and the tests' results; BENCH if only the bench failed."""
    if code == pytest.ExitCode.OK:
        return ExitCode.HELD
    if code in (pytest.ExitCode.INTERRUPTED, -signal.SIGKILL, -signal.SIGINT):
        return ExitCode.STOPPED
    if code != pytest.ExitCode.TESTS_FAILED:
        return ExitCode.USAGE
    last = [test["attempts"][-1] for test in json.loads(results.read_text())["tests"]] if results.exists() else []
    causes = {attempt["cause"] for attempt in last if attempt["outcome"] == "failed"}
    return ExitCode.BENCH if causes == {"rig"} else ExitCode.NOT_SEEN
