"""Attempts of a bench test: diagnosis of each failure, and a retry where the cause permits.

A failure by rig, network or cloud is retried after the bench was repaired, and every attempt is shown. A failure by
firmware or test is never retried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.runner import call_and_report

if TYPE_CHECKING:
    from photonrig.bench.diagnosis import Diagnosis
    from photonrig.testing.bench import Bench, TestRun

_SHOWN = 400  # moments of a test in reports
_PROPERTIES = ("cause", "layer", "why", "logs")  # of a failure, in JUnit; logs is a folder


class Attempts:
    """Hooks of the process that runs tests."""

    def __init__(
        self,
        is_bench: Callable[[pytest.Item], bool],
        run_of: Callable[[pytest.Item], TestRun | None],
        set_attempt: Callable[[pytest.Item, int], None],
        retries: int,
    ) -> None:
        self._is_bench = is_bench
        self._run_of = run_of
        self._set_attempt = set_attempt
        self._retries = retries

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Diagnose a failure before the teardown changes anything."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        error = None if call.excinfo is None else call.excinfo.value
        if self._is_bench(item) and error is not None and not isinstance(error, pytest.skip.Exception):
            self._diagnose(item, report, error)
        return report  # type: ignore[return-value]

    def _diagnose(self, item: pytest.Item, report: pytest.TestReport, error: BaseException) -> None:
        bench, run = _bench(item), self._run_of(item)
        # The first error counts; errors in the teardown are its consequences.
        if bench is None or run is None or run.diagnosis is not None or isinstance(error, KeyboardInterrupt):
            return
        found = bench.diagnose(run, error)
        item.user_properties[:] = [pair for pair in item.user_properties if pair[0] not in _PROPERTIES]
        told = (found.cause, found.layer, found.why, str(run.recorder.folder))
        item.user_properties += zip(_PROPERTIES, told, strict=True)
        report.user_properties = list(item.user_properties)
        text = [f"{found.cause}: {found.why}", *_readings(found, all_of_them=item.config.option.verbose > 0)]
        report.sections.append(("cause", "\n".join([*text, f"logs: {run.recorder.folder}"])))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a bench test, with a retry if the diagnosis permits."""
        if not self._is_bench(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        attempts: list[dict[str, Any]] = []
        while True:
            self._set_attempt(item, len(attempts) + 1)
            reports, record, again = self._attempt(item, nextitem, len(attempts) < self._retries)
            attempts.append(record)
            if not again:
                break
            # The failed phase gets an outcome of its own: shown, counted, and neither passed nor failed.
            failed = next(report for report in reports if report.failed)
            failed.outcome = "rerun"  # type: ignore[assignment]
            item.ihook.pytest_runtest_logreport(report=failed)
        reports[-1].photonrig = attempts  # type: ignore[attr-defined]
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _attempt(
        self, item: pytest.Item, nextitem: pytest.Item | None, may_retry: bool
    ) -> tuple[list[pytest.TestReport], dict[str, Any], bool]:
        """Reports of all phases, the attempt's record, and whether to retry."""
        item._initrequest()  # type: ignore[attr-defined]
        reports = [call_and_report(item, "setup", log=False)]
        if reports[0].passed:
            reports.append(call_and_report(item, "call", log=False))
        bench, run = _bench(item), self._run_of(item)
        failed = next((report for report in reports if report.failed), None)
        found = None if run is None else run.diagnosis
        again = failed is not None and may_retry and found is not None and found.retryable
        recovered: tuple[str, ...] = ()
        if found is not None and bench is not None and run is not None:
            recovered = bench.recover(run)
        if again:
            text = f"{found.cause}: {found.why}" if found else ""
            item.user_properties.append(("retried", text))
        # Module and session fixtures stay for the next attempt: only the test itself is torn down.
        after = item.parent if again else None if item.session.shouldfail or item.session.shouldstop else nextitem
        reports.append(call_and_report(item, "teardown", log=False, nextitem=after))
        item._request = False  # type: ignore[attr-defined]
        item.funcargs = None  # type: ignore[attr-defined]
        return reports, _record(run, reports, recovered), again


def without_bench(reports: Sequence[pytest.TestReport]) -> dict[str, Any]:
    """The one attempt at a test that uses no fixture of the bench, as :class:`Attempts` keeps those of the others."""
    record = _record(None, reports, ())
    return record | {"why": "it uses no fixture of the bench"} if record["outcome"] == "failed" else record


def _readings(found: Diagnosis, *, all_of_them: bool) -> list[str]:
    """A line for each reading that is not as it should be, and one for those that are."""
    proofs = found.proofs()
    lines = [f"{layer:>9}  {proof}: {said}" for layer, proof, said in proofs if all_of_them or said != "proved"]
    healthy = Counter(layer for layer, _, said in proofs if said == "proved")
    if healthy and not all_of_them:
        lines.append(f"healthy: {', '.join(healthy)} ({healthy.total()} readings; -v shows each)")
    return lines


def _bench(item: pytest.Item) -> Bench | None:
    found: Bench | None = (getattr(item, "funcargs", None) or {}).get("photonrig_bench")
    return found


def _outcome(reports: Sequence[pytest.TestReport]) -> str:
    if any(report.failed for report in reports):
        return "failed"
    skipped = next((report for report in reports if report.skipped), None)
    if skipped is None:
        return "unexpectedly passed" if any(hasattr(report, "wasxfail") for report in reports) else "passed"
    return "known bad" if hasattr(skipped, "wasxfail") else "skipped"


def _record(run: TestRun | None, reports: Sequence[pytest.TestReport], recovered: tuple[str, ...]) -> dict[str, Any]:
    """An attempt as plain values, for other processes and JSON."""
    outcome = _outcome(reports)
    failed = next((report for report in reports if report.failed), None)
    skipped = next((report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)), "")
    why = skipped.removeprefix("Skipped: ") if outcome == "skipped" else ""
    found = None if run is None else run.diagnosis
    moments = [] if run is None else run.recorder.moments
    begun = 0.0 if run is None else run.recorder.begun
    return {
        "outcome": outcome,
        "seconds": sum(report.duration for report in reports),
        "call_seconds": sum(report.duration for report in reports if report.when == "call"),
        "variant": None if run is None else run.variant,
        "firmware": None if run is None else run.firmware,
        "facts": [] if run is None else [list(fact) for fact in run.facts],
        "device": None if run is None or run.photon is None else run.photon.id,
        "cause": None if found is None else found.cause,
        "layer": None if found is None else found.layer,
        "why": why if found is None else found.why,
        "proofs": [] if found is None else [list(proof) for proof in found.proofs()],
        "error": "" if failed is None else failed.longreprtext,
        "backtrace": [] if run is None else list(run.backtrace),
        "recovered": list(recovered),
        "folder": "" if run is None else str(run.recorder.folder),
        "files": [] if run is None else list(run.recorder.files()),
        "moments": [
            {
                "at": round(moment.at - begun, 4),
                "seconds": round(moment.seconds, 4),
                "lane": moment.lane,
                "text": moment.text,
                "trouble": moment.trouble,
            }
            for moment in sorted(moments, key=lambda moment: moment.at)[:_SHOWN]
        ],
        "moments_not_shown": 0 if run is None else run.recorder.lost + max(0, len(moments) - _SHOWN),
    }
