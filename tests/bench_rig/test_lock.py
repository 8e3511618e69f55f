from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from photonrig.bench.lock import Busy, hold, holder_of, lock_folder

PATH = "usb:1-1.4"
HOLDER = f"""
import sys
from photonrig.bench.lock import hold
with hold({PATH!r}):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PHOTONRIG_LOCKS", str(tmp_path / "locks"))


@contextmanager
def holding(script: str = HOLDER) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_run_is_told_who_holds_it() -> None:
    with holding() as process:
        with (
            pytest.raises(Busy, match=f"usb:1-1.4 is still held by process {process.pid} of .* since 20") as caught,
            hold(PATH),
        ):
            pass
        assert caught.value.holder is not None and "python" in caught.value.holder.command
        assert holder_of(PATH) == caught.value.holder
    with hold("usb:1-1.5"), hold(PATH):
        assert holder_of(PATH) is not None
    assert holder_of(PATH) is None


def test_the_record_holds_no_options_and_goes_with_the_lock() -> None:
    with holding():
        held = holder_of(PATH)
        assert held is not None and "python" in held.command and "import" not in held.command
    with hold(PATH):
        pass
    assert [file.read_text() for file in lock_folder().iterdir()] == [""]


def test_a_second_run_waits_if_asked_to() -> None:
    with holding() as process:
        with pytest.raises(Busy, match=r"still held after 0.1 s"), hold(PATH, wait=0.1):
            pass
        assert process.stdin is not None
        threading.Timer(0.2, process.stdin.close).start()
        with hold(PATH, wait=30):
            assert process.wait(10) == 0


def test_a_second_block_of_the_same_process_is_a_second_holder() -> None:
    with hold(PATH), pytest.raises(Busy, match=f"process {os.getpid()} "), hold(PATH):
        pass


def test_killed_a_hundred_times_it_is_free_at_once_each_time() -> None:
    """Each holder is stopped dead right after it took the lock, and the next takes it without waiting."""
    script = f"""
import os, signal
from photonrig.bench.lock import hold
while True:
    child = os.fork()
    if child == 0:
        with hold({PATH!r}):
            os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else f"exit {{os.waitstatus_to_exitcode(status)}}", flush=True)
    if os.read(0, 1) != b".":
        break
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdin is not None and killed.stdout is not None
        for _ in range(100):
            assert killed.stdout.readline() == b"%d\n" % signal.SIGKILL
            with hold(PATH):  # wait=0: Busy if anything of the dead one's lock were left
                pass
            killed.stdin.write(b".")
            killed.stdin.flush()
        killed.stdin.close()


def test_free_although_a_child_of_the_killed_one_lives_on() -> None:
    script = f"""
import os, signal, subprocess, sys
from photonrig.bench.lock import hold
with hold({PATH!r}):
    started = subprocess.Popen(["sleep", "60"])
    ready, tell = os.pipe()
    forked = os.fork()
    if forked == 0:
        os.write(tell, b"x")
        signal.pause()
    os.read(ready, 1)  # the child has begun: what it must let go of, it has let go of
    print("held", flush=True)
    print(started.pid, forked, flush=True)
    sys.stdin.read()
"""
    with holding(script) as process:
        assert process.stdout is not None
        children = [int(pid) for pid in process.stdout.readline().split()]
        try:
            process.kill()
            process.wait()
            with hold(PATH):
                for child in children:
                    os.kill(child, 0)  # still there
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)


def test_everyone_may_lock_and_nobody_follows_links(tmp_path: Path) -> None:
    with hold(PATH):
        pass
    (file,) = lock_folder().iterdir()
    assert file.stat().st_mode & 0o777 == 0o666
    file.unlink()
    precious = tmp_path / "precious"
    precious.write_text("content")
    file.symlink_to(precious)
    with pytest.raises(Exception, match="cannot be opened"), hold(PATH):
        pass
    assert precious.read_text() == "content"
