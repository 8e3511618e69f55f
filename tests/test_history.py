"""History: what changed between two records, and the folders of runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from photonrig.errors import UsageError
from photonrig.history import NOT_RUN, Change, History, Record, Slower, all_runs, changes, slower, trend
from photonrig.testing import FakeClock


def record(cases: dict[str, str], recorded: str = "2026-01-31T16:25:14+00:00", **more: Any) -> Record:
    return Record("local cloud", recorded, cases, **more)


def test_other_outcomes_new_cases_and_gone_ones_are_changes() -> None:
    before = record({"story / flash": "held", "matrix / claim / M": "403", "matrix / gone / M": "200"})
    now = record({"story / flash": "failed", "matrix / claim / M": "403", "matrix / new / M": "200"})
    assert changes(before, now) == (
        Change("story / flash", "held", "failed"),
        Change("matrix / new / M", None, "200"),
        Change("matrix / gone / M", "200", None),
    )
    assert changes(now, now) == ()
    assert str(changes(before, now)[2]) == "matrix / gone / M: 200 → not asked"


def test_what_fails_now_is_seen_first() -> None:
    before = record({"story / a": "failed", "story / b": "held", "story / c": "held"})
    now = record({"story / a": "held", "story / b": "failed", "story / c": "failed"})
    assert [each.key for each in changes(before, now)] == ["story / b", "story / c", "story / a"]


def test_parts_that_one_did_not_run_are_not_compared() -> None:
    assert changes(record({"story / flash": "held"}), record({"flows / released": "held"})) == ()


def test_what_could_not_be_asked_is_no_change() -> None:
    before = record({"story / flash": "held", "story / claim": NOT_RUN})
    assert changes(before, record({"story / flash": NOT_RUN, "story / claim": "held"})) == ()


def test_what_a_selection_left_out_is_no_change() -> None:
    whole, some = record({"life / move": "passed", "life / stop": "passed"}), {"life / move": "failed"}
    assert changes(whole, record(some, whole=False)) == (Change("life / move", "passed", "failed"),)
    assert changes(record(some, whole=False), whole) == (Change("life / move", "failed", "passed"),)
    assert len(changes(record(some), whole)) == 2


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (1.0, 2.0, True),
        (10.0, 20.0, True),
        (0.5, 1.5, True),
        (10.0, 19.9, False),
        (0.01, 0.9, False),
        (2.0, 1.0, False),
    ],
)
def test_slower_is_twice_as_long_and_a_second_more(before: float, now: float, told: bool) -> None:
    cases = {"life / move": "passed"}
    earlier, later = (record(cases, seconds={"": 99 * took, "life / move": took}) for took in (before, now))
    assert slower(earlier, later) == ((Slower("life / move", before, now),) if told else ())
    assert changes(earlier, later) == ()


def test_slower_is_told_of_the_same_outcome_known_times_and_the_worst_first() -> None:
    before = record({"a / 1": "passed", "a / 2": "passed", "a / 3": "failed", "a / 4": "passed"})
    now = record({"a / 1": "passed", "a / 2": "passed", "a / 3": "failed", "a / 4": "failed", "a / 5": "passed"})

    def took(of: Record, seconds: float) -> Record:
        return record(of.cases, seconds={key: seconds * int(key[-1]) for key in of.cases})

    assert [each.key for each in slower(took(before, 1.0), took(now, 5.0))] == ["a / 2", "a / 1"]
    assert slower(before, took(now, 5.0)) == slower(took(before, 1.0), now) == ()


def test_a_baseline_is_outcomes_alone_and_reads_back(tmp_path: Path) -> None:
    run = record({"story / flash": "held", "story / claim": NOT_RUN}, seconds={"": 3.0}, failed=1)
    path = tmp_path / "deep" / "baseline.json"
    run.as_baseline().write(path)
    assert Record.read(path) == Record("local cloud", "2026-01-31", {"story / flash": "held"})
    assert '\n  "story / flash": "held"' in path.read_text()


@pytest.mark.parametrize("text", ["", "[]", '{"cases": 5}', '{"target": "x", "recorded": "y"}'])
def test_a_file_that_is_no_baseline_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="not a baseline"):
        Record.read(path)
    with pytest.raises(UsageError, match="--update-baseline"):
        Record.read(tmp_path / "none.json")


def test_each_run_has_its_folder_and_last_is_the_newest_that_ended(tmp_path: Path) -> None:
    history, clock = History(tmp_path, "claims"), FakeClock()
    with pytest.raises(UsageError, match="none has ended there yet"):
        history.since("last")
    folders = [history.begin(clock) for _ in range(11)]
    assert len(set(folders)) == 11
    for number, folder in enumerate(folders):
        history.end(folder, record({"flows / released": str(number)}, f"2026-01-31T00:00:{number:02}"))
    broken = history.begin(clock)
    assert [*history.runs()] == [folder.name for folder in folders]
    assert history.since("last").record.cases == {"flows / released": "10"}
    assert (tmp_path / "claims" / "last").resolve() == folders[-1]
    assert history.since(folders[0].name).record.cases == {"flows / released": "0"}
    with pytest.raises(UsageError, match=f"has no such run; there are .*{folders[-1].name}"):
        history.since(broken.name)
    (folders[-1] / "record.json").write_text("torn")
    assert history.since("last").name == folders[-2].name
    assert [name for _, name, _ in all_runs(tmp_path)] == [folder.name for folder in reversed(folders[:-1])]


def test_a_trend_has_the_values_of_the_runs_that_know_the_figure() -> None:
    runs = [
        record({}, figures={"flash, bytes": 5.0}),
        record({}),
        record({}, figures={"flash, bytes": 7.0, "old": 1.0}),
    ]
    now = record({}, figures={"flash, bytes": 8.0, "new, s": 1.0})
    assert trend(runs, now) == {"flash, bytes": [5.0, 7.0, 8.0], "new, s": [1.0]}
