"""History of runs: one folder a run, with a record of every outcome; and what changed between two records.

    report/index.html                   every run, newest first
    report/claims/20261130-162514/      record.json, index.html, junit.xml, …
    report/claims/last                  link to the newest run that ended

A baseline is a record in a file of its own, kept in the tree: outcomes alone, one line a case.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from msgspec import MsgspecError, Struct, json

from photonrig.clock import SYSTEM, Clock, utc
from photonrig.errors import UsageError
from photonrig.files import file_error, replace

NOT_RUN: Final = "not run"
_FAILED: Final = "failed"
TREND: Final = 30  # earlier runs that a trend shows
_KINDS: Final = ("claims", "hil")
# A case is slower if it took so many times as long and so many seconds more: chosen, not measured.
_TIMES: Final = 2.0
_MORE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Change:
    """A case with another outcome; None: a case not asked before, or not any more."""

    key: str
    before: str | None
    now: str | None

    def __str__(self) -> str:
        return f"{self.key}: {self.before or 'not asked'} → {self.now or 'not asked'}"


@dataclass(frozen=True, slots=True)
class Slower:
    """A case that took notably longer than before, in seconds."""

    key: str
    before: float
    now: float


class Record(Struct, frozen=True, omit_defaults=True):
    """Outcomes of one run by case, ``PART / …``, as in ``matrix / today / unowned / claim / M``.

    ``recorded``: ISO 8601. ``whole``: no case of its parts was left out. ``seconds``: duration by case, and of the run
    under "". ``figures``: sizes and the like by a name with the unit. ``failed``, ``changed``: number of cases.
    """

    target: str
    recorded: str
    cases: dict[str, str]
    failed: int = 0
    changed: int = 0
    whole: bool = True
    seconds: Mapping[str, float] = {}
    figures: Mapping[str, float] = {}

    @property
    def held(self) -> bool:
        """Whether nothing failed or changed."""
        return not self.failed and not self.changed

    @property
    def parts(self) -> frozenset[str]:
        """Parts that were run."""
        return frozenset(key.partition(" / ")[0] for key in self.cases)

    @classmethod
    def read(cls, path: Path, *, missing: str = "make one with --update-baseline") -> Record:
        """Read a file written by :meth:`write`.

        :raises UsageError: no such file, or not a record
        """
        try:
            return json.decode(path.read_bytes(), type=cls)
        except OSError as error:
            raise file_error(path, "read", error, missing=missing) from error
        except (MsgspecError, ValueError, RecursionError):
            raise UsageError(f"{path} is not a baseline; make one with --update-baseline") from None

    def write(self, path: Path) -> None:
        """Write it: one line a case, in the order they were run."""
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.format(json.encode(self), indent=1) + b"\n")

    def as_baseline(self) -> Record:
        """The outcomes and their date."""
        cases = {key: outcome for key, outcome in self.cases.items() if outcome != NOT_RUN}
        return Record(self.target, self.recorded[:10], cases)


def changes(before: Record, now: Record) -> tuple[Change, ...]:
    """Cases of the parts both ran whose outcome differs: failed ones first, then in the order of ``now``, then those
    no longer asked.

    A case that one of the runs could not ask is no change, and neither is one that a selection left out.
    """
    both = before.parts & now.parts

    def known(key: str, other: Record) -> bool:
        return key.partition(" / ")[0] in both and (other.whole or key in other.cases)

    pairs: list[tuple[str, str | None, str | None]] = []
    pairs += [(key, before.cases.get(key), outcome) for key, outcome in now.cases.items() if known(key, before)]
    pairs += [(key, outcome, None) for key, outcome in before.cases.items() if key not in now.cases and known(key, now)]
    found = [Change(*pair) for pair in pairs if NOT_RUN not in pair and pair[1] != pair[2]]
    return tuple(sorted(found, key=lambda change: change.now != _FAILED))


def slower(before: Record, now: Record) -> tuple[Slower, ...]:
    """Cases with the same outcome, no failure, that took at least twice as long and a second more: the worst first.

    No change: the outcome is what it was, and machines differ.
    """
    same = [key for key, outcome in now.cases.items() if outcome == before.cases.get(key) != _FAILED]
    known = [key for key in same if key in before.seconds and key in now.seconds]
    found = [Slower(key, before.seconds[key], now.seconds[key]) for key in known]
    notable = [each for each in found if each.now >= _TIMES * each.before and each.now - each.before >= _MORE]
    return tuple(sorted(notable, key=lambda each: each.before - each.now))


@dataclass(frozen=True, slots=True)
class Since:
    """The record a run is compared with, and its name."""

    name: str
    record: Record

    def must_share(self, parts: Collection[str]) -> None:
        """Check that it holds one of these parts.

        :raises UsageError: there is nothing to compare
        """
        if not self.record.parts & set(parts):
            raise UsageError(
                f"{self.name} holds nothing of {', '.join(parts)}; it holds {', '.join(self.record.parts)}"
            )


class History:
    """The runs of one kind, "claims" or "hil", below a folder of reports."""

    def __init__(self, reports: Path, kind: str) -> None:
        self.folder = reports / kind

    def begin(self, clock: Clock = SYSTEM) -> Path:
        """A new folder for a run."""
        name = utc(clock).strftime("%Y%m%d-%H%M%S")
        for suffix in ("", *(f".{number}" for number in range(2, 100))):
            with contextlib.suppress(FileExistsError):
                (self.folder / f"{name}{suffix}").mkdir(parents=True)
                return self.folder / f"{name}{suffix}"
        raise UsageError(f"{self.folder} holds a hundred runs of this second; name another folder with --report")

    def runs(self) -> dict[str, Record]:
        """Every run that ended, by name, oldest first."""
        found = {}
        for path in sorted(self.folder.glob("[0-9]*/record.json"), key=lambda path: _natural(path.parent.name)):
            with contextlib.suppress(UsageError):
                found[path.parent.name] = Record.read(path)
        return found

    def since(self, run: str) -> Since:
        """An earlier run by its name, or the ``last`` one.

        :raises UsageError: there is none of this name
        """
        runs = self.runs()
        name = next(reversed(runs), run) if run == "last" else run
        if name not in runs:
            there = f"there are {', '.join([*runs][-3:])}" if runs else "none has ended there yet"
            raise UsageError(f"--since {run}: {self.folder} has no such run; {there}")
        return Since(name, runs[name])

    def end(self, run: Path, record: Record) -> None:
        """Keep the record of a run, and make it the last one."""
        record.write(run / "record.json")
        link = self.folder / f".{run.name}.link"
        link.symlink_to(run.name)
        link.replace(self.folder / "last")


def all_runs(reports: Path) -> list[tuple[str, str, Record]]:
    """Kind, name and record of every run below a folder, newest first."""
    found = [(kind, name, record) for kind in _KINDS for name, record in History(reports, kind).runs().items()]
    return sorted(found, key=lambda run: run[2].recorded, reverse=True)


def trend(runs: Collection[Record], now: Record) -> dict[str, list[float]]:
    """Figures of ``now`` with their values in the runs before it, oldest first; runs without a figure are left out."""
    return {name: [each.figures[name] for each in (*runs, now) if name in each.figures] for name in now.figures}


def _natural(name: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", name)]
