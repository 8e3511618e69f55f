"""The journal: on the disk when it says so, whoever is killed; one operator at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.fleet.journal import Journal, begun_plan
from photonrig.ownership.engine import Progress

WRITER = """
import sys
from pathlib import Path
from photonrig.fleet.journal import Journal
from photonrig.ownership.engine import Progress
with Journal(Path(sys.argv[1]), digest="d", plan="p") as journal:
    number = 0
    while True:
        number += 1
        journal.keep(Progress("to-customer", "a" * 24, step=f"step {number}"))
        print(number, flush=True)
"""


def test_what_was_kept_is_there(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        first = Progress("to-customer", "a" * 24, step="look", facts={"former": ["user", "x", None]})
        journal.keep(first)
        journal.keep(Progress("to-user", "a" * 24, step="look"), "back")
        journal.handed_over("customer jane")
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        assert journal.entries()["a" * 24].progress == first
        assert journal.entries("back")["a" * 24].progress.flow == "to-user"
        assert journal.handed() == {"customer jane"}
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:

        def write(number: int) -> None:
            for step in range(20):
                journal.keep(Progress("to-customer", f"{number:024x}", step=str(step)))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [entry.progress.step for entry in journal.entries().values()] == ["19"] * 8


def test_killed_in_the_middle_of_writing_nothing_kept_is_lost_and_the_lock_is_free(tmp_path: Path) -> None:
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "j")], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        said += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
        writer.stdout.close()
        writer.wait()
        with Journal(tmp_path / "j", digest="d", plan="p") as journal:
            kept = int(journal.entries()["a" * 24].progress.step.split()[1])
        assert kept >= said[-1]


def test_a_second_operator_is_told_who_is_at_work(tmp_path: Path) -> None:
    with (
        Journal(tmp_path / "j", digest="d", plan="p"),
        pytest.raises(UsageError, match=f"process {os.getpid()}, since .* is at work"),
        Journal(tmp_path / "j", digest="d", plan="p"),
    ):
        pass


def test_a_plan_of_which_nothing_was_begun_gives_way_to_the_next(tmp_path: Path) -> None:
    assert begun_plan(tmp_path / "j") is None
    with Journal(tmp_path / "j", digest="d", plan="p"):
        pass
    assert begun_plan(tmp_path / "j") is None
    with Journal(tmp_path / "j", digest="e", plan="q") as journal:
        journal.handed_over("customer jane")
    assert begun_plan(tmp_path / "j") == "e"


def test_the_way_a_device_went_last_goes_by_order_and_not_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([300.0, 200.0, 100.0])
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        monkeypatch.setattr("photonrig.fleet.journal.time.time", lambda: next(clock))
        journal.keep(Progress("to-customer", "a" * 24, step="look"))
        journal.keep(Progress("to-user", "a" * 24, step="look"), "back")
        journal.keep(Progress("to-customer", "b" * 24, step="look"))
        assert journal.last_ways() == {"a" * 24: "back", "b" * 24: "forward"}


def test_another_plan_or_another_file_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        journal.keep(Progress("to-customer", "a" * 24, step="look"))
    assert begun_plan(tmp_path / "j") == "d"
    with pytest.raises(UsageError, match="belongs to another plan"), Journal(tmp_path / "j", digest="e", plan="q"):
        pass
    (tmp_path / "text").write_text("this is no database, but long enough to be looked at as if it were one")
    with (
        pytest.raises(UsageError, match="cannot be used as a journal"),
        Journal(tmp_path / "text", digest="d", plan="p"),
    ):
        pass
