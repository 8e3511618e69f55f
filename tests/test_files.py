"""Files that others rely on: whole or as they were, on a full disk, cut off anywhere, and beside whoever means harm."""

from __future__ import annotations

import errno
import os
import resource
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from photonrig.errors import RigError, UsageError
from photonrig.files import Holder, Lines, Lock, file_error, replace

FORMER, NEW = b"the former content", b"what is to be there instead, and longer"
LINE = b'{"n": "a line of some length"}'


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes: what fits is written, then the kernel refuses, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def lines_of(path: Path) -> Lines:
    lines = Lines(path, begin=b'{"n": ', whole=lambda line: line.startswith(b'{"n": ') and line.endswith(b"}"))
    lines.make()
    return lines


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- whose fault it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "kind", "told"),
    [
        (errno.ENOENT, UsageError, "No such file or directory"),
        (errno.EACCES, UsageError, "Permission denied"),
        (errno.EISDIR, UsageError, "Is a directory"),
        (errno.EROFS, UsageError, "Read-only file system"),
        (errno.ENXIO, UsageError, "No such device or address"),  # a socket
        (errno.ELOOP, UsageError, "a symbolic link is there or on the way; name the file it leads to"),
        (errno.ENOSPC, RigError, "No space left on device; free some space, then start again"),
        (errno.EDQUOT, RigError, "Disk quota exceeded; free some space, then start again"),
        (errno.EFBIG, RigError, "File too large; free some space, then start again"),
        (errno.EIO, RigError, "Input/output error"),
        (errno.EMFILE, RigError, "Too many open files"),
        (errno.ESTALE, RigError, "Stale file handle"),
    ],
)
def test_a_wrong_path_is_the_users_fault_and_all_else_the_benchs(number: int, kind: type[Exception], told: str) -> None:
    failed = OSError(number, os.strerror(number))
    for error, line in (
        (file_error(Path("a/file"), "read", failed), f"a/file cannot be read: {told}"),
        (file_error("--report x", "written", failed), f"--report x cannot be written: {told}"),
    ):
        assert type(error) is kind and str(error) == line


def test_what_to_do_when_there_is_no_file_is_said_only_then() -> None:
    for number, told in ((errno.ENOENT, "No such file or directory; make it"), (errno.EACCES, "Permission denied")):
        error = file_error("plan", "read", OSError(number, os.strerror(number)), missing="make it")
        assert str(error) == f"plan cannot be read: {told}"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="only Linux has a file that fails when it is read")
def test_a_file_that_the_disk_does_not_read_is_not_the_users_fault() -> None:
    lines = Lines(Path("/proc/self/mem"), begin=b"x", whole=lambda line: True)
    with pytest.raises(RigError, match=r"^/proc/self/mem cannot be read: Input/output error$"):
        lines.read()


# --- replaced whole --------------------------------------------------------------------------------------------------


def test_a_replaced_file_holds_the_new_content_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (FORMER, NEW, b"", "text: ä"):
        replace(path, content)
        assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
        assert list(tmp_path.iterdir()) == [path]


def test_permissions(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        replace(tmp_path / "open", NEW)
        replace(tmp_path / "private", NEW, private=True)
    finally:
        os.umask(umask)
    assert (mode(tmp_path / "open"), mode(tmp_path / "private")) == (0o640, 0o600)
    for path in tmp_path.iterdir():
        path.chmod(0o664)
    replace(tmp_path / "open", NEW)
    replace(tmp_path / "private", NEW, private=True)
    assert (mode(tmp_path / "open"), mode(tmp_path / "private")) == (0o664, 0o600)


@pytest.mark.parametrize("room", range(len(NEW)))
def test_a_full_disk_leaves_the_former_content(tmp_path: Path, room: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(FORMER)
    with room_for(room), pytest.raises(RigError, match=f"^{path} cannot be written: File too large; free some space"):
        replace(path, NEW)
    assert path.read_bytes() == FORMER
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "rename", "close", "write"])
def test_whatever_fails_or_interrupts_leaves_the_former_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "file"
    path.write_bytes(FORMER)
    for failure, raised in ((OSError(5, "Input/output error"), RigError), (KeyboardInterrupt(), KeyboardInterrupt)):
        real = getattr(os, step)

        def fail(*words: object, real: Callable[..., object] = real, failure: BaseException = failure) -> None:
            if step == "close":
                real(*words)
            raise failure

        with monkeypatch.context() as patched:
            patched.setattr(os, step, fail)
            with pytest.raises(raised):
                replace(path, NEW)
        assert path.read_bytes() == FORMER
        assert list(tmp_path.iterdir()) == [path]


def test_content_is_on_the_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def note_fsync(file: int) -> None:
        fsync(file)
        kind = os.fstat(file)
        done.append("folder" if stat.S_ISDIR(kind.st_mode) else f"{kind.st_size} bytes")

    def note_rename(*words: Path) -> None:
        rename(*words)
        done.append("name")

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    replace(tmp_path / "file", NEW)
    assert done == [f"{len(NEW)} bytes", "name", "folder"]
    done.clear()
    lines = lines_of(tmp_path / "lines")
    assert done == ["folder"]
    lines.append(LINE)
    assert done == ["folder", f"{len(LINE) + 1} bytes"]


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "link"
    precious.write_bytes(FORMER)
    link.symlink_to(precious)
    replace(link, NEW)
    assert precious.read_bytes() == FORMER
    assert not link.is_symlink() and link.read_bytes() == NEW


