"""Report of a bench test run: which scenario held on which variant, and the cause of every failure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from photonrig.errors import Cause
from photonrig.history import Record
from photonrig.report.compared import Compared, anchor
from photonrig.report.page import render
from photonrig.report.terminal import Finding
from photonrig.trace import LANES

_NO_VARIANT: Final = "any"
_FAILED: Final = "failed"
_FRAMES: Final = 6  # of a backtrace on the terminal
# Moments shorter than this share of the axis would be invisible.
_LEAST_WIDTH: Final = 0.4
MARKS: Final = {
    "passed": "✓",
    "failed": "✗",
    "skipped": "–",
    "known bad": "!",
    "unexpectedly passed": "✓!",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One test on one variant, with its attempts as kept by ``testing.attempts``; the last one counts."""

    nodeid: str
    attempts: Sequence[Mapping[str, Any]]

    @property
    def last(self) -> Mapping[str, Any]:
        """The attempt that counts."""
        return self.attempts[-1]

    @property
    def outcome(self) -> str:
        """How it ended: passed, failed, skipped, known bad, unexpectedly passed."""
        return str(self.last["outcome"])

    @property
    def cause(self) -> Cause | None:
        """Cause of the failure; None if there was none."""
        found: Cause | None = self.last["cause"]
        return found

    @property
    def variant(self) -> str:
        """Its variant, by device or name."""
        named = re.search(r"\[([^\]-]+)", self.nodeid)
        return str(self.last["variant"] or (named[1] if named else _NO_VARIANT))

    @property
    def scenario(self) -> str:
        """The test without its variant."""
        path, _, name = re.sub(r"@[^@]*$", "", self.nodeid).partition("::")
        rest = re.sub(rf"\[{re.escape(self.variant)}(-|\]$)", lambda found: "[" if found[1] == "-" else "", name)
        return f"{Path(path).stem.removeprefix('test_')}: {rest.replace('_', ' ').removeprefix('test ').strip()}"

    @property
    def key(self) -> str:
        """Its name in records."""
        part, _, name = self.scenario.partition(": ")
        return f"{part} / {name} / {self.variant}"

    @property
    def anchor(self) -> str:
        """Anchor of its section on the page."""
        return anchor(self.key)

    @property
    def error(self) -> str:
        """The test's own error in one line; "" if the reason of the failure says it."""
        brief = brief_error(self.last["error"])
        return "" if brief in self.last["why"] else brief

    @property
    def mark(self) -> str:
        """Symbol in the matrix."""
        return MARKS.get(self.outcome, "?") + ("↻" if len(self.attempts) > 1 else "")


@dataclass(frozen=True, slots=True)
class BenchRun:
    """One finished run; ``facts`` are label and text pairs, ``firmware`` one line a variant."""

    cases: Sequence[Case]
    started: datetime
    seconds: float
    facts: Sequence[tuple[str, str]]
    firmware: Sequence[Mapping[str, Any]]

    @classmethod
    def of(
        cls,
        tests: Mapping[str, Sequence[Mapping[str, Any]]],
        started: datetime,
        seconds: float,
        facts: Sequence[tuple[str, str]],
    ) -> BenchRun:
        """From the tests' attempts, by node id."""
        cases = [Case(nodeid, attempts) for nodeid, attempts in sorted(tests.items(), key=_natural)]
        found = dict(facts)
        firmware: dict[str, Mapping[str, Any]] = {}
        for case in cases:
            for attempt in case.attempts:
                found.update(dict(attempt.get("facts", ())))
                if attempt.get("firmware"):
                    firmware[str(attempt["variant"])] = attempt["firmware"]
        return cls(cases, started, seconds, tuple(found.items()), [firmware[name] for name in sorted(firmware)])

    @classmethod
    def read(cls, folder: Path) -> BenchRun:
        """From the ``results.json`` of a run's folder."""
        found = json.loads((folder / "results.json").read_text())
        tests = {test["id"]: test["attempts"] for test in found["tests"]}
        return cls.of(tests, datetime.fromisoformat(found["started"]), found["seconds"], [*found["facts"].items()])

    def skipped(self) -> list[str]:
        """A line for each reason why cases were skipped."""
        reasons = Counter(str(case.last["why"]) for case in self.cases if case.outcome == "skipped")
        return [f"skipped: {count} of {len(self.cases)} cases: {why}" for why, count in reasons.items()]

    def record(self, target: str, *, whole: bool) -> Record:
        """Its outcomes; ``whole``: no test was left out.

        Durations are without set-up: the first test's starts the bench, and the order is random.
        """
        figures = {
            f"{name} of {each['variant']}, bytes": float(each[name])
            for each in self.firmware
            for name in ("flash", "ram", "stack", "heap")
            if name in each
        }
        return Record(
            target,
            self.started.isoformat(timespec="seconds"),
            {case.key: case.outcome for case in self.cases},
            failed=len(self.failed),
            whole=whole,
            seconds={"": self.seconds} | {case.key: round(case.last["call_seconds"], 3) for case in self.cases},
            figures={"the run, s": self.seconds} | figures,
        )

    @property
    def failed(self) -> Sequence[Case]:
        """Cases that failed."""
        return [case for case in self.cases if case.outcome == _FAILED]

    def findings(self, folder: Path) -> list[Finding]:
        """What failed, for the terminal; ``folder`` holds the page."""
        return [
            Finding(
                f"{case.scenario} ({case.variant})",
                {
                    "cause": f"{case.cause or 'unknown'}: {case.last['why']}",
                    "error": case.error,
                    "backtrace": "\n".join(case.last.get("backtrace", ())[:_FRAMES]),
                },
                f"{folder / 'index.html'}#{case.anchor}",
                _near(case.last.get("folder", ""), folder),
            )
            for case in self.failed
        ]

    @property
    def held(self) -> bool:
        """Whether nothing failed."""
        return not any(case.outcome == _FAILED for case in self.cases)

    @property
    def variants(self) -> Sequence[str]:
        """Columns of the matrix."""
        return sorted({case.variant for case in self.cases})

    @property
    def matrix(self) -> Sequence[tuple[str, Mapping[str, Case]]]:
        """Rows of the matrix: a scenario and its cases by variant."""
        rows: dict[str, dict[str, Case]] = {}
        for case in self.cases:
            rows.setdefault(case.scenario, {})[case.variant] = case
        return list(rows.items())

    @property
    def outcomes(self) -> Sequence[tuple[str, int]]:
        """Number of cases by outcome."""
        return sorted(Counter(case.outcome for case in self.cases).items())

    @property
    def causes(self) -> Sequence[tuple[str, int, int]]:
        """For each cause: permanent failures, and retried attempts."""
        stayed = Counter(case.cause or "unknown" for case in self.cases if case.outcome == _FAILED)
        retried = Counter(attempt["cause"] for case in self.cases for attempt in case.attempts[:-1])
        return [(cause, stayed[cause], retried[cause]) for cause in sorted(stayed | retried)]

    @property
    def ordered(self) -> Sequence[Case]:
        """Cases in page order: failures first."""
        return sorted(self.cases, key=lambda case: (case.outcome != _FAILED, len(case.attempts) == 1))


