"""The journal: on the disk when it says so, whoever is killed; one operator at a time."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from photonrig.errors import RigError, UsageError
from photonrig.fleet.journal import Journal, begun_plan
from photonrig.ownership.engine import Progress
from photonrig.testing import FakeClock

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
        pytest.raises(UsageError, match=rf"process {os.getpid()} of .* since .* is at work with"),
        Journal(tmp_path / "j", digest="d", plan="p"),
    ):
        pass


def test_by_whatever_path_it_is_one_journal_with_one_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "elsewhere").symlink_to(home)
    (tmp_path / "link").symlink_to(home / "j")
    monkeypatch.chdir(home)
    ways = [Path("j"), Path("../home/j"), tmp_path / "elsewhere" / "j", tmp_path / "link"]
    for first in ways:
        with Journal(first, digest="d", plan="p") as journal:
            journal.handed_over("customer jane")
            for second in ways:
                with pytest.raises(UsageError, match="is at work with"), Journal(second, digest="d", plan="p"):
                    pass
    assert (tmp_path / "link").is_symlink()
    assert sorted(each.name for each in home.iterdir()) == ["j", "j.lock"]


def test_a_journal_of_two_names_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p"):
        pass
    (tmp_path / "k").hardlink_to(tmp_path / "j")
    with pytest.raises(UsageError, match="one file under 2 names"), Journal(tmp_path / "k", digest="d", plan="p"):
        pass


@pytest.mark.parametrize("kind", ["symlink", "hard link", "content"])
def test_what_lies_where_the_lock_belongs_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    precious, lock = tmp_path / "precious", tmp_path / "j.lock"
    precious.write_text("precious")
    match kind:
        case "symlink":
            lock.symlink_to(precious)
        case "hard link":
            lock.hardlink_to(precious)
        case "content":
            lock.write_text("precious")
    with (
        pytest.raises(UsageError, match=r"j\.lock (cannot be written: a symbolic link|is a file of another kind)"),
        Journal(tmp_path / "j", digest="d", plan="p"),
    ):
        pass
    assert precious.read_text() == lock.read_text() == "precious"


def test_a_plan_of_which_nothing_was_begun_gives_way_to_the_next(tmp_path: Path) -> None:
    assert begun_plan(tmp_path / "j") is None
    with Journal(tmp_path / "j", digest="d", plan="p"):
        pass
    assert begun_plan(tmp_path / "j") is None
    with Journal(tmp_path / "j", digest="e", plan="q") as journal:
        journal.handed_over("customer jane")
    assert begun_plan(tmp_path / "j") == "e"


def test_the_way_a_device_went_last_goes_by_order_and_not_by_the_clock(tmp_path: Path) -> None:
    clock = FakeClock(wall=300)
    with Journal(tmp_path / "j", digest="d", plan="p", clock=clock) as journal:
        journal.keep(Progress("to-customer", "a" * 24, step="look"))
        clock.set_wall(200)
        journal.keep(Progress("to-user", "a" * 24, step="look"), "back")
        clock.set_wall(100)
        journal.keep(Progress("to-customer", "b" * 24, step="look"))
        assert journal.last_ways() == {"a" * 24: "back", "b" * 24: "forward"}


def test_another_plan_or_another_file_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        journal.keep(Progress("to-customer", "a" * 24, step="look"))
    assert begun_plan(tmp_path / "j") == "d"
    with pytest.raises(UsageError, match="belongs to another plan"), Journal(tmp_path / "j", digest="e", plan="q"):
        pass
    (tmp_path / "text").write_text("this is no database, but long enough to be looked at as if it were one")
    with closing(sqlite3.connect(tmp_path / "users.sqlite")) as database, database:
        database.execute("CREATE TABLE users (name TEXT)")
    (tmp_path / "folder").mkdir()
    for other, complaint in (
        ("text", "is damaged, or no journal"),
        ("users.sqlite", r"is no journal \(no such table"),
        ("folder", "is no regular file"),
        ("text/j", "Not a directory"),
        ("missing/j", "No such file"),
    ):
        before = (tmp_path / other).read_bytes() if (tmp_path / other).is_file() else b""
        with pytest.raises(UsageError, match=complaint), Journal(tmp_path / other, digest="d", plan="p"):
            pass
        assert not before or (tmp_path / other).read_bytes() == before


def filled(path: Path) -> bytes:
    """A journal of some pages, closed; its bytes."""
    with Journal(path, digest="d", plan="p" * 3000) as journal:
        for number in range(60):
            journal.keep(Progress("to-customer", f"{number:024x}", step="look", facts={"former": ["user", "x", None]}))
            journal.handed_over(f"customer {number}")
    return path.read_bytes()


def test_a_journal_cut_short_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = filled(path)
    assert len(whole) > 20 * 1024
    for size in (*range(0, len(whole), 509), *range(0, len(whole), 4096), len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(UsageError, match=r"is damaged|is empty"), Journal(path, digest="d", plan="p"):
            pass
        assert path.read_bytes() == whole[:size]


def test_a_journal_with_a_page_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = filled(path)
    for page in range(0, len(whole), 4096):
        for spoilt in (bytes(4096), os.urandom(4096)):
            path.write_bytes(whole[:page] + spoilt + whole[page + 4096 :])
            with pytest.raises(UsageError, match="is damaged"), Journal(path, digest="d", plan="p") as journal:
                # What no check of the file sees is seen when it is read.
                journal.entries()


def test_a_journal_that_is_gone_but_not_what_belongs_to_it_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path, digest="d", plan="p") as journal:
        journal.handed_over("customer jane")
        log = (tmp_path / "j-wal").read_bytes()
    path.unlink()
    (tmp_path / "j-wal").write_bytes(log)
    with pytest.raises(UsageError, match="is gone, but not j-wal"), Journal(path, digest="d", plan="p"):
        pass
    assert not path.exists() and (tmp_path / "j-wal").read_bytes() == log


def test_whatever_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        with pytest.raises(RigError, match="cannot be written"):
            journal.keep(Progress("to-customer", "a" * 24, reason="\ud800"))
        journal.handed_over("customer jane")
        assert journal.handed() == {"customer jane"}


@pytest.mark.parametrize("most", [0, 100, 5000, 20000])
def test_a_full_disk_is_the_benchs_fault(tmp_path: Path, most: int) -> None:
    # Files may not grow beyond `most` bytes: SQLite and Python see a disk that takes no more.
    script = f"""
import resource
from pathlib import Path
from photonrig.exits import one_line
from photonrig.fleet.journal import Journal
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
with one_line(), Journal(Path("fleet.journal"), digest="d", plan="p" * 100_000):
    print("opened")
"""
    argv = [sys.executable, "-c", script]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (3, ""), done
    assert re.fullmatch(r"photonrig: rig error: .*fleet\.journal.*\n", done.stderr), done.stderr
