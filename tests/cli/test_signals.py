"""SIGINT, SIGTERM and SIGHUP end everything, whatever a program was started with."""

from __future__ import annotations

import json
import os
import pty
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from photonrig.build.toolchain import Toolchain

from ..patience import PATIENCE, wait_for
from .uses import PROGRAM, ROOT, running

TOOLS = Toolchain(ROOT)
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def as_a_terminal_does() -> None:
    """Also where the tests themselves run under nohup."""
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def ignored() -> None:
    """As a background job of a script, and some CI runners; a parent that waits for no child ignores SIGCHLD, too."""
    as_a_terminal_does()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)


def blocked() -> None:
    as_a_terminal_does()
    signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, signal.SIGCHLD))


INHERITED = (as_a_terminal_does, ignored, blocked)


class Started:
    """A program of ours in a session of its own; everything it starts has its mark."""

    def __init__(self, argv: list[str], cwd: Path, inherited: Callable[[], None] = as_a_terminal_does) -> None:
        self.mark = secrets.token_hex(8)
        self.process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=os.environ | {"RIG_MARK": self.mark},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=inherited,
            restore_signals=False,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal to the program alone; exit code and what it said at the end, when nothing runs any more."""
        self.process.send_signal(number)
        err = self.process.communicate(timeout=PATIENCE)[1]
        self.nothing_is_left()
        assert "Traceback" not in err
        return self.process.returncode, err

    def nothing_is_left(self) -> None:
        wait_for("the end of all it started", lambda: not running(self.mark))


@pytest.fixture
def start() -> Iterator[Callable[..., Started]]:
    all_started = []

    def begin(*words: object) -> Started:
        all_started.append(Started(*words))  # type: ignore[arg-type]
        return all_started[-1]

    yield begin
    for each in all_started:
        for pid in running(each.mark):
            os.kill(pid, signal.SIGKILL)
        each.process.communicate()


def bit(number: signal.Signals) -> int:
    """A signal in the masks of /proc/PID/status."""
    return 1 << (number - 1)


def signals_of(started: Started, *masks: str) -> int:
    """Masks of a program's signals: SigIgn of those it ignores, SigPnd and ShdPnd of those it has yet to take."""
    lines = Path(f"/proc/{started.process.pid}/status").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in lines if line.startswith(masks))


def photonrig(*words: str) -> list[str]:
    return [str(PROGRAM), *words]


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("inherited", INHERITED)
def test_a_lab_ends(
    start: Callable[..., Started], tmp_path: Path, inherited: Callable[[], None], number: signal.Signals
) -> None:
    lab = start(photonrig("lab", "--json"), tmp_path, inherited)
    described = json.loads(lab.line())
    assert len(running(lab.mark)) >= 3  # the lab, its cloud and a virtual Photon
    code, err = lab.end(number)
    assert code == 0, err
    assert not Path(described["photons"][0]["state"]).exists()


def test_a_lab_ends_with_its_page_open_and_a_console_of_one_without_power(
    start: Callable[..., Started], tmp_path: Path
) -> None:
    lab = start(photonrig("lab", "--json"), tmp_path)
    address = json.loads(lab.line())["page"]
    with httpx.Client(follow_redirects=True, timeout=PATIENCE) as client:
        assert client.get(address).status_code == 200
        base = address.split("/?")[0]
        with client.stream("GET", f"{base}/changes") as changes:
            first = next(changes.iter_lines())
            assert first.startswith("data: ")
            for request in ({"do": "open console"}, {"do": "power", "on": False}):
                assert client.post(f"{base}/do", json={"slot": "photon-1", **request}).status_code == 200
            code, err = lab.end(signal.SIGINT)
    assert code == 0, err


@pytest.mark.parametrize("number", ENDING)
def test_a_lab_that_is_coming_up_ends(start: Callable[..., Started], tmp_path: Path, number: signal.Signals) -> None:
    lab = start(photonrig("lab", "--photons", "3", "--state", "lab"), tmp_path, ignored)
    wait_for("its folder", (tmp_path / "lab" / "devices").exists)
    code, err = lab.end(number)
    assert (code, err.splitlines()[-1]) == (130, "photonrig: stopped")


def test_a_second_ctrl_c_leaves_nothing_either(start: Callable[..., Started], tmp_path: Path) -> None:
    lab = start(photonrig("lab", "--photons", "4", "--json"), tmp_path)
    lab.line()
    lab.process.send_signal(signal.SIGINT)
    wait_for("the first to be taken", lambda: not signals_of(lab, "SigPnd", "ShdPnd") & bit(signal.SIGINT))
    assert lab.end(signal.SIGINT)[0] in (0, 130)


