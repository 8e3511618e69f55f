"""What a cloud finds in its state folder when it starts: each thing that is not as a cloud left it is refused in one
line, nothing is changed, and no new cloud begins in its place.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.exits import one_line
from photonrig.localcloud import __main__ as program
from photonrig.localcloud.__main__ import main
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.schema import MARKED_SINCE, MIGRATIONS

from ..process import Process, running

USERS = 400  # enough for several pages


def _fill(cloud: Process) -> None:
    cloud.ok("POST", "/v1/users", data={"username": "m@example.com", "password": "secret"})


def _more(path: Path, count: int = USERS) -> None:
    with closing(Store(path, lambda: 1.0)) as store, store.write():
        for number in range(count):
            store.users.create(f"{number}@example.com", "x" * 100, {})


class Left:
    """State folders that clouds have left: closed in order, and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, end in (("closed", signal.SIGTERM), ("killed", signal.SIGKILL), ("other", signal.SIGKILL)):
            with running(folder / name) as cloud:
                _fill(cloud)
                cloud.end(end)
            if name == "closed":
                _more(folder / name / "cloud.sqlite")

    @contextmanager
    def copy(self, name: str, target: Path) -> Iterator[Path]:
        yield Path(shutil.copytree(self.folder / name, target / name))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return Left(tmp_path_factory.mktemp("left"))


def _cut(state: Path, size: int) -> None:
    os.truncate(state / "cloud.sqlite", size)