@pytest.mark.parametrize("name", ["", "folder", "missing/file", "file/file", "n" * 300])
def test_a_path_that_cannot_be_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(FORMER)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match="cannot be written: "):
        replace(tmp_path / name, NEW)
    assert sorted(tmp_path.iterdir()) == before


def test_a_long_name_is_no_hindrance(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 127)
    replace(path, NEW)
    assert path.read_bytes() == NEW


# --- appended in whole lines -----------------------------------------------------------------------------------------


def test_lines_are_appended_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    for _ in range(2):
        lines_of(path).append(LINE)
    assert path.read_bytes() == 2 * (LINE + b"\n")
    assert mode(path) == 0o600


@pytest.mark.parametrize("room", range(len(LINE) + 1))
def test_a_full_disk_leaves_whole_lines_and_the_next_is_not_glued_to_anything(tmp_path: Path, room: int) -> None:
    path = tmp_path / "lines"
    lines = lines_of(path)
    lines.append(LINE)
    with room_for(len(LINE) + 1 + room), pytest.raises(RigError, match=f"^{path} cannot be written: File too large"):
        lines.append(LINE)
    assert path.read_bytes() == LINE + b"\n"
    lines.append(LINE)
    assert path.read_bytes() == 2 * (LINE + b"\n")


@pytest.mark.parametrize("step", ["fsync", "write", "pread"])
def test_a_line_that_is_not_sure_to_be_there_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "lines"
    lines = lines_of(path)
    lines.append(LINE)

    def fail(*words: object) -> bytes:
        if step == "pread":
            return LINE.replace(b"a", b"b") + b"\n"
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(RigError, match="cannot be written"):
            lines.append(LINE)
    assert path.read_bytes() == LINE + b"\n"


@pytest.mark.parametrize("length", range(len(LINE) + 2))
@pytest.mark.parametrize("before", [0, 1])
def test_what_a_power_cut_left_of_a_line_is_cut_off_or_completed(tmp_path: Path, length: int, before: int) -> None:
    path = tmp_path / "lines"
    whole = before * (LINE + b"\n")
    path.write_bytes(whole + (LINE + b"\n")[:length])
    path.chmod(0o600)
    read = Lines(path, begin=b'{"n": ', whole=lambda line: line == LINE).read()
    assert read == (before + (length >= len(LINE))) * [LINE]
    lines = lines_of(path)
    kept = whole + (LINE + b"\n" if length >= len(LINE) else b"")
    assert path.read_bytes() == kept
    lines.append(LINE)
    assert path.read_bytes() == kept + LINE + b"\n"


@pytest.mark.parametrize("lost", range(1, len(LINE) + 1))
def test_blocks_that_were_never_written_are_cut_off(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "lines"
    path.write_bytes(LINE + b"\n" + lost * b"\0" + (LINE + b"\n")[lost:])
    path.chmod(0o600)
    lines_of(path)
    assert path.read_bytes() == LINE + b"\n"


def test_a_line_that_another_process_left_unfinished_meanwhile_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    lines = lines_of(path)
    with path.open("ab") as file:
        file.write(LINE[:10])
    lines.append(LINE)
    assert path.read_bytes() == LINE + b"\n"


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (b"a letter to somebody", 1),
        (b"a letter\n", 1),
        (LINE + b"\n\n", 2),
        (LINE + b"\n" + LINE[:9] + LINE + b"\n", 2),
        (LINE + b"\n" + b"\0" * 9 + b"\n" + LINE + b"\n", 2),
        (LINE + b"\nno line of ours", 2),
    ],
)
def test_a_file_of_something_else_is_refused_and_stays(tmp_path: Path, content: bytes, number: int) -> None:
    path = tmp_path / "lines"
    path.write_bytes(content)
    path.chmod(0o600)
    lines = Lines(path, begin=b'{"n": ', whole=lambda line: line == LINE)
    for look in (lines.make, lines.read):
        with pytest.raises(UsageError, match=f"line {number}, is damaged or of another kind"):
            look()
    assert path.read_bytes() == content


def test_a_file_that_others_can_read_a_link_or_a_pipe_gets_nothing(tmp_path: Path) -> None:
    readable, link, pipe = tmp_path / "readable", tmp_path / "link", tmp_path / "pipe"
    readable.touch(mode=0o644)
    with pytest.raises(UsageError, match=f"can be read by others; chmod 600 {readable}"):
        lines_of(readable)
    precious = tmp_path / "precious"
    precious.touch(mode=0o600)
    link.symlink_to(precious)
    with pytest.raises(
        UsageError, match="link cannot be written: a symbolic link is there or on the way; name the file it leads to"
    ):
        lines_of(link)
    os.mkfifo(pipe, 0o600)
    with pytest.raises(UsageError, match="is not a regular file"):
        lines_of(pipe)
    lines = lines_of(tmp_path / "lines")
    (tmp_path / "lines").rename(tmp_path / "moved")
    with pytest.raises(UsageError, match="No such file"):
        lines.append(LINE)


