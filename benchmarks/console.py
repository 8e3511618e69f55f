"""The console of a slot: round trip and a burst of 1.08 MB, beside labgrid and pytest-embedded in the same run.

The peers are installed once into environments of their own under ``.rig``; one that cannot be had is named as such.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _console_device import LINES
from _figures import Row, percentile, show

from photonrig.bench.console import BenchConsole
from photonrig.bench.slots.real.labgrid import install_labgrid
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.errors import ToolError
from photonrig.particle.keys import generate_device_key, private_key_der

ROUNDS = 500
PEER_ROUNDS = 60  # some need 50 ms each
PYTEST_EMBEDDED = ("pytest-embedded==2.9.3", "pytest-embedded-serial==2.9.3")

LABGRID = """
import json, sys, time
from labgrid import Target
from labgrid.driver import SerialDriver
from labgrid.resource import RawSerialPort
target = Target("bench")
RawSerialPort(target, "port", port=sys.argv[1], speed=115200)
console = SerialDriver(target, "console")
target.activate(console)
trips = []
for number in range(int(sys.argv[2])):
    begun = time.perf_counter()
    console.sendline(f"ping {number}")
    console.expect(f'"pong":"{number}"')
    trips.append(time.perf_counter() - begun)
begun = time.perf_counter()
console.sendline("burst")
console.expect('"done":true', timeout=120)
print("FIGURES " + json.dumps({"trips": trips, "burst": time.perf_counter() - begun}))
"""

EMBEDDED = """
import json, os, time
def test_console(dut):
    trips = []
    for number in range(int(os.environ["ROUNDS"])):
        begun = time.perf_counter()
        dut.write(f"ping {number}")
        dut.expect_exact(f'"pong":"{number}"', timeout=10)
        trips.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    dut.write("burst")
    dut.expect_exact('"done":true', timeout=120)
    with open(os.environ["FIGURES"], "w") as out:
        json.dump({"trips": trips, "burst": time.perf_counter() - begun}, out)
"""

Figures = dict[str, Any]


@contextmanager
def device() -> Iterator[str]:
    """The path of a fresh device's port."""
    script = Path(__file__).with_name("_console_device.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def ours(port: str) -> Figures:
    """Through the bench console, which reads every line as JSON."""
    with BenchConsole(port) as console:
        trips = []
        for number in range(ROUNDS):
            begun = time.perf_counter()
            assert console.ask(f"ping {number}") == {"pong": str(number)}
            trips.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        assert console.ask("burst", timeout=120) == {"done": True}
        burst = time.perf_counter() - begun
        assert console.mark() == LINES  # of which the console keeps the last 10,000
    return {"trips": trips, "burst": burst}


def virtual(tools: Toolchain, folder: Path) -> list[float]:
    """Round trips to the firmware of a virtual Photon."""
    key = folder / "key.der"
    key.write_bytes(private_key_der(generate_device_key()))
    photon = VirtualPhoton(tools.vphoton, folder / "device")
    photon.start(Provision("a" * 24, key, build_variant(tools, "roller")), wifi=AIR[0])
    trips = []
    try:
        with photon.slot.console() as console:
            for number in range(ROUNDS):
                begun = time.perf_counter()
                console.ask(f"ping {number}")
                trips.append(time.perf_counter() - begun)
    finally:
        photon.kill()
    return trips


def labgrid(tools: Toolchain, folder: Path) -> Figures:
    """Through labgrid's SerialDriver."""
    script = folder / "labgrid_console.py"
    script.write_text(LABGRID)
    with device() as port:
        python = install_labgrid(tools) / "python"
        said = run([str(python), str(script), port, str(PEER_ROUNDS)])
    figures: Figures = json.loads(said.split("FIGURES ")[1].splitlines()[0])
    return figures


def pytest_embedded(tools: Toolchain, folder: Path) -> Figures:
    """Through pytest-embedded's ``dut``."""
    home = tools.work / "pytest-embedded"
    python = home / "bin" / "python"
    if not (home / "made").exists():
        venv.create(home, clear=True, with_pip=True)
        run([str(python), "-m", "pip", "install", "--quiet", *PYTEST_EMBEDDED])
        (home / "made").touch()
    (folder / "test_console.py").write_text(EMBEDDED)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--embedded-services", "serial", "--port"]
    with device() as port:
        run(
            [str(python), *words, port, str(folder / "test_console.py")],
            env={"ROUNDS": str(PEER_ROUNDS), "FIGURES": str(folder / "figures"), "PATH": "/usr/bin:/bin"},
        )
    figures: Figures = json.loads((folder / "figures").read_text())
    return figures


def run(argv: list[str], env: dict[str, str] | None = None) -> str:
    """Output of a peer."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=400, check=False, env=env)
    if done.returncode != 0:
        raise ToolError(f"{argv[0]} failed: {(done.stdout + done.stderr)[-600:]}")
    return done.stdout


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[1])
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="photonrig-") as name:
        folder = Path(name)
        with device() as port:
            mine = ours(port)
        trip, burst = percentile(mine["trips"], 0.5), mine["burst"]
        rows += [
            ("round trip, p50", f"{trip * 1000:.3f} ms", "< 1 ms"),
            ("round trip, p99", f"{percentile(mine['trips'], 0.99) * 1000:.3f} ms", ""),
            ("burst of 1.08 MB in 20,000 lines, each read as JSON", f"{burst:.2f} s", "< 0.5 s"),
            (
                "round trip to a virtual Photon's firmware, p50",
                f"{percentile(virtual(tools, folder), 0.5) * 1000:.3f} ms",
                "",
            ),
        ]
        for peer, measure in (("labgrid", labgrid), ("pytest-embedded", pytest_embedded)):
            try:
                theirs = measure(tools, folder)
            except (ToolError, OSError, subprocess.TimeoutExpired) as error:
                rows.append((peer, f"not measured: {str(error)[-200:]}", ""))
                continue
            their_trip = percentile(theirs["trips"], 0.5)
            rows += [
                (f"{peer}: round trip, p50", f"{their_trip * 1000:.2f} ms: {their_trip / trip:.1f} x ours", ""),
                (f"{peer}: burst", f"{theirs['burst']:.2f} s: {theirs['burst'] / burst:.1f} x ours", ""),
            ]
    show(rows)


if __name__ == "__main__":
    main()
