"""photonrig debug and monitor: slots of labs that run, of benches, and boards."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.lab import Lab
from photonrig.bench.lock import hold
from photonrig.bench.panic import PanicLog, PanicLogs, explain
from photonrig.bench.running import running_slots
from photonrig.build.compile import compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.particle.cloud_errors import CloudError

from ..patience import PATIENCE, wait_for
from ..user_part.conftest import UserPart, written
from ..vphoton.arm.remote import Remote
from .uses import PROGRAM, ROOT

TOOLS = Toolchain(ROOT)

TALKS = """
#include "Particle.h"
PRODUCT_ID(4711)
PRODUCT_VERSION(1)
SYSTEM_THREAD(ENABLED)
volatile int nothing = 0;
__attribute__((noinline)) int divide(int number) { return number / nothing; }
int crash(String text) { return divide(text.toInt()) + 1; }
int say(String text) { Serial.println(text); return 0; }
int escape(String) { Serial.println("\\x1b[2J"); return 0; }
void setup() {
  Serial.begin(9600);
  Particle.function("crash", crash);
  Particle.function("say", say);
  Particle.function("escape", escape);
}
void loop() {}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Labs of other tests stay out of sight."""
    made = tmp_path_factory.mktemp("debug")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTONRIG_LOCKS", str(made / "locks"))
        yield made


@pytest.fixture(scope="module")
def part(folder: Path) -> UserPart:
    made = compile_project({"src/talks.cpp": TALKS.encode()}, TOOLS.sdk(), debug=folder)
    return written(made, folder / "talks.bin")


@pytest.fixture(scope="module")
def lab(folder: Path, part: UserPart) -> Iterator[Lab]:
    firmware = {"talks": part.module}
    with Lab(folder / "lab", vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware) as running:
        yield running


def photonrig(*words: str, cwd: Path, code: int = 0) -> tuple[str, str]:
    """Standard output and standard error."""
    argv = [str(PROGRAM), *words]
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=10 * PATIENCE)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout, done.stderr


def test_debug_opens_a_device_of_a_lab_that_runs(lab: Lab, part: UserPart, tmp_path: Path) -> None:
    out, _ = photonrig("debug", "photon-1", "--json", cwd=tmp_path)
    opened = json.loads(out)
    assert opened == {"slot": "photon-1", "host": "127.0.0.1", "port": opened["port"], "elf": str(part.elf)}
    # Until a client has come the port is the same, and people get a command line.
    out, _ = photonrig("debug", "photon-1", cwd=tmp_path)
    (line,) = [line for line in out.splitlines() if "gdb-multiarch" in line]
    words = ["gdb-multiarch", str(part.elf), "-ex", f"target extended-remote 127.0.0.1:{opened['port']}"]
    assert shlex.split(line) == words
    _, error = photonrig("debug", "photon-1", "--port", "3333", cwd=tmp_path, code=2)
    assert f"--port 3333: slot photon-1 listens on {opened['port']} already" in error
    with Remote(opened["port"]) as remote:
        assert remote.ask("?").startswith("T05")
        _, error = photonrig("debug", "photon-1", cwd=tmp_path, code=3)
        assert "slot photon-1 cannot be debugged" in error and "connected already" in error
        assert remote.ask("D") == "OK"


def test_without_an_elf_it_says_so(lab: Lab, part: UserPart, tmp_path: Path) -> None:
    aside = part.elf.rename(tmp_path / "aside.elf")
    try:
        out, _ = photonrig("debug", "photon-1", cwd=tmp_path)
    finally:
        aside.rename(part.elf)
    assert "no ELF lies beside the module" in out
    assert ".elf" not in out


def test_a_slot_that_does_not_run_and_a_board_are_one_line_each(lab: Lab, tmp_path: Path) -> None:
    for words in (("debug", "photon-9"), ("monitor", "photon-9")):
        _, error = photonrig(*words, cwd=tmp_path, code=2)
        assert len(error.splitlines()) == 1 and "no slot photon-9 runs here" in error
    (tmp_path / "lab.toml").write_text(
        '[[slot]]\nname = "2"\nvariant = "roller"\nusb = "9-9.9"\ndevice_id = "3f0022001247343339383037"\n'
    )
    _, error = photonrig("debug", "2", "--rig", "lab.toml", cwd=tmp_path, code=2)
    assert len(error.splitlines()) == 1 and "slot 2 is a board: there is no debugger there" in error
    _, error = photonrig("monitor", "2", "--rig", "lab.toml", cwd=tmp_path, code=3)
    assert len(error.splitlines()) == 1 and "no Photon with a serial port at USB 9-9.9" in error


def test_a_lab_is_announced_as_long_as_it_lives(folder: Path, part: UserPart, tmp_path: Path) -> None:
    state = tmp_path / "other"
    with Lab(state, vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware={"talks": part.module}, photons={"odd": "talks"}):
        (slot,) = running_slots("odd")
        assert (slot.lab, slot.rig, slot.variant) == (str(state), "", "talks")
        assert Path(slot.control).is_socket() and Path(slot.log).is_file()
    assert running_slots("odd") == []


class Monitor:
    """``photonrig monitor`` with its output in a pipe."""

    def __init__(self, *words: str, cwd: Path) -> None:
        argv = [str(PROGRAM), "monitor", *words]
        self.process = subprocess.Popen(argv, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout is not None and self.process.stderr is not None
        self.stdout, self.stderr = self.process.stdout, self.process.stderr
        self.seen = b""

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.stdout.close()
        self.stderr.close()

    def whole_line(self) -> bool:
        """Whether one has come, after a look at the pipe."""
        if select.select([self.stdout], [], [], 0)[0]:
            piece = os.read(self.stdout.fileno(), 65536)
            assert piece, self.stderr.read()
            self.seen += piece
        return b"\n" in self.seen

    def line(self) -> str:
        """The next line, without its time."""
        wait_for("a line of the monitor", self.whole_line)
        line, _, self.seen = self.seen.partition(b"\n")
        timed = re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d\d  (.*)", line.decode())
        assert timed, line
        return timed[1]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


def until_it_listens(lab: Lab, monitor: Monitor) -> None:
    """The device speaks until something is seen: what it says while the port is being opened is thrown away."""
    device = lab.fielded()[0].device_id

    def heard() -> bool:
        lab.team.call(device, "say", "anything")
        return monitor.whole_line()

    wait_for("what the device says", heard)
    lab.team.call(device, "say", "from here on")
    while monitor.line() != "from here on":
        pass


def test_monitor_prints_lines_and_panics_with_the_time(lab: Lab, tmp_path: Path) -> None:
    device = lab.fielded()[0].device_id
    with Monitor("photon-1", cwd=tmp_path) as monitor:
        until_it_listens(lab, monitor)
        lab.team.call(device, "say", "position 40")
        assert monitor.line() == "position 40"
        lab.team.call(device, "escape", "")
        assert monitor.line() == "\ufffd[2J"
        with pytest.raises(CloudError):
            lab.team.call(device, "crash", "7")
        title = monitor.line()
        place = crashed_at(lab)
        assert title == f"!! SOS 5, usage_fault: the application divides by zero, address {place}"
        first = monitor.line()
        assert first.startswith(f"!!     #0  {place}  divide(int)  ") and first.endswith("talks.cpp:7")
        assert monitor.line().split("  ")[4].startswith("crash(String)")
        assert monitor.interrupt() == 0
        assert b"Traceback" not in monitor.stderr.read()
    photon = lab.photons["photon-1"]
    wait_for("SOS", lambda: photon.status()["mode"] == "panic")
    photon.control({"do": "end_sos"})
    wait_for("the device back", lambda: photon.status()["cloud"] == "connected")


def crashed_at(lab: Lab) -> str:
    (record,) = PanicLog(lab.photons["photon-1"].log).new()
    return f"0x{json.loads(record)['contexts'][0]['r'][15]:08x}"


def test_monitor_respects_locks(lab: Lab, tmp_path: Path) -> None:
    with hold(f"serial:{lab.photons['photon-1'].serial_port}"):
        _, error = photonrig("monitor", "photon-1", cwd=tmp_path, code=3)
    assert len(error.splitlines()) == 1 and "is still held by" in error


def test_monitor_ends_when_its_reader_is_gone(lab: Lab, tmp_path: Path) -> None:
    with Monitor("photon-1", cwd=tmp_path) as monitor:
        until_it_listens(lab, monitor)
        monitor.stdout.close()
        lab.team.call(lab.fielded()[0].device_id, "say", "second")
        assert monitor.process.wait(PATIENCE) == 141


def test_the_log_of_a_lab_tells_of_all_devices(tmp_path: Path) -> None:
    old, new = tmp_path / "photon-1.log", tmp_path / "photon-2.log"
    old.write_text("vphoton: panic {}\n")
    logs = PanicLogs(tmp_path)
    assert logs.new() == []
    with old.open("a") as file:
        file.write('vphoton: reset: panic\nvphoton: panic {"a":1}\nvphoton: panic {"b')
    new.write_text('vphoton: panic {"c":1}\n')
    assert logs.new() == [("photon-1", b'{"a":1}'), ("photon-2", b'{"c":1}')]
    with old.open("a") as file:
        file.write('":2}\n')
    assert logs.new() == [("photon-1", b'{"b":2}')]


RECORD: dict[str, Any] = {
    "code": 1,
    "name": "hard_fault",
    "why": "reads or writes where it has no memory, address 0x00000000",
    "in": "system_delay_ms",
    "module": "00000000",
    "contexts": [{"r": [0] * 13 + [0x20014000, 0x080A0105, 0xD00003BC], "xpsr": 0x01000000}],
    "stack_at": 0x20014000,
    "stack": "",
}


def test_a_record_without_an_elf_has_addresses_and_the_function_of_the_system() -> None:
    panic = explain(json.dumps(RECORD).encode(), [])
    assert panic is not None
    assert panic.title == "SOS 1, hard_fault: the application " + RECORD["why"]
    assert panic.lines() == [
        "#0  0xd00003bc  system_delay_ms  Device OS",
        "#1  0x080a0104  ?",
        "addresses only: no ELF lies beside the module that runs",
    ]


@pytest.mark.parametrize(
    "spoilt",
    [{"code": "x"}, {"contexts": [{"r": [1], "xpsr": 0}]}, {"stack": "zz"}, {"contexts": 7}, {"stack_at": None}],
)
def test_what_is_no_record_is_none(spoilt: dict[str, Any]) -> None:
    assert explain(json.dumps(RECORD | spoilt).encode(), []) is None
    assert explain(b"{", []) is None
