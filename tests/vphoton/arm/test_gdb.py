"""GDB itself against a virtual Photon that runs the roller's image."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from ...patience import PATIENCE, wait_for
from ..conftest import Cloud, Photon
from .conftest import Compile, UserPart
from .test_debugger import DEBUGGED

GDB = shutil.which("gdb-multiarch")
pytestmark = pytest.mark.skipif(GDB is None, reason="no gdb-multiarch here; test_debugger.py speaks its protocol")

Gdb = Callable[..., str]


@pytest.fixture
def gdb(photon: Photon, tmp_path: Path) -> Gdb:
    """Runs commands in GDB, connected, and returns what it prints."""

    def run(elf: Path, *commands: str, connect: str = "remote") -> str:
        assert GDB is not None
        port = photon.control(do="debug")["port"]
        script = tmp_path / "commands.gdb"
        first = ["set pagination off", "set confirm off", f"target {connect} 127.0.0.1:{port}"]
        script.write_text("\n".join([*first, *commands]) + "\n")
        argv = [GDB, "-nx", "-batch", "-x", str(script), str(elf)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=2 * PATIENCE, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def roller(photon: Photon, parts: dict[str, UserPart]) -> UserPart:
    photon.start("--firmware", str(parts["roller"].module), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    return parts["roller"]


def test_break_step_finish_and_backtrace(gdb: Gdb, roller: UserPart) -> None:
    said = gdb(
        roller.elf,
        *("tbreak shade::Controller::tick", "continue", "backtrace", "print identity_.variant", "next", "next"),
        *("finish", "info registers pc", "stepi", "detach"),
    )
    assert "Temporary breakpoint 1, shade::Controller::tick" in said
    names = re.findall(r"^#\d+ +(?:0x[0-9a-f]+ in )?(.+?) \(", said, re.MULTILINE)
    # The application's loop() may end in a jump, and is no frame then.
    assert [name for name in names if name != "loop"] == [
        *("shade::Controller::tick", "shade::ShadeDevice::loop", "(anonymous namespace)::run_loop", "device_os"),
    ]
    assert '"roller"' in said
    assert "previous frame" not in said  # it knows where the stack ends
    assert "shade::ShadeDevice::loop" in said.rpartition("Run till exit")[2] or "Run till exit" not in said
    assert "detached" in said


def test_memory_map_and_registers_of_the_machine(gdb: Gdb, roller: UserPart) -> None:
    said = gdb(roller.elf, "info mem", "info registers", "print/x $msp", "detach")
    assert re.search(r"0x080a0000 0x080c0000 flash", said)
    assert re.search(r"0x20000000 0x20014400 rw", said)
    for name in ("r0", "sp", "xpsr", "msp", "psp", "primask", "basepri", "faultmask", "control"):
        assert re.search(rf"^{name} +0x", said, re.MULTILINE)


@pytest.fixture
def debugged(photon: Photon, sketch: Compile) -> UserPart:
    part = sketch(DEBUGGED)
    photon.start("--firmware", str(part.module), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    return part


def test_watchpoints_and_variables(gdb: Gdb, debugged: UserPart) -> None:
    said = gdb(
        debugged.elf,
        *("watch loops", "continue", "delete", "set var answer = 1234", "print answer", "print kept", "detach"),
    )
    found = re.search(r"Hardware watchpoint 1: loops\s+Old value = (\d+)\s+New value = (\d+)", said)
    assert found and int(found[2]) == int(found[1]) + 1
    assert "= 1234" in said and r'"\001\002\003\004"' in said


def test_a_callback_is_a_thread_and_what_it_interrupts_another(gdb: Gdb, debugged: UserPart) -> None:
    said = gdb(
        debugged.elf,
        "tbreak ticked",
        *("continue", "info threads", "backtrace", "tbreak ticked", "continue", "info threads", "detach"),
    )
    assert "ticked" in said
    assert re.search(r"\* \d +Thread \d", said)
    assert "Timer::expired" in said


def test_a_panic_is_shown_where_it_happened(
    photon: Photon, cloud: Cloud, sketch: Compile, gdb: Gdb, calling: Callable[..., Future[int]]
) -> None:
    part = sketch(DEBUGGED)
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("crash")

    def call_once_stopped() -> int:
        wait_for("GDB connected", lambda: not photon.control(do="debug")["ok"])
        return cloud.call(photon.ready["id"], "crash", "7")

    calling(call_once_stopped)
    said = gdb(part.elf, "continue", "backtrace", "detach")
    assert "SOS 5, usage_fault: the application divides by zero" in said
    assert "SIGFPE" in said
    assert re.search(r"#0 .*divide", said)


@pytest.fixture
def calling() -> Iterator[Callable[..., Future[int]]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def test_run_restarts_the_device_and_stops_in_setup(photon: Photon, gdb: Gdb, debugged: UserPart) -> None:
    said = gdb(debugged.elf, "tbreak setup", "run", "backtrace", "print loops", "detach", connect="extended-remote")
    assert re.search(r"Temporary breakpoint 1.*setup", said)
    assert "= 0" in said
    assert photon.status()["reset_reason"] == "pin_reset"
