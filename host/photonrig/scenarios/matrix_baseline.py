"""Baseline of the matrix: outcomes of an earlier run in a diffable file, and the changes since.

{"target": "local cloud", "recorded": "2026-01-31", "cells": {"today / unowned / claim / M": "200", …}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from msgspec import MsgspecError, Struct, json

from photonrig.clock import SYSTEM, utc
from photonrig.errors import UsageError
from photonrig.files import file_error, replace
from photonrig.scenarios.matrix import NOT_RUN, Observation


@dataclass(frozen=True, slots=True)
class Change:
    """A cell with another outcome; None stands for a cell not asked before, or not any more."""

    key: str
    before: str | None
    now: str | None
    expected: str | None

    def __str__(self) -> str:
        return f"{self.key}: {self.before or 'not asked'} → {self.now or 'not asked'} (expected {self.expected or '–'})"


class Baseline(Struct, frozen=True):
    """Outcomes by cell, of one target at one date."""

    target: str
    recorded: str
    cells: Mapping[str, str]

    @classmethod
    def of(cls, target: str, observations: Iterable[Observation]) -> Baseline:
        """From this run's observations; cells that were not run are left out."""
        cells = {each.cell.key: each.outcome for each in observations if each.outcome != NOT_RUN}
        return cls(target, utc(SYSTEM).date().isoformat(), cells)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read a file written by :meth:`write`.

        :raises UsageError: no such file, or not a baseline
        """
        try:
            return json.decode(path.read_bytes(), type=cls)
        except OSError as error:
            raise file_error(path, "read", error, missing="make one with --update-baseline") from error
        except (MsgspecError, ValueError, RecursionError):
            raise UsageError(f"{path} is not a baseline; make one with --update-baseline") from None

    def write(self, path: Path) -> None:
        """Write it: one line a cell, in the order they were asked."""
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, json.format(json.encode(self), indent=1) + b"\n")


def changes(baseline: Baseline, observations: Iterable[Observation]) -> tuple[Change, ...]:
    """Cells whose outcome differs from the baseline, in the order they were asked; then those no longer asked.

    A cell that this run could not ask is no change.
    """
    found, asked = [], set()
    for each in observations:
        key, before = each.cell.key, baseline.cells.get(each.cell.key)
        asked.add(key)
        if each.outcome not in (NOT_RUN, before):
            found.append(Change(key, before, each.outcome, each.cell.expected.outcome))
    gone = [Change(key, before, None, None) for key, before in baseline.cells.items() if key not in asked]
    return (*found, *gone)
