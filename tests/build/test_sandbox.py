"""What a command in the sandbox can do: whatever it is, not only a compiler."""

from __future__ import annotations

import os
import re
import signal
import socket
import tempfile
from pathlib import Path

import pytest

from photonrig.build import sandbox
from photonrig.build.confined import Failure
from photonrig.build.sandbox import NO_SANDBOX, Build, Layout, build_folder
from photonrig.build.user_part import COMPILER as NAME
from photonrig.build.user_part import path_of
from photonrig.errors import ToolError

COMPILER = path_of(NAME)
KINDS = [kind for kind in sandbox.KINDS if sandbox._works(kind, COMPILER)]
ALL = [*KINDS, NO_SANDBOX]


def sh(kind: str, *scripts: str, seconds: float = 30.0, folder: Path | None = None) -> Failure:
    """Run shell scripts one after the other; the failure of the last, which is made to fail."""
    stages = [[["/bin/sh", "-c", script]] for script in (*scripts[:-1], f"{scripts[-1]}\nexit 9")]
    with build_folder(Path()) as own:
        failure = Build().run(folder or own, stages, compiler=COMPILER, kind=kind, seconds=seconds)
    assert failure is not None
    return failure


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_not_read(tmp_path: Path, kind: str) -> None:
    (tmp_path / "secret").write_text("canary")
    tmp_path.chmod(0o755)
    for path in (tmp_path / "secret", "/etc/passwd", "/proc/self/environ", "/proc/1/cmdline", "/dev/zero"):
        assert re.search(r"No such file|Permission denied", sh(kind, f"head -c 9 {path}")["output"]), path


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_written_only_where_results_go(tmp_path: Path, kind: str) -> None:
    with build_folder(Path()) as folder:
        places = (tmp_path, Path("/dev/shm"), Path("/tmp"), Path("/"), Layout(folder).project, Layout(folder).sdk)
        for place in places:
            said = sh(kind, f"echo x > {place}/mark", folder=folder)["output"]
            assert re.search(r"nonexistent|Permission denied|Read-only", said), place
            assert not (place / "mark").exists()
        sh(kind, "echo x > ../out/mark", folder=folder)
        assert (Layout(folder).out / "mark").read_text() == "x\n"


@pytest.mark.parametrize("kind", KINDS)
def test_no_connection_is_made(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        said = sh(kind, f"/bin/bash -c 'echo x > /dev/tcp/127.0.0.1/{port}'")["output"]
        assert re.search(r"refused|unreachable|denied|not permitted", said), said
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("kind", ALL)
def test_the_environment_is_ours(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("PHOTONRIG_TOKEN", "canary")
    names = {line.partition("=")[0] for line in sh(kind, "env")["output"].splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LC_ALL", "TMPDIR", "CCACHE_DISABLE"}


@pytest.mark.parametrize("kind", ALL)
def test_limits_hold(kind: str) -> None:
    said = sh(kind, "ulimit -t; ulimit -v; ulimit -f; ulimit -n; ulimit -c")["output"].split()
    assert said == ["60", str(1 << 20), str(32 << 10), "256", "0"]
    assert sh(kind, "yes | head -c 20000000 > ../out/a; wc -c < ../out/a")["output"].split()[-1] == str(16 << 20)
    assert len(sh(kind, "yes | head -c 3000000")["output"]) == 64 << 10


@pytest.mark.parametrize("kind", ALL)
def test_processes_are_counted_for_everybody(kind: str) -> None:
    """For root too, whom the kernel's limit does not bind."""
    said = sh(kind, "for i in $(seq 100); do sleep 2 & done 2>&1; jobs | wc -l")["output"]
    assert re.search(r"fork: Resource|Cannot fork", said), said


@pytest.mark.parametrize("kind", ALL)
def test_nothing_outlives_its_build(kind: str) -> None:
    """Neither what goes to the background, nor what holds on to the output."""
    with build_folder(Path()) as folder:
        mark = f"60.{os.getpid()}"
        sh(kind, f"sleep {mark} >/dev/null 2>&1 &", folder=folder)
        assert sleeping(mark) == 0
        with pytest.raises(ToolError, match="did not end within 1 s"):
            sh(kind, f"sleep {mark} & sleep {mark}", folder=folder, seconds=1.0)
        assert sleeping(mark) == 0


def sleeping(mark: str) -> int:
    count = 0
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            count += process.read_bytes() == f"sleep\0{mark}\0".encode()
        except OSError:
            continue
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_process_is_signalled(kind: str) -> None:
    said = sh(kind, f"kill -{int(signal.SIGCONT)} {os.getpid()}")["output"]
    assert re.search(r"No such process|not permitted", said), said


@pytest.mark.parametrize("kind", ALL)
def test_it_works_where_no_other_user_can_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    assert sh(kind, "echo x > ../out/a && cat ../out/a")["output"] == "x\n"
    assert list((tmp_path / "private").iterdir()) == []


@pytest.mark.parametrize("kind", ALL)
def test_the_first_failure_of_a_stage_counts(kind: str) -> None:
    commands = [["/bin/sh", "-c", script] for script in ("exit 0", "sleep 0.2; echo b; exit 3", "echo c; exit 4")]
    with build_folder(Path()) as folder:
        failure = Build().run(folder, [[["/bin/true"]], commands], compiler=COMPILER, kind=kind, seconds=30)
    assert failure == {"stage": 1, "command": 1, "status": 3, "output": "b\n"}


def test_what_was_stopped_does_not_begin() -> None:
    build = Build()
    build.stop()
    with build_folder(Path()) as folder, pytest.raises(ToolError, match="stopped"):
        build.run(folder, [[["/bin/true"]]], compiler=COMPILER, kind=NO_SANDBOX, seconds=30)