def _over(state: Path, at: float, content: bytes, name: str = "cloud.sqlite") -> None:
    file = state / name
    with file.open("r+b") as opened:
        opened.seek(int(file.stat().st_size * at) // 4096 * 4096 if at else 0)
        opened.write(content)


def _sql(state: Path, *statements: str) -> None:
    with closing(sqlite3.connect(state / "cloud.sqlite", isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


def _another_programs(state: Path) -> None:
    (state / "cloud.sqlite").unlink()
    _sql(state, "CREATE TABLE moz_places (x)", "PRAGMA user_version=3")


def _foreign(name: str) -> Callable[[Path, Left], None]:
    def put(state: Path, left: Left) -> None:
        shutil.copy(left.folder / name / "cloud.sqlite-wal", state)

    return put


def _linked(state: Path) -> None:
    (state / "cloud.sqlite").rename(state / "elsewhere")
    (state / "cloud.sqlite").symlink_to("elsewhere")


def _earlier_log(state: Path, left: Left) -> None:
    """The log of an earlier run of the same cloud, which was killed as well."""
    kept = (state / "cloud.sqlite-wal").read_bytes()
    for end in (signal.SIGTERM, signal.SIGKILL):
        with running(state) as cloud:
            cloud.ok("POST", "/v1/users", data={"username": f"{end}@example.com", "password": "secret"})
            cloud.end(end)
    (state / "cloud.sqlite-wal").write_bytes(kept)


GARBAGE = os.urandom(6000)
REFUSED: dict[str, tuple[str, Callable[[Path, Left], object], str]] = {
    "missing": ("closed", lambda state, _: (state / "cloud.sqlite").unlink(), "cloud.sqlite is gone, but not "),
    "missing, log left": ("killed", lambda state, _: (state / "cloud.sqlite").unlink(), "cloud.sqlite is gone, but "),
    "both missing, log left": (
        "killed",
        lambda state, _: [(state / each).unlink() for each in ("cloud.sqlite", "server_key.pem")],
        "cloud.sqlite is gone",
    ),
    "key missing": ("closed", lambda state, _: (state / "server_key.pem").unlink(), "server_key.pem is gone, but not "),
    "key missing after a kill": ("killed", lambda state, _: (state / "server_key.pem").unlink(), "key.pem is gone"),
    "of another key": (
        "closed",
        lambda state, left: shutil.copy(left.folder / "other" / "server_key.pem", state),
        "belongs to another server_key.pem",
    ),
    "no bytes": ("closed", lambda state, _: _cut(state, 0), "cloud.sqlite is empty"),
    "some bytes": ("closed", lambda state, _: _cut(state, 50), "cloud.sqlite is damaged"),
    "half": ("closed", lambda state, _: _cut(state, 40 * 1024), "cloud.sqlite is damaged"),
    "last page missing": (
        "closed",
        lambda state, _: _cut(state, (state / "cloud.sqlite").stat().st_size - 4096),
        "cloud.sqlite is damaged",
    ),
    "last byte missing": (
        "closed",
        lambda state, _: _cut(state, (state / "cloud.sqlite").stat().st_size - 1),
        "cloud.sqlite is damaged",
    ),
    "something after its end": (
        "closed",
        lambda state, _: _cut(state, (state / "cloud.sqlite").stat().st_size + 4096),
        "cloud.sqlite is damaged (data follows its end)",
    ),
    "garbage": ("closed", lambda state, _: (state / "cloud.sqlite").write_bytes(GARBAGE), "is damaged, or no cloud's"),
    "garbage at its begin": ("closed", lambda state, _: _over(state, 0, GARBAGE[:100]), "is damaged, or no cloud's"),
    "garbage in its head": ("closed", lambda state, _: _over(state, 0, b"SQLite format 3\0" + GARBAGE), "damaged"),
    "garbage in the middle": ("closed", lambda state, _: _over(state, 0.6, GARBAGE), "cloud.sqlite is damaged"),
    "zeros in the middle": ("closed", lambda state, _: _over(state, 0.7, bytes(8192)), "cloud.sqlite is damaged"),
    "another program's": ("closed", lambda state, _: _another_programs(state), "is a database of another program"),
    "no tables": (
        "closed",
        lambda state, _: [(state / "cloud.sqlite").unlink(), _sql(state, "PRAGMA user_version=3")],
        "is a database of another program",
    ),
    "another application's id": ("closed", lambda state, _: _sql(state, "PRAGMA application_id=5"), "another program"),
    "without its mark": ("closed", lambda state, _: _sql(state, "DELETE FROM state_file"), "its mark is missing"),
    "newer": ("closed", lambda state, _: _sql(state, "PRAGMA user_version=999"), "written by a newer photonrig"),
    "a folder": (
        "closed",
        lambda state, _: [(state / "cloud.sqlite").unlink(), (state / "cloud.sqlite").mkdir()],
        "is no regular file",
    ),
    "a link": ("closed", lambda state, _: _linked(state), "is no regular file"),
    "a link to nothing": (
        "closed",
        lambda state, _: [(state / "cloud.sqlite").unlink(), (state / "cloud.sqlite").symlink_to("none")],
        "is no regular file",
    ),
    "under two names": ("closed", lambda state, _: os.link(state / "cloud.sqlite", state / "b"), "under 2 names"),
    "log missing": ("killed", lambda state, _: (state / "cloud.sqlite-wal").unlink(), "lacks cloud.sqlite-wal"),
    "log empty": (
        "killed",
        lambda state, _: os.truncate(state / "cloud.sqlite-wal", 0),
        "lacks cloud.sqlite-wal",
    ),
    "log of another cloud": ("killed", _foreign("other"), "cloud.sqlite-wal is damaged, or the log of another file"),
    "log of an earlier run": ("killed", _earlier_log, "cloud.sqlite-wal is damaged, or the log of another file"),
    "log of another cloud beside a closed one": ("closed", _foreign("other"), "or the log of another file"),
    "garbage for a log": (
        "killed",
        lambda state, _: (state / "cloud.sqlite-wal").write_bytes(GARBAGE),
        "cloud.sqlite-wal is damaged",
    ),
    "log damaged at its begin": (
        "killed",
        lambda state, _: _over(state, 0, struct.pack(">I", 0x377F0682) + bytes(20), "cloud.sqlite-wal"),
        "cloud.sqlite-wal is damaged",
    ),
    "log is a folder": (
        "killed",
        lambda state, _: [(state / "cloud.sqlite-wal").unlink(), (state / "cloud.sqlite-wal").mkdir()],
        "cloud.sqlite-wal cannot be read",
    ),
    "undo of another file": (
        "killed",
        lambda state, _: (state / "cloud.sqlite-journal").write_bytes(GARBAGE),
        "cloud.sqlite-journal is not of cloud.sqlite",
    ),
}


def _files(state: Path) -> dict[str, bytes]:
    """What is kept; of what SQLite shares between processes, the lock and an empty log nothing is."""
    found = {each.name: each.read_bytes() for each in state.iterdir() if each.is_file()}
    return {name: content for name, content in found.items() if content and name not in ("lock", "cloud.sqlite-shm")}


def _start(state: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and standard error of a start that is to be refused."""
    with pytest.raises(SystemExit) as ended, one_line("localcloud"):
        main(["--state", str(state)])
    assert isinstance(ended.value.code, int)
    return ended.value.code, capsys.readouterr().err


@pytest.fixture(autouse=True)
def logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "log_to_stderr", lambda _: None)


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_in_one_line_and_left_as_it_is(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    name, spoil, words = REFUSED[case]
    with left.copy(name, tmp_path) as state:
        spoil(state, left)
        before = _files(state)
        for _ in range(2):  # and no less when it is tried again
            code, errors = _start(state, capsys)
            assert words in errors
            assert errors.count("\n") == 1
            assert str(state) in errors
            assert code == 2
        assert _files(state) == before


def test_what_a_cloud_left_is_taken(left: Left, tmp_path: Path) -> None:
    for name in ("closed", "killed"):
        with left.copy(name, tmp_path) as state, running(state) as cloud:
            form = {"grant_type": "password", "username": "m@example.com", "password": "secret"}
            assert cloud.ok("POST", "/oauth/token", data=form, auth=("particle-cli", "particle-cli"))
            assert cloud.end(signal.SIGTERM) == 0


def test_a_copy_that_sqlite_made_of_a_running_cloud_is_taken(left: Left, tmp_path: Path) -> None:
    with left.copy("killed", tmp_path) as state:
        with closing(sqlite3.connect(state / "cloud.sqlite")) as live, closing(sqlite3.connect(tmp_path / "b")) as copy:
            live.backup(copy)
        for each in state.glob("cloud.sqlite*"):
            each.unlink()
        (tmp_path / "b").rename(state / "cloud.sqlite")
        with running(state) as cloud:
            assert cloud.end(signal.SIGTERM) == 0


def test_one_that_another_program_folded_together_is_taken_once_that_is_said(left: Left, tmp_path: Path) -> None:
    with left.copy("killed", tmp_path) as state:
        _sql(state, "SELECT 1 FROM users")
        assert not (state / "cloud.sqlite-wal").exists()
        assert "PRAGMA journal_mode=DELETE" in Process(state).errors  # without a traceback, as a whole program
        _sql(state, "PRAGMA journal_mode=DELETE")
        with running(state) as cloud:
            assert cloud.end(signal.SIGTERM) == 0


def test_one_that_another_program_holds_is_refused(
    left: Left, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with left.copy("closed", tmp_path) as state:
        with closing(sqlite3.connect(state / "cloud.sqlite", isolation_level=None)) as holder:
            holder.execute("PRAGMA locking_mode=EXCLUSIVE")
            holder.execute("BEGIN EXCLUSIVE")
            code, errors = _start(state, capsys)
        assert "cloud.sqlite is in use by another program" in errors
        assert (code, errors.count("\n")) == (2, 1)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can write there, not even root."""
    state = tmp_path / "proc"
    state.symlink_to("/proc/self/task")
    code, errors = _start(state, capsys)
    assert (code, errors.count("\n")) == (2, 1)
    assert "cannot be written" in errors


def test_an_older_file_is_taken_once_and_belongs_to_that_key(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    with closing(sqlite3.connect(path)) as database:
        for statements in MIGRATIONS[: MARKED_SINCE - 1]:
            for statement in statements:
                database.execute(statement)
        database.execute(f"PRAGMA user_version={MARKED_SINCE - 1}")
        database.commit()
    Database(path, "one").close()
    Database(path, "one").close()
    with pytest.raises(UsageError, match=r"belongs to another server_key\.pem"):
        Database(path, "two")


@pytest.mark.parametrize("written", ["nothing", "the file", "file and key"])
def test_a_first_start_that_was_cut_short_is_no_hindrance(tmp_path: Path, written: str) -> None:
    with running(tmp_path / "one") as cloud:
        cloud.end(signal.SIGKILL)
    state = tmp_path / "two"
    state.mkdir()
    if written != "nothing":
        Database(state / "cloud.sqlite").close()
        _sql(state, "UPDATE state_file SET opened = 0, open = 0")
    if written == "file and key":
        shutil.copy(tmp_path / "one" / "server_key.pem", state)
    with running(state) as cloud:
        _fill(cloud)
        assert cloud.end(signal.SIGTERM) == 0
    with running(state) as cloud:
        assert cloud.end(signal.SIGTERM) == 0


def test_each_start_killed_at_any_write_leaves_what_the_next_takes(tmp_path: Path) -> None:
    """Copies of the three files, taken between the statements of a start and an end, are all taken."""
    path = tmp_path / "cloud.sqlite"
    Database(path, "key").close()
    copies: list[Path] = []

    def keep(_: str) -> None:
        folder = tmp_path / f"c{len(copies)}"
        folder.mkdir()
        for each in (path, path.with_name("cloud.sqlite-wal")):
            if each.exists():
                shutil.copy(each, folder)
        copies.append(folder / path.name)

    connect = sqlite3.connect

    def traced(*words: object, **more: object) -> sqlite3.Connection:
        connection = connect(*words, **more)  # type: ignore[call-overload]
        connection.set_trace_callback(keep)
        return connection  # type: ignore[no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", traced)
        with closing(Database(path, "key")) as database, database.write():
            database.change("INSERT INTO users VALUES ('u', 'u', 'x', '{}', 1, NULL)")
    keep("the end")
    assert len(copies) > 10
    for copy in copies:
        Database(copy, "key").close()
    with closing(Database(copies[-1], "key")) as database:
        assert database.one("SELECT id FROM users") is not None
