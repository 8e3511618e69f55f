"""Work of ``photonrig hil``: the scenarios of every rig, with an exit code that tells whose fault a failure was."""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from photonrig.bench.config import load_config
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS
from photonrig.cli.firmware_path import module_of
from photonrig.cli.tool import run_to_end
from photonrig.cli.values import writable
from photonrig.errors import UsageError
from photonrig.exits import ExitCode
from photonrig.history import TREND, History, Since, changes, slower, trend
from photonrig.report.bench_run import BenchRun, write_results
from photonrig.report.compared import Compared
from photonrig.report.junit import add_changes
from photonrig.report.page import write_index
from photonrig.report.terminal import print_findings, print_verdict
from photonrig.testing.known_bad import read_known_bad


def scenarios(tools: Toolchain) -> Path:
    """Folder of the scenarios for every rig: in the checkout, or carried by the wheel."""
    return tools.root / "tests" / "scenarios" / "every_rig"


def firmware_words(tools: Toolchain, firmware: Path, libraries: Path | None, rig: str) -> list[str]:
    """Words for pytest with which virtual Photons run this firmware, built if it is no ``.bin``.

    :raises UsageError: on a bench with a file, or the path holds no firmware
    :raises ModuleError: it is no application for a Photon, or does not compile
    """
    if rig != "virtual":
        raise UsageError(f"--firmware goes with virtual Photons; what the slots of {rig} run is named by their variant")
    module = module_of(tools, firmware, libraries)
    return ["-o", f"photonrig_variants={firmware.resolve().stem} = {module.absolute()}"]


@dataclass(frozen=True, slots=True)
class Hil:
    """How to run: the rig's file or "virtual", pytest's ``words``, an earlier run to compare with.

    ``whole``: no test is left out; ``verbose``: with all that pytest prints.
    """

    rig: str
    workers: int = 1
    words: Sequence[str] = ()
    since: str | None = None
    known_bad: Path | None = None
    verbose: bool = False
    whole: bool = True


def run_hil(folder: Path, report: Path, hil: Hil) -> int:
    """Run the scenarios of ``folder``, compare and report; returns the program's exit code.

    :raises UsageError: a file is wrong, there is no such earlier run, or the rig has fewer slots of a variant than
        workers
    """
    if hil.rig != "virtual":
        slots = Counter(slot.variant for slot in load_config(Path(hil.rig), VARIANTS).slots)
        variant, fewest = min(slots.items(), key=lambda each: each[1])
        if hil.workers > fewest:
            each = f"each takes a slot of every variant, and {hil.rig} has {fewest} {variant}"
            raise UsageError(f"--workers {hil.workers}: {each}")
    if hil.known_bad is not None:
        read_known_bad(hil.known_bad)
    history = History(report, "hil")
    earlier = None if hil.since is None else history.since(hil.since)
    writable(report, "--report")
    run = history.begin()
    words = [
        f"--rig={hil.rig}",
        *hil.words,
        *([] if hil.known_bad is None else [f"--known-bad={hil.known_bad.absolute()}"]),
        *([f"--numprocesses={hil.workers}"] if hil.workers > 1 else []),
        *([] if hil.verbose else ["-qq", "--no-header", "--no-summary", "--tb=no", "-p", "photonrig.cli.hil_progress"]),
    ]
    reports = [f"--rig-report={run}", f"--junitxml={run / 'junit.xml'}"]
    # What the tests of a checkout share stays out, such as locks of their own and a slow import.
    without = [f"-pno:{plugin}" for plugin in ("cacheprovider", "hypothesispytest")]
    alone = [*without, f"--confcutdir={folder}"]
    code = run_to_end([sys.executable, "-m", "pytest", *alone, str(folder), *reports, *words])
    found = verdict(code, run / "results.json")
    if found in (ExitCode.HELD, ExitCode.BENCH, ExitCode.NOT_SEEN) and (run / "results.json").exists():
        changed = report_hil(run, history, earlier, hil)
        return ExitCode.NOT_SEEN if changed and found == ExitCode.HELD else found
    return found


def report_hil(run: Path, history: History, earlier: Since | None, hil: Hil) -> bool:
    """Compare the run in this folder with the earlier one, write and print the reports; whether something changed."""
    done = BenchRun.read(run)
    record = done.record(dict(done.facts).get("target", hil.rig), whole=hil.whole)
    found = () if earlier is None else changes(earlier.record, record)
    record = msgspec.structs.replace(record, changed=len(found))
    trends = trend(list(history.runs().values())[-TREND:], record)
    late = () if earlier is None else slower(earlier.record, record)
    compared = Compared("" if earlier is None else earlier.name, found, trends, late)
    write_results(done, run, compared)
    add_changes(compared, run / "junit.xml")
    history.end(run, record)
    write_index(history.folder.parent)
    console = Console()
    print_findings(done.findings(run), compared, console)
    for line in done.skipped():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    print_verdict(record, compared.since, [run / "index.html"], console)
    return bool(found)


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