APPENDING = """
import sys
from pathlib import Path
from photonrig.files import Lines
lines = Lines(Path(sys.argv[1]), begin=b"line ", whole=lambda line: line.startswith(b"line "))
lines.make()
for number in range(50):
    lines.append(b"line %s %d" % (sys.argv[2].encode(), number))
"""


def test_several_processes_append_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    writers = [subprocess.Popen([sys.executable, "-c", APPENDING, str(path), name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    lines = path.read_bytes().splitlines()
    for name in "abc":
        prefix = b"line %s " % name.encode()
        assert [line for line in lines if line.startswith(prefix)] == [prefix + b"%d" % each for each in range(50)]


# --- held by one process ---------------------------------------------------------------------------------------------


HOLDING = """
import sys
from pathlib import Path
from photonrig.files import Lock
assert Lock(Path(sys.argv[1])).take()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, which holds the lock until the end of the block."""
    words = [sys.executable, "-c", HOLDING, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_one_holder_at_a_time_who_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock, second = Lock(path), Lock(path)
    assert lock.holder() is None and not path.exists()
    assert lock.take() and not second.take() and not lock.take()
    assert second.holder() == Lock(path).holder() is not None
    second.release()  # has nothing to give back
    assert not second.take()
    lock.release()
    lock.release()
    assert second.holder() is None and second.take()
    second.release()
    assert path.read_bytes() == b"" and mode(path) == 0o600


def test_a_lock_is_free_when_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock(path)
    with another(path) as process:
        holder = lock.holder()
        assert holder is not None and holder.pid == process.pid and "HOLDING" not in holder.command
        assert not lock.take()
    assert lock.holder() is None and path.read_bytes() != b""
    assert lock.take()
    lock.release()


def test_waiting_ends_when_it_is_free(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    with another(lock.path) as process:
        threading.Timer(0.2, process.kill).start()
        assert lock.take(wait=True)
    lock.release()


def test_whoever_asks_for_the_holder_is_in_nobodys_way(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    leaving = threading.Event()

    def ask() -> None:
        while not leaving.is_set():
            lock.holder()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(300):
            mine = Lock(lock.path)
            assert mine.take()
            mine.release()
    finally:
        leaving.set()
        for thread in threads:
            thread.join()


def test_a_lock_whose_file_was_removed_meanwhile_is_taken_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = Lock(tmp_path / "lock")
    leads_to = Lock._leads_to
    seen = []

    def removed_first(self: Lock, file: int) -> bool:
        if not seen:
            self.path.unlink()
        seen.append(leads_to(self, file))
        return seen[-1]

    monkeypatch.setattr(Lock, "_leads_to", removed_first)
    assert lock.take() and seen == [False, True]
    assert not Lock(lock.path).take()
    lock.release()


@pytest.mark.parametrize("kind", ["symlink", "hard link", "content", "pipe", "dangling"])
def test_what_is_no_lock_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    precious, path = tmp_path / "precious", tmp_path / "lock"
    precious.write_bytes(FORMER)
    match kind:
        case "symlink":
            path.symlink_to(precious)
        case "hard link":
            precious.write_bytes(b"")
            path.hardlink_to(precious)
        case "content":
            path.write_bytes(FORMER)
        case "pipe":
            os.mkfifo(path)
        case "dangling":
            path.symlink_to(tmp_path / "elsewhere")
    before = {each: each.lstat() for each in tmp_path.iterdir()}
    with pytest.raises(UsageError, match=r"and no lock|a symbolic link is there"):
        Lock(path).take()
    for each in tmp_path.iterdir():
        now, then = each.lstat(), before[each]
        assert (now.st_ino, now.st_size, now.st_mtime_ns) == (then.st_ino, then.st_size, then.st_mtime_ns)


@pytest.mark.parametrize("left", [*(b'{"pid": 12, '[:length] for length in range(12)), b"\0" * 99, b'{"pid": \0\0'])
def test_what_a_power_cut_left_of_a_record_is_in_nobodys_way(tmp_path: Path, left: bytes) -> None:
    lock = Lock(tmp_path / "lock")
    lock.path.write_bytes(left)
    assert lock.take() and lock.holder() == Lock(lock.path).holder() is not None
    lock.release()


def test_a_lock_holds_on_a_disk_that_does_not_take_its_record(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "lock")
    with room_for(0):
        assert lock.take()
    assert not Lock(lock.path).take() and lock.holder() is None
    lock.release()


def test_the_record_names_process_user_and_command_without_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "tasks.py", "--token", "secret"])
    here = Holder.here()
    assert here.pid == os.getpid() and here.command == "python tasks.py"
    assert str(here).startswith(f"process {os.getpid()} of {here.user} since 2")
