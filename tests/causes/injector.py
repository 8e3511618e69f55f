"""A virtual rig in which everything can be made to fail, one thing at a time, by seed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lines import Cable, Line, Mode
from mutants import MUTANTS, build_mutant

from photonrig.bench.config import virtual_config
from photonrig.bench.lab import Lab
from photonrig.bench.rig import Rig
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import AIR, Provision, Server
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import Cause
from photonrig.particle.cloud import Cloud
from photonrig.particle.softap import HttpSoftAp, SoftAp, TcpSoftAp

PATIENCE = 2.0  # seconds; real runs wait longer, and learn no more by it


class ImpatientCloud(Cloud):
    """A client that waits two seconds for anything."""

    def send(self, *args: Any, **kwargs: Any) -> Any:
        return super().send(*args, **{**kwargs, "timeout": PATIENCE})


class FaultyRig(Rig):
    """Between tests and cloud, device and cloud, host and SoftAP, and on the serial cable there are lines that fail."""

    def __init__(self, tools: Toolchain, work: Path, project: Path) -> None:
        self.tools, self.project = tools, project
        self.undo: list[Callable[[], None]] = []
        projects = {"roller": project, "stranger": project}
        super().__init__(
            virtual_config(work / "virtual.toml", {name: name for name in projects}), tools, work, projects
        )
        assert self.session.lab is not None
        self.lab: Lab = self.session.lab
        local = self.lab.local_cloud
        self.photon, self.stranger = self.lab.photons["roller"], self.lab.photons["stranger"]
        self.device_line = Line(local.device_port)
        self.api_line = Line(int(local.api.rsplit(":", 1)[1]))
        self.softap_line = Line(self.photon.softap_ports[0])
        self.cable = Cable(work / "cable")
        target = replace(
            self.session.targets["roller"],
            cloud=ImpatientCloud(f"http://127.0.0.1:{self.api_line.port}"),
            device_server=("127.0.0.1", self.device_line.port),
        )
        well = self._slots["roller"]
        slot = replace(well, serial=_Cabled(self.cable), softap_link=_Aired(self), power=_Switch(self))
        self._slots["roller"] = slot
        self.session = replace(
            self.session,
            targets={**self.session.targets, "roller": target},
            slots={**self.session.slots, "roller": slot},
        )
        self.start()

    def start(self, firmware: Path | None = None) -> None:
        """Switch the device on, on the lines, with its own firmware or another."""
        if self.photon.alive:
            self.photon.kill()
        device = next(device for device in self.lab.devices if device.id == self.photon.device_id)
        key = self.lab.state / "keys" / f"{device.id}.der"
        server = Server(self.lab.local_cloud.key_file, "127.0.0.1", self.device_line.port)
        image = firmware or self.lab.firmware["roller"]
        self.photon.start(Provision(device.id, key, image), server=server, wifi=AIR[0])
        self.cable.plug(self.photon.serial_port)

    def lift(self) -> None:
        """Whatever was made to fail is well again."""
        while self.undo:
            self.undo.pop()()

    def recover(self, slot: Slot | None) -> Sequence[str]:
        self.lift()
        return super().recover(slot)

    def close(self) -> None:
        self.lift()
        self.cable.close()
        for line in (self.api_line, self.device_line, self.softap_line):
            line.close()
        self.session.target.cloud.close()
        super().close()


@dataclass(frozen=True)
class _Cabled:
    cable: Cable

    @property
    def port(self) -> str:
        return str(self.cable.port)

    @property
    def present(self) -> bool:
        return self.cable.port.exists()


@dataclass(frozen=True)
class _Aired:
    rig: FaultyRig

    def joined(self) -> AbstractContextManager[None]:
        return nullcontext()

    def tcp(self) -> SoftAp:
        return SoftAp(TcpSoftAp("127.0.0.1", self.rig.softap_line.port), device=self.rig.photon.device_id)

    def http(self) -> SoftAp:
        return SoftAp(HttpSoftAp("127.0.0.1", self.rig.photon.softap_ports[1]), device=self.rig.photon.device_id)


@dataclass(frozen=True)
class _Switch:
    rig: FaultyRig

    def on(self) -> None:
        self.rig.start()

    def off(self) -> None:
        self.rig.photon.kill()


# --- what can fail ----------------------------------------------------------------------------------------------------


def _line(rig: FaultyRig, line: Line, mode: Mode, budget: int = 0) -> None:
    line.set(mode, budget)
    rig.undo.append(lambda: line.set("pass"))


def _power_cut(rig: FaultyRig, lot: random.Random) -> None:
    rig.photon.kill()


def _power_cut_at_write(rig: FaultyRig, lot: random.Random) -> None:
    rig.photon.control({"do": "fault", "power_cut_at_write": lot.randint(1, 3), "torn": lot.randint(0, 64)})


def _unplugged(rig: FaultyRig, lot: random.Random) -> None:
    rig.cable.unplug()
    rig.undo.append(lambda: rig.cable.plug(rig.photon.serial_port))


def _thief(rig: FaultyRig, lot: random.Random) -> None:
    """As modem managers do: another program reads the port."""
    thief = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nprint(1, flush=True)\nwhile open(sys.argv[1], 'rb', 0).read(1): pass",
            rig.cable.port,
        ],
        stdout=subprocess.PIPE,
    )
    assert thief.stdout is not None
    thief.stdout.read(1)

    def caught() -> None:
        thief.kill()
        thief.wait()
        thief.stdout.close()  # type: ignore[union-attr]

    rig.undo.append(caught)


def _swapped(rig: FaultyRig, lot: random.Random) -> None:
    rig.cable.plug(rig.stranger.serial_port)
    rig.undo.append(lambda: rig.cable.plug(rig.photon.serial_port))


def _api_breaks(rig: FaultyRig, lot: random.Random) -> None:
    _line(rig, rig.api_line, "cut", lot.choice([0, lot.randint(1, 2000)]))


def _device_hiccup(rig: FaultyRig, lot: random.Random) -> None:
    rig.device_line.once()


def _no_access_point(rig: FaultyRig, lot: random.Random) -> None:
    def restore() -> None:
        if rig.photon.alive:
            rig.photon.set_air(AIR)

    rig.photon.set_air([])
    rig.undo.append(restore)


def _cloud_dies(rig: FaultyRig, lot: random.Random) -> None:
    rig.lab.local_cloud.kill()


def _cloud_restarts(rig: FaultyRig, lot: random.Random) -> None:
    rig.lab.local_cloud.restart()


def _cloud_freezes(rig: FaultyRig, lot: random.Random) -> None:
    pid = rig.lab.local_cloud.pid
    os.kill(pid, signal.SIGSTOP)
    rig.undo.append(lambda: os.kill(pid, signal.SIGCONT))


def _stuck(rig: FaultyRig, lot: random.Random) -> None:
    rig.photon.control({"do": "fault", "block_loop_ms": 600_000})


def _mutant(name: str) -> Callable[[FaultyRig, random.Random], None]:
    def apply(rig: FaultyRig, lot: random.Random) -> None:
        rig.start(build_mutant(rig.tools, rig.project, name))
        rig.undo.append(rig.start)
        SystemClock().wait_until(lambda: rig.photon.status()["cloud"] == "connected", 20, "the mutant on the cloud")

    return apply


def _test_bug(error: Exception) -> Callable[[FaultyRig, random.Random], None]:
    def apply(rig: FaultyRig, lot: random.Random) -> None:
        raise error

    return apply


@dataclass(frozen=True)
class Fault:
    """Something that fails; ``before`` says that it has to be there from the start."""

    name: str
    where: str
    cause: Cause
    apply: Callable[[FaultyRig, random.Random], None]
    before: bool = False


FAULTS = (
    Fault("power is cut", "power", "rig", _power_cut),
    Fault("power is cut at a flash write", "power", "rig", _power_cut_at_write),
    Fault("the cable is pulled", "serial", "rig", _unplugged),
    Fault("another program reads the port", "serial", "rig", _thief),
    Fault("the cable leads to another device", "serial", "rig", _swapped, before=True),
    Fault(
        "its network breaks off",
        "softap",
        "rig",
        lambda rig, lot: _line(rig, rig.softap_line, "cut", lot.randint(0, 300)),
    ),
    Fault("its network is silent", "softap", "rig", lambda rig, lot: _line(rig, rig.softap_line, "silent")),
    Fault("its network is not there", "softap", "rig", lambda rig, lot: _line(rig, rig.softap_line, "refuse")),
    Fault("the way to the API breaks", "network", "network", _api_breaks),
    Fault("the way to the API is silent", "network", "network", lambda rig, lot: _line(rig, rig.api_line, "silent")),
    Fault("no way to the API", "network", "network", lambda rig, lot: _line(rig, rig.api_line, "refuse")),
    Fault("the device's session breaks once", "network", "network", _device_hiccup),
    Fault("the device's way is cut", "network", "network", lambda rig, lot: _line(rig, rig.device_line, "cut")),
    Fault("the device's way is silent", "network", "network", lambda rig, lot: _line(rig, rig.device_line, "silent")),
    Fault("no access point", "network", "network", _no_access_point),
    Fault("the cloud dies", "cloud", "cloud", _cloud_dies),
    Fault("the cloud starts anew", "cloud", "cloud", _cloud_restarts),
    Fault("the cloud freezes", "cloud", "cloud", _cloud_freezes),
    Fault("the cloud answers 503", "cloud", "cloud", lambda rig, lot: _line(rig, rig.api_line, "unavailable")),
    Fault("the application is stuck", "firmware", "firmware", _stuck),
    *(Fault(name, "firmware", "firmware", _mutant(name), before=True) for name in MUTANTS),
    Fault("a name that does not exist", "test", "test", _test_bug(NameError("name 'pohton' is not defined"))),
    Fault("a wrong argument", "test", "test", _test_bug(TypeError("call() takes 3 arguments"))),
)


class Trial:
    """One fault in one run of the scenario, at a step and a moment drawn by lot.

    A fault of firmware or test is there in every attempt; any other is gone once the bench was put right.
    """

    STEPS = 7

    def __init__(self, number: int, seed: int, rig: FaultyRig, attempt: int) -> None:
        self.lot = random.Random(f"{seed}/{number}")
        self.fault = FAULTS[number % len(FAULTS)]
        self.rig = rig
        self._at = self.lot.randrange(self.STEPS)
        # Softly: while the step runs, not before it. An error of the test itself cannot come from elsewhere.
        self._softly = self.fault.where != "test" and self.lot.random() < 0.5
        self._there = attempt == 1 or self.fault.cause in ("firmware", "test")
        self._timer: threading.Timer | None = None
        self._step = -1
        if self.fault.before and self._there:
            self.fault.apply(rig, self.lot)

    def step(self) -> None:
        """The scenario is about to do its next step."""
        self._step += 1
        if self._step != self._at or self.fault.before or not self._there:
            return
        if self._softly:
            self._timer = threading.Timer(self.lot.uniform(0, 0.05), self.fault.apply, (self.rig, self.lot))
            self._timer.start()
        else:
            self.fault.apply(self.rig, self.lot)

    def end(self) -> None:
        """The scenario is over, however it went."""
        if self._timer is not None:
            self._timer.join()
        self.rig.recover(self.rig.slot("roller"))
