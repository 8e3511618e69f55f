"""The journal: on the disk when it says so, whoever is killed; one operator at a time."""

from __future__ import annotations

import json
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
from photonrig.fleet.transfer import Transfer
from photonrig.ownership.engine import Progress
from photonrig.ownership.identities import Account, Whereabouts

WRITER = """
import sys
from pathlib import Path
from photonrig.fleet.journal import Journal
from photonrig.fleet.transfer import Transfer
from photonrig.ownership.engine import Progress
with Journal(Path(sys.argv[1]), digest="d", plan="p") as journal:
    number = 0
    while True:
        number += 1
        at = Progress("to-customer", "a" * 24, step=f"step {number}")
        journal.keep(Transfer(2, "a" * 24, way="forward", forward=at))
        print(number, flush=True)
"""


def at_step(step: str, device: str = "a" * 24, reason: str = "") -> Transfer:
    return Transfer(2, device).at("forward", Progress("to-customer", device, step=step, reason=reason))


def test_what_was_kept_is_there(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        found = Whereabouts(Account.user("x"), 1, False, name="shade")
        first = Transfer(2, "a" * 24, "jane@example.com", 1, name="living", found=found, verdict="transfer")
        first = first.at(
            "forward", Progress("to-customer", "a" * 24, step="look", facts={"former": ["user", "x", None]})
        )
        journal.keep(first)
        last = first.at("back", Progress("to-user", "a" * 24, step="look"))
        journal.keep(last)
        journal.handed_over("customer jane")
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        assert journal.transfers() == {"a" * 24: last}
        assert journal.handed() == {"customer jane"}
    assert (tmp_path / "j").stat().st_mode & 0o077 == 0


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:

        def write(number: int) -> None:
            for step in range(20):
                journal.keep(at_step(str(step), f"{number:024x}"))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [each.forward and each.forward.step for each in journal.transfers().values()] == ["19"] * 8


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
            last = journal.transfers()["a" * 24].forward
            kept = int(last.step.split()[1]) if last else 0
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


def test_the_way_a_device_went_last_is_the_one_written_last(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        there = at_step("look")
        journal.keep(there)
        journal.keep(there.at("back", Progress("to-user", "a" * 24, step="claim")))
        journal.keep(at_step("look", "b" * 24))
        assert {each.device: each.way for each in journal.transfers().values()} == {
            "a" * 24: "back",
            "b" * 24: "forward",
        }
        assert journal.transfers()["a" * 24].half_way == "back"


def test_another_plan_or_another_file_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", digest="d", plan="p") as journal:
        journal.keep(at_step("look"))
    assert begun_plan(tmp_path / "j") == "d"
    with pytest.raises(UsageError, match="belongs to another plan"), Journal(tmp_path / "j", digest="e", plan="q"):
        pass
    (tmp_path / "text").write_text("this is no database, but long enough to be looked at as if it were one")
    with closing(sqlite3.connect(tmp_path / "users.sqlite")) as database, database:
        database.execute("CREATE TABLE users (name TEXT)")
    (tmp_path / "folder").mkdir()
    for other, complaint in (
        ("text", "is damaged, or no journal"),
        ("users.sqlite", r"is not a journal \(no such table"),
        ("folder", "is not a regular file"),
        ("text/j", "Not a directory"),
        ("missing/j", "No such file"),
    ):
        before = (tmp_path / other).read_bytes() if (tmp_path / other).is_file() else b""
        with pytest.raises(UsageError, match=complaint), Journal(tmp_path / other, digest="d", plan="p"):
            pass
        assert not before or (tmp_path / other).read_bytes() == before


def test_a_journal_of_the_last_version_is_refused_with_what_to_do_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(
            "CREATE TABLE fleet (digest TEXT NOT NULL, plan TEXT NOT NULL); INSERT INTO fleet VALUES ('d', 'p');"
            "CREATE TABLE devices (device TEXT, way TEXT, progress TEXT, at REAL, PRIMARY KEY (device, way))"
        )
    before = path.read_bytes()
    for look in (lambda: Journal(path, digest="d", plan="p").__enter__(), lambda: begun_plan(path)):
        with pytest.raises(
            UsageError, match=r"journal of another version \(0, not 3\); finish or roll back .* move it"
        ):
            look()
    assert path.read_bytes() == before and not (tmp_path / "j-wal").exists()


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ({"row": 2}, ": object missing required field device"),
        ({"row": 2, "device": "a" * 24, "way": "up"}, ", way: invalid enum value 'up'"),
        (
            {"row": 2, "device": "a" * 24, "forward": {"flow": "to-user", "device": "a" * 24, "unowned": "long"}},
            r", forward\.unowned: expected float, got str",
        ),
        ({"row": 2, "device": "a" * 24, "colour": "red"}, ": object contains unknown field colour"),
    ],
)
def test_what_is_wrong_with_a_record_is_told_with_file_device_and_key(
    tmp_path: Path, record: dict[str, object], complaint: str
) -> None:
    path = tmp_path / "j"
    with Journal(path, digest="d", plan="p") as journal:
        journal.keep(at_step("look"))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE transfers SET transfer = ?", (json.dumps(record),))
    with (
        Journal(path, digest="d", plan="p") as journal,
        pytest.raises(UsageError, match=rf"{re.escape(str(path))} is damaged: device {'a' * 24}{complaint}; restore"),
    ):
        journal.transfers()


def filled(path: Path) -> bytes:
    """A journal of some pages, closed; its bytes."""
    with Journal(path, digest="d", plan="p" * 3000) as journal:
        for number in range(60):
            journal.keep(at_step("look", f"{number:024x}"))
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
                journal.transfers()


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
            journal.keep(at_step("look", reason="\ud800"))
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
