from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from photonrig.bench import lock, session
from photonrig.bench.config import load_config
from photonrig.bench.lock import Busy, hold, holder_of, lock_folder
from photonrig.bench.quarantine import Quarantine
from photonrig.errors import UsageError

from ..patience import PATIENCE

PATH = "usb:1-1.4"
HOLDER = f"""
import sys
from photonrig.bench.lock import hold
with hold({PATH!r}):
    print("held", flush=True)
    sys.stdin.read()
"""


SOMEBODY = 65534


@contextmanager
def as_somebody() -> Iterator[None]:
    os.seteuid(SOMEBODY)
    try:
        yield
    finally:
        os.seteuid(0)


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
            assert process.wait(PATIENCE) == 0


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


def test_every_path_has_a_lock_of_its_own() -> None:
    paths = [
        "slot a b",
        "slot_a_b",
        "slot-a-b",
        "slot/a/b",
        "Slot a b",
        "slot a b ",
        "",
        ".",
        "..",
        "ä",
        "a",
        "n" * 300,
    ]
    paths += ["n" * 301, "virtual:/a:b", "virtual:/a/b", "usb:1-1", "usb:1.1", "\udcff"]
    with ExitStack() as stack:
        for path in paths:
            stack.enter_context(hold(path))
    # Where upper and lower case are one, too.
    assert len({file.name.lower() for file in lock_folder().iterdir()}) == len(paths)


def test_by_whatever_path_a_rig_file_is_named_its_slots_have_one_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "rig.toml").write_text('cloud = "local"\n[[slot]]\nname = "1"\nvariant = "roller"\nvirtual = true\n')
    (tmp_path / "link.toml").symlink_to(home / "rig.toml")
    (tmp_path / "elsewhere").symlink_to(home)
    monkeypatch.chdir(home)
    paths = (home / "rig.toml", Path("rig.toml"), Path("../home/rig.toml"), tmp_path / "elsewhere" / "rig.toml")
    configs = [load_config(path) for path in (*paths, tmp_path / "link.toml")]
    assert len({session.lock_path(config, config.slots[0]) for config in configs}) == 1
    assert len({Quarantine(config.path).folder for config in configs}) == 1


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lock, "_FOLDERS", tmp_path)
    monkeypatch.delenv("PHOTONRIG_LOCKS")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "elsewhere"))
    with hold(PATH):
        pass
    (folder,) = tmp_path.iterdir()
    assert folder == lock_folder() and folder.name == f"photonrig-locks-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()] == [0o600]
    folder.chmod(0o777)
    lock_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("kind", ["symlink", "dangling", "file"])
def test_a_folder_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: bool, kind: str
) -> None:
    monkeypatch.setattr(lock, "_FOLDERS", tmp_path)
    folder, target = tmp_path / f"photonrig-locks-{os.getuid()}", tmp_path / "target"
    if named:
        monkeypatch.setenv("PHOTONRIG_LOCKS", str(folder))
    else:
        monkeypatch.delenv("PHOTONRIG_LOCKS")
    if kind == "file":
        folder.write_text("content")
    else:
        folder.symlink_to(target)
        if kind == "symlink":
            target.mkdir()
    with pytest.raises(UsageError, match=r"is not a folder|cannot be written"), hold(PATH):
        pass
    assert not target.exists() or not list(target.iterdir())


@pytest.mark.parametrize("kind", ["symlink", "hard link", "content"])
def test_what_lies_in_the_place_of_a_lock_stays_as_it_is(tmp_path: Path, kind: str) -> None:
    with hold(PATH):
        pass
    (file,) = lock_folder().iterdir()
    file.unlink()
    precious = tmp_path / "precious"
    precious.write_text("content")
    match kind:
        case "symlink":
            file.symlink_to(precious)
        case "hard link":
            file.hardlink_to(precious)
        case "content":
            file.write_text("content")
    with pytest.raises(UsageError, match=r"a symbolic link is there|and no lock"), hold(PATH):
        pass
    assert precious.read_text() == file.read_text() == "content"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_users_share_a_folder_of_roots_and_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lock, "_FOLDERS", tmp_path)
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shared, others = Path(place) / "shared", Path(place) / "others"
        for folder in (shared, others):
            folder.mkdir()
            folder.chmod(0o1777)
        os.chown(others, SOMEBODY, SOMEBODY)
        monkeypatch.setenv("PHOTONRIG_LOCKS", str(others))
        with pytest.raises(UsageError, match="belongs to another user"), hold(PATH):
            pass
        monkeypatch.setenv("PHOTONRIG_LOCKS", str(shared))
        with ExitStack() as stack:
            with as_somebody():
                stack.enter_context(hold(PATH))
            with pytest.raises(Busy, match=f"held by process {os.getpid()} of"), hold(PATH):
                pass
        with hold(PATH), as_somebody():
            assert holder_of(PATH) is not None
            with pytest.raises(Busy), hold(PATH):
                pass