def test_a_lab_under_nohup_outlives_its_terminal(start: Callable[..., Started], tmp_path: Path) -> None:
    lab = start(["nohup", *photonrig("lab", "--json")], tmp_path)
    lab.line()
    before = len(running(lab.mark))
    assert signals_of(lab, "SigIgn") & bit(signal.SIGHUP)
    lab.process.send_signal(signal.SIGHUP)
    assert lab.process.poll() is None and len(running(lab.mark)) == before
    assert lab.end(signal.SIGTERM)[0] == 0


def test_a_lab_ends_with_its_terminal(tmp_path: Path) -> None:
    mark = secrets.token_hex(8)
    pid, terminal = pty.fork()
    if pid == 0:
        as_a_terminal_does()
        os.chdir(tmp_path)
        os.environ["RIG_MARK"] = mark
        os.execv(PROGRAM, photonrig("lab"))
    said = b""
    while b"Ctrl-C ends it." not in said:
        said += os.read(terminal, 65536)
    os.close(terminal)  # as when its window is closed
    os.waitpid(pid, 0)
    wait_for("the end of all it started", lambda: not running(mark))


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("inherited", INHERITED)
def test_a_local_cloud_ends(
    start: Callable[..., Started], tmp_path: Path, inherited: Callable[[], None], number: signal.Signals
) -> None:
    cloud = start([sys.executable, "-m", "photonrig.localcloud", "--state", "cloud"], tmp_path, inherited)
    assert "api" in json.loads(cloud.line())
    assert cloud.end(number)[0] == 0


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("inherited", INHERITED)
def test_a_virtual_photon_ends(
    start: Callable[..., Started], tmp_path: Path, inherited: Callable[[], None], number: signal.Signals
) -> None:
    photon = start([str(TOOLS.vphoton), "--state", str(tmp_path / "photon")], tmp_path, inherited)
    assert "id" in json.loads(photon.line())
    assert photon.end(number)[0] == 0


@pytest.mark.parametrize("words", [[], ["-n", "2"]], ids=["alone", "workers"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_scenarios_end_with_their_devices(
    start: Callable[..., Started], tmp_path: Path, number: signal.Signals, words: list[str]
) -> None:
    (tmp_path / "test_waits.py").write_text(
        "import pathlib, time\n\ndef test_it(photon):\n    pathlib.Path('ready').touch()\n    time.sleep(600)\n"
    )
    script = f"""
import sys
from pathlib import Path
from photonrig.exits import one_line
from photonrig.cli.hil_run import Hil, run_hil
from photonrig.signals import begin
begin()
with one_line():
    sys.exit(run_hil(Path(), Path("report"), Hil("virtual", words={["-p", "no:schemathesis", *words]})))
"""
    hil = start([sys.executable, "-c", script], tmp_path, ignored)
    wait_for("the test to begin", lambda: (tmp_path / "ready").exists() or hil.process.poll() is not None)
    assert hil.end(number)[0] == 130


def test_ctrl_c_at_once_is_no_traceback(start: Callable[..., Started], tmp_path: Path) -> None:
    for delay in range(0, 400, 40):
        lab = start(photonrig("fleet", "verify"), tmp_path)
        time.sleep(delay / 1000)  # the moments are what is tried
        # Before its first statement the interpreter itself is interrupted.
        code, err = lab.end(signal.SIGTERM)
        assert code in (-signal.SIGTERM, 130, 2), err


def test_a_tool_that_fails_is_not_taken_for_well(start: Callable[..., Started], tmp_path: Path) -> None:
    script = """
import sys
from photonrig.cli.tool import run_to_end
from photonrig.signals import begin
begin()
sys.exit(run_to_end([sys.executable, "-c", "import sys; sys.exit(7)"]))
"""
    tool = start([sys.executable, "-c", script], tmp_path, ignored)
    tool.process.communicate(timeout=PATIENCE)
    assert tool.process.returncode == 7


def test_what_is_held_back_is_not_cut_in_two(start: Callable[..., Started], tmp_path: Path) -> None:
    script = """
import os, signal
from photonrig.signals import begin, held_back
begin()
try:
    with held_back():
        with held_back():
            os.kill(os.getpid(), signal.SIGTERM)
        print("whole", flush=True)
    print("never", flush=True)
except KeyboardInterrupt:
    print("then interrupted", flush=True)
"""
    held = start([sys.executable, "-c", script], tmp_path, ignored)
    assert held.process.communicate(timeout=PATIENCE)[0] == "whole\nthen interrupted\n"


def test_a_child_that_nobody_ended_ends_with_the_program(start: Callable[..., Started], tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from photonrig.bench.process import ReadyProcess
ReadyProcess([sys.executable, "-c", "print('{}', flush=True); import time; time.sleep(600)"],
             name="child", log=Path("log"), timeout=60)
"""
    parent = start([sys.executable, "-c", script], tmp_path)
    assert parent.process.communicate(timeout=PATIENCE)[1] == ""
    parent.nothing_is_left()
