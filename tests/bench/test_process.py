from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from photonrig.bench.process import ReadyProcess
from photonrig.errors import RigError

WAIT = "import time; time.sleep(600)"


def run(code: str, tmp_path: Path, timeout: float = 20) -> ReadyProcess:
    return ReadyProcess([sys.executable, "-u", "-c", code], name="child", log=tmp_path / "log", timeout=timeout)


def test_a_child_announces_itself_and_ends_in_order(tmp_path: Path) -> None:
    handler = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); "
    child = run(handler + "print('{\"port\": 7}'); " + WAIT, tmp_path)
    assert child.ready == {"port": 7} and child.alive
    child.stop()
    assert not child.alive
    child.stop()
    child.kill()


def test_a_killed_child_is_gone(tmp_path: Path) -> None:
    child = run("print('{}'); " + WAIT, tmp_path)
    child.kill()
    assert not child.alive
    child.stop()


def test_its_last_words_are_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(RigError, match=r"exit code 3 before it was ready; its last words: port taken"):
        run("import sys; print('port taken', file=sys.stderr); sys.exit(3)", tmp_path)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (WAIT, "not ready within 0.5 s"),
        ("print('{', end=''); " + WAIT, "not ready within 0.5 s"),
        ("print('hello'); " + WAIT, "something else than JSON"),
        ("print('[1]'); " + WAIT, "something else than JSON"),
    ],
)
def test_a_child_that_is_never_ready_is_not_left_behind(tmp_path: Path, code: str, message: str) -> None:
    mark = tmp_path / "pid"
    with pytest.raises(RigError, match=message):
        run(f"import os; open({str(mark)!r}, 'w').write(str(os.getpid())); {code}", tmp_path, timeout=0.5)
    if mark.exists():
        assert not Path(f"/proc/{mark.read_text()}").exists()


def test_a_child_that_fails_at_the_end(tmp_path: Path) -> None:
    handler = "import signal, os; signal.signal(signal.SIGTERM, lambda *_: os._exit(4)); "
    child = run(handler + "print('{}'); " + WAIT, tmp_path)
    with pytest.raises(RigError, match="exit code 4"):
        child.stop()


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RigError, match="cannot be started"):
        ReadyProcess(["/nonexistent"], name="child", log=tmp_path / "log", timeout=1)
