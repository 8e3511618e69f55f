"""One at a time, shown as it goes, and ended with everything it started."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from photonrig.build import making
from photonrig.build.making import Ran, alone, run, step
from photonrig.errors import ToolError

from ..patience import PATIENCE

HOLD = """
import sys, time
from pathlib import Path
from photonrig.build.making import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_the_lock_is_free_when_its_holder_is_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path) as process:
        got = threading.Event()

        def wait() -> None:
            with alone(tmp_path):
                got.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        until(lambda: "waiting for another process" in capsys.readouterr().err)
        assert not got.is_set()
        process.kill()
        waiting.join(PATIENCE)
        assert got.is_set()


def test_a_lock_in_a_folder_that_was_removed_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "rig"
    with holder(folder) as process:
        shutil.rmtree(folder)
        with alone(folder):  # waits for nobody: the lock the other holds is not the one that counts
            assert (folder / "lock").exists()
        process.kill()


# Waits for the lock, then notes in a log that it has it and gives it back.
IN_TURN = """
import sys, time
from pathlib import Path
from photonrig.build.making import alone
folder, log = map(Path, sys.argv[1:])
with alone(folder):
    for word in ("in", "out"):
        with log.open("a") as file:
            file.write(word + chr(10))
        time.sleep(0.05)
"""


def test_all_who_wait_for_a_folder_that_is_removed_get_its_new_lock_in_turn(tmp_path: Path) -> None:
    folder, log = tmp_path / "rig", tmp_path / "log"
    with alone(folder):
        argv = [sys.executable, "-c", IN_TURN, str(folder), str(log)]
        waiters = [subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) for _ in range(4)]
        for each in waiters:
            assert each.stderr is not None and "waiting for another process" in each.stderr.readline()
        shutil.rmtree(folder)
    assert [(each.communicate(timeout=PATIENCE), each.returncode)[1] for each in waiters] == [0, 0, 0, 0]
    assert log.read_text().split() == ["in", "out"] * 4


@pytest.mark.parametrize("kind", ["link", "content"])
def test_what_is_no_lock_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    precious, lock = tmp_path / "precious", tmp_path / "rig" / "lock"
    lock.parent.mkdir()
    precious.write_text("content")
    if kind == "link":
        lock.symlink_to(precious)
    else:
        lock.hardlink_to(precious)
    with (
        pytest.raises(
            ToolError, match=r"rig/lock (cannot be written: a symbolic|is a file of another).* must belong to this user"
        ),
        alone(lock.parent),
    ):
        pass
    assert precious.read_text() == "content"


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o775])
def test_whoever_may_make_files_in_the_folder_may_lock_it(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with alone(tmp_path):
        assert (tmp_path / "lock").stat().st_mode & 0o777 == mode & 0o666


def test_blocks_may_be_nested(tmp_path: Path) -> None:
    with alone(tmp_path), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_folder_that_cannot_be_made_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ToolError, match=r"file/rig cannot be written: Not a directory; .* must belong to this user"),
        alone(tmp_path / "file" / "rig"),
    ):
        pass


def test_a_pipe_gets_a_line_again_and_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert making._TELL_EVERY == 10.0
    monkeypatch.setattr(making, "_TELL_EVERY", 0.05)
    with step("installing things") as progress:
        progress.detail = "3 of 5"
        said = ""
        deadline = time.monotonic() + PATIENCE
        while said.count("so far") < 2 and time.monotonic() < deadline:
            said += capsys.readouterr().err
            time.sleep(0.02)
    said += capsys.readouterr().err
    lines = said.splitlines()
    assert lines[0] == "photonrig: installing things ..."
    assert lines[1] == "photonrig: installing things: 0 s so far (3 of 5)"
    assert re.fullmatch(r"photonrig: installing things: \d+\.\d s", lines[-1])


def test_what_a_tool_says_is_in_its_log_and_the_reason_in_the_error(tmp_path: Path) -> None:
    script = "import sys; print('npm error first'); print('E: the cause', file=sys.stderr); print('bye'); sys.exit(7)"
    heard: list[str] = []
    ran = run([sys.executable, "-uc", script], tmp_path / "log", heard=heard.append)
    assert ran.code == 7 and (tmp_path / "log").read_text() == "".join(heard)
    assert str(ran.failure("it failed", r"^E: (.*)")) == f"it failed: the cause; all of it is in {tmp_path / 'log'}"
    assert str(ran.failure("it failed", "nowhere")).startswith("it failed: bye; ")
    assert "exit code 7" in str(Ran(7, [], tmp_path / "log").failure("it failed"))
    with pytest.raises(ToolError, match="nosuchprogram cannot be started: No such file"):
        run(["nosuchprogram"], tmp_path / "log")


PARENT = """
import sys
from pathlib import Path
from photonrig.build.making import run
from photonrig.exits import one_line
from photonrig.signals import begin
begin()
with one_line():
    run([sys.executable, "-c", CHILD], Path(sys.argv[1]))
"""
# Starts a child of its own, which ignores every signal it can.
CHILD = """
import os, signal, subprocess, sys, time
ignore = "import signal, time; [signal.signal(number, signal.SIG_IGN) for number in (1, 2, 15)]"
code = f"{ignore}; print('ready', flush=True); time.sleep(600)"
other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
other.stdout.readline()
print(os.getpid(), other.pid, flush=True)
time.sleep(600)
"""


def ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def without_nohup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("ignored", [False, True])
def test_a_signal_ends_a_tool_with_all_it_started(tmp_path: Path, number: signal.Signals, ignored: bool) -> None:
    log = tmp_path / "log"
    argv = [sys.executable, "-c", PARENT.replace("CHILD", repr(CHILD)), str(log)]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None
    try:
        process = subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, preexec_fn=without_nohup)
    finally:
        if ignored:
            signal.signal(signal.SIGINT, before)
    until(lambda: log.exists() and log.read_text().count(" ") == 1 and log.read_text().endswith("\n"))
    process.send_signal(number)
    assert process.communicate(timeout=PATIENCE)[1] == "photonrig: stopped\n"
    assert process.returncode == 130
    for pid in map(int, log.read_text().split()):
        until(lambda pid=pid: ended(pid))  # type: ignore[misc]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells a child of its parent's death on Linux only")
def test_a_tool_does_not_outlive_a_parent_that_was_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = subprocess.Popen([sys.executable, "-c", PARENT.replace("CHILD", repr(CHILD)), str(log)])
    until(lambda: log.exists() and log.read_text().count(" ") == 1 and log.read_text().endswith("\n"))
    tool, stubborn = map(int, log.read_text().split())
    process.kill()
    process.wait()
    until(lambda: ended(tool))
    os.kill(stubborn, signal.SIGKILL)
