"""labgrid: what it prints, recorded; on demand (``pytest -m labgrid``) real coordinator and exporter on loopback."""

from __future__ import annotations

import http.server
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.config import load_config
from photonrig.bench.console import BenchConsole
from photonrig.bench.slots.real.command import run
from photonrig.bench.slots.real.labgrid import Place, acquired, install_labgrid, parse_resources
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.errors import RigError, ToolError, UsageError

TOOLS = Toolchain(Path(__file__).parents[3])

# labgrid-client 26.0.1, show.
SHOWN = """\
Place 'photon-1':
  matches:
    bench/slot-1/*
  acquired: lab/ci
  acquired resources:
    bench/slot-1/NetworkPowerPort/NetworkPowerPort
    bench/slot-1/NetworkSerialPort/RawSerialPort
  created: 2026-11-24 19:45:02.412082
Acquired resource 'NetworkPowerPort' (bench/slot-1/NetworkPowerPort/NetworkPowerPort):
  {'acquired': 'photon-1',
   'avail': True,
   'cls': 'NetworkPowerPort',
   'params': {'host': 'http://127.0.0.1:21409/{index}/',
              'index': 1,
              'model': 'simplerest'}}
Acquired resource 'RawSerialPort' (bench/slot-1/NetworkSerialPort/RawSerialPort):
  {'acquired': 'photon-1',
   'avail': True,
   'cls': 'NetworkSerialPort',
   'params': {'extra': {'path': '/dev/ttyACM0'},
              'host': '127.0.0.1',
              'port': 41555,
              'speed': 115200}}
"""


def test_the_resources_of_a_place_are_a_slots() -> None:
    resources = parse_resources(SHOWN)
    assert [resource["cls"] for resource in resources] == ["NetworkPowerPort", "NetworkSerialPort"]
    place = Place("photon-1", [], resources, run)
    assert place.serial.port == "rfc2217://127.0.0.1:41555" and place.has_power
    with pytest.raises(RigError, match="has 0 serial ports; a slot has one"):
        Place("photon-1", [], resources[:1], run)


def test_a_place_is_given_back_whatever_happens() -> None:
    asked: list[str] = []

    def client(argv: Sequence[str], timeout: float) -> str:
        asked.append(argv[-1])
        return SHOWN if argv[-1] == "show" else ""

    with pytest.raises(KeyboardInterrupt), acquired(Path("/x"), "lab:20408", "photon-1", run=client) as place:
        place.off()
        place.on()
        raise KeyboardInterrupt
    assert asked == ["acquire", "show", "off", "on", "release"]

    def refusing(argv: Sequence[str], timeout: float) -> str:
        raise ToolError("place photon-1 is already acquired by lab/other")

    busy = r"cannot be acquired: .* already acquired by lab/other"
    with pytest.raises(RigError, match=busy), acquired(Path("/x"), "lab:20408", "photon-1", run=refusing):
        pass


def test_a_place_needs_a_coordinator(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    slot = '[[slot]]\nname = "1"\nvariant = "roller"\nplace = "photon-1"\n'
    path.write_text(slot)
    with pytest.raises(UsageError, match=r"rig.toml:4: slot\.\w+\.place: needs \[labgrid\]"):
        load_config(path)
    path.write_text('[labgrid]\ncoordinator = "lab:20408"\n' + slot)
    labgrid = load_config(path).labgrid
    assert labgrid is not None and labgrid.coordinator == "lab:20408"


@contextmanager
def smart_plug() -> Iterator[tuple[int, list[str]]]:
    """A plug as labgrid's "simplerest" model knows it: its port, and what it was asked."""
    asked: list[str] = []

    class Plug(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"1")

        def log_message(self, *words: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Plug) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()


@pytest.mark.labgrid
def test_a_real_coordinator_and_exporter(tmp_path: Path, pty_photon: Any) -> None:
    programs = install_labgrid(TOOLS)
    with socket.create_server(("127.0.0.1", 0)) as free:
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {"PATH": f"{programs}:/usr/sbin:{os.environ['PATH']}"}
    with ExitStack() as stack:
        plug, asked = stack.enter_context(smart_plug())

        def start(*words: str) -> None:
            log = stack.enter_context((tmp_path / f"{words[0]}.log").open("w"))
            process = subprocess.Popen(
                [str(programs / words[0]), *words[1:]], cwd=tmp_path, env=environment, stdout=log, stderr=log
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)

        start("labgrid-coordinator", "--listen", coordinator)
        (tmp_path / "exporter.yaml").write_text(
            f"slot-1:\n  RawSerialPort:\n    port: {pty_photon.port}\n    speed: 115200\n"
            f"  NetworkPowerPort:\n    model: simplerest\n    host: 'http://127.0.0.1:{plug}/{{index}}/{{value}}'\n"
            "    index: 1\n"
        )
        client = [str(programs / "labgrid-client"), "--coordinator", coordinator]

        def answers() -> bool:
            try:
                return "bench/slot-1" in run([*client, "resources"], 30)
            except ToolError:
                return False

        start(
            "labgrid-exporter", "--coordinator", coordinator, "--name", "bench", "--hostname", "127.0.0.1",
            str(tmp_path / "exporter.yaml"),
        )  # fmt: skip
        SystemClock().wait_until(answers, 60, "labgrid's exporter")
        run([*client, "--place", "photon-1", "create"], 30)
        run([*client, "--place", "photon-1", "add-match", "bench/slot-1/*"], 30)
        for _ in range(2):
            with acquired(programs, coordinator, "photon-1") as place:
                with BenchConsole(place.serial.port, reopen=10) as console:
                    assert console.ask("ping 17") == {"pong": "17"}
                second = acquired(programs, coordinator, "photon-1")
                with pytest.raises(RigError, match="cannot be acquired"), second:
                    pass
                place.off()
                place.on()
        assert asked == ["/1/0", "/1/1"] * 2