def _near(path: str, folder: Path) -> str:
    """A path below the folder as the folder itself is named: short where the user is; others as they are."""
    inside = path and Path(path).is_relative_to(folder.absolute())
    return str(folder / Path(path).relative_to(folder.absolute())) if inside else path


def _natural(test: tuple[str, object]) -> list[tuple[int, str]]:
    """Sort key in which 2 comes before 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", test[0])]


def brief_error(error: str) -> str:
    """The first line that pytest marks as the error, without the error's type, else the last line."""
    lines = error.splitlines() or [""]
    marked = next((line[1:].strip() for line in lines if line.startswith("E ")), lines[-1])
    return re.sub(r"^(?:photonrig\.[\w.]+|AssertionError): ", "", marked)


def write_results(run: BenchRun, folder: Path, compared: Compared = Compared()) -> None:  # noqa: B008
    """Write ``index.html`` for people and ``results.json`` for programs into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    results = {
        "held": run.held,
        "started": run.started.isoformat(timespec="seconds"),
        "seconds": round(run.seconds, 3),
        "facts": dict(run.facts),
        "firmware": list(run.firmware),
        "tests": [
            {"id": case.nodeid, "scenario": case.scenario, "variant": case.variant, "attempts": list(case.attempts)}
            for case in run.cases
        ],
    }
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    page = render(
        "bench.html",
        run=run,
        compared=compared,
        axis=_axis,
        links=lambda attempt: _links(attempt, folder),
    )
    (folder / "index.html").write_text(page, encoding="utf-8")


def _axis(attempt: Mapping[str, Any]) -> Mapping[str, Any]:
    """End of the axis (seconds), and per lane the moments with their position on it in per cent."""
    moments = attempt["moments"]
    end = max((moment["at"] + moment["seconds"] for moment in moments), default=0.0) or 1.0
    lanes = []
    for lane in LANES:
        placed = [
            {
                "left": round(max(moment["at"], 0.0) / end * (100 - _LEAST_WIDTH), 2),
                "width": round(max(moment["seconds"] / end * 100, _LEAST_WIDTH), 2),
                "moment": moment,
            }
            for moment in moments
            if moment["lane"] == lane
        ]
        if placed:
            lanes.append((lane, placed))
    return {"end": end, "lanes": lanes}


def _links(attempt: Mapping[str, Any], folder: Path) -> Sequence[tuple[str, str]]:
    """Name and relative address of a test's files, if they are beside the page."""
    place = Path(attempt["folder"]) if attempt["folder"] else None
    if place is None or not place.is_relative_to(folder):
        return ()
    return [(name, (place / name).relative_to(folder).as_posix()) for name in attempt["files"]]
