"""Terminal, HTML and JSON reports of tests, written by the process that receives all results.

The terminal's are of bench tests alone, the written ones of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from photonrig.clock import SYSTEM, Clock, utc
from photonrig.testing.attempts import without_bench

# Writes the reports of the tests (by node id), with start time and duration in seconds.
WriteReports = Callable[[Mapping[str, list[dict[str, Any]]], datetime, float], None]


class Reporter:
    """Hooks of the reporting process: the only one, or pytest-xdist's controller."""

    def __init__(self, folder: Path | None, order: str, write: WriteReports, clock: Clock = SYSTEM) -> None:
        """``folder``: destination of index.html and results.json for ``write``; None writes nothing."""
        self._folder = folder
        self._order = order
        self._write = write
        self._clock = clock
        self._begun, self._started = clock.now(), utc(clock)
        self.tests: dict[str, list[dict[str, Any]]] = {}
        self._others: dict[str, list[dict[str, Any]]] = {}
        self._phases: dict[str, list[pytest.TestReport]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the attempts of bench tests, and for the written reports those of the others."""
        attempts = getattr(report, "photonrig", None)
        self._phases.setdefault(report.nodeid, []).append(report)
        if report.when == "teardown":
            phases = self._phases.pop(report.nodeid)
            if attempts is not None:
                self.tests[report.nodeid] = attempts
            elif self._folder is not None:
                self._others[report.nodeid] = [without_bench(phases)]

    def pytest_report_teststatus(self, report: pytest.CollectReport | pytest.TestReport) -> Any:
        """Give retried failures an outcome of their own."""
        if str(report.outcome) == "rerun":
            return "rerun", "R", ("RERUN", {"yellow": True})
        return None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print causes, retries and the reports' paths."""
        if not self.tests or terminalreporter.verbosity < -1:
            return
        write = terminalreporter.write_line
        terminalreporter.section("photonrig")
        write(self._order)
        for nodeid, attempts in sorted(self.tests.items()):
            for number, attempt in enumerate(attempts, 1):
                if attempt["cause"] is None:
                    continue
                retried = number < len(attempts)
                verdict = "retried" if retried else attempt["outcome"]
                style = {"yellow": True} if retried or verdict == "known bad" else {"red": True}
                write(f"{attempt['cause']:>9}  {verdict:>9}  {nodeid}: {attempt['why']}", **style)
                for done in attempt["recovered"]:
                    write(f"{'':>22}{done}")
        write(_counts(self.tests))
        if self._folder is not None:
            write(f"report: {self._folder / 'index.html'}, {self._folder / 'results.json'}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the reports."""
        if self._folder is not None and (self.tests or self._others):
            self._write(self._others | self.tests, self._started, self._clock.now() - self._begun)


def _counts(tests: dict[str, list[dict[str, Any]]]) -> str:
    last = [attempts[-1] for attempts in tests.values()]
    causes = Counter(attempt["cause"] for attempt in last if attempt["outcome"] == "failed")
    retries = sum(len(attempts) - 1 for attempts in tests.values())
    outcomes = Counter(attempt["outcome"] for attempt in last)
    text = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    by_cause = ", ".join(f"{count} {cause or 'unknown'}" for cause, count in sorted(causes.items(), key=str))
    return f"{text}; failures by cause: {by_cause or 'none'}; {retries} retried"
