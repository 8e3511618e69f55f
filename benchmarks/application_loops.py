"""One ``loop()`` of ARM images at rest: instructions, microseconds, and another build of vphoton beside this one.

python benchmarks/application_loops.py [--json FILE] [--beside VPHOTON]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _figures import Row, write
from _processes import cpu_seconds

from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.process import Child
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.clock import SYSTEM
from photonrig.errors import PhotonrigError

SETTLE_SECONDS = 1.0
WINDOW_SECONDS = 0.5
WINDOWS = 8
PATIENCE = 30.0
PACED, WITHOUT_PAUSE = 1000, 1_000_000  # loops a second
BAR_US = 6.0


@dataclass(frozen=True, slots=True)
class Loop:
    """Of one ``loop()``: instructions; microseconds within it; CPU time with the event loop's round before it."""

    instructions: float
    us: float
    with_round_us: float


class Device(Child):
    """A vphoton process on a state folder of its own, with a local cloud; some applications wait for that."""

    what = "the device"

    def __init__(self, vphoton: Path, image: Path, folder: Path, cloud: LocalCloud, hz: int) -> None:
        self._log = folder / "device.log"
        self._argv = [str(vphoton), "--state", str(folder / "device"), "--firmware", str(image)]
        self._argv += ["--server-key", str(cloud.key_file), "--server", f"{cloud.device_host}:{cloud.device_port}"]
        self._argv += ["--wifi", f"{AIR[0].ssid}:{AIR[0].password}", "--loop-hz", str(hz)]
        if image.stem in VARIANTS:
            self._argv += ["--wired-to", image.stem]
        self._control = ""

    def start(self) -> None:
        self._control = self.launch(self._argv, self._log, PATIENCE)["control"]
        SYSTEM.wait_until(lambda: self.status()["machine"]["loops"], PATIENCE, "the first loop()")

    def status(self) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(self._control)
            link.sendall(b'{"do":"status"}\n')
            answer: dict[str, Any] = json.loads(link.makefile().readline())
            return answer


@contextlib.contextmanager
def running(vphoton: Path, image: Path, cloud: LocalCloud, hz: int) -> Iterator[Device]:
    with (
        tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
        Device(vphoton, image, Path(folder), cloud, hz) as device,
    ):
        yield device


def measured(photon: Device) -> Loop:
    """The window in which other processes disturbed least."""
    SYSTEM.pause(SETTLE_SECONDS)
    windows = []
    for _ in range(WINDOWS):
        before, used = photon.status()["machine"], cpu_seconds(photon.pid)
        SYSTEM.pause(WINDOW_SECONDS)
        after, now = photon.status()["machine"], cpu_seconds(photon.pid)
        loops = max(1, after["loops"] - before["loops"])
        instructions = (after["loop_instructions"] - before["loop_instructions"]) / loops
        windows.append(Loop(instructions, (after["loop_us"] - before["loop_us"]) / loops, 1e6 * (now - used) / loops))
    return min(windows, key=lambda each: each.us)


def rows(vphoton: Path, beside: Path | None, images: list[Path], cloud: LocalCloud) -> Iterator[Row]:
    """A line for each image and pace."""
    for image in images:
        with running(vphoton, image, cloud, PACED) as photon:
            paced = measured(photon)
        yield (f"{image.stem}: instructions a loop", f"{paced.instructions:.0f}", "")
        text = f"{paced.us:.1f} µs"
        if beside is not None:
            with running(beside, image, cloud, PACED) as photon:
                other = measured(photon)
            text += f", the other's {other.us:.1f} µs: {other.us / paced.us:.2f} times as long"
        yield (f"  {PACED} a second, caches as they are after a pause", text, "")
        with running(vphoton, image, cloud, WITHOUT_PAUSE) as photon:
            swift = measured(photon)
        yield ("  without a pause, other processes' turns included", f"{swift.us:.1f} µs", "")
        yield ("    CPU time, a round of the event loop included", f"{swift.with_round_us:.1f} µs", f"≤ {BAR_US:g} µs")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--beside", type=Path, metavar="VPHOTON", help="another build of it, measured in turn")
    arguments = parser.parse_args()
    tools = Toolchain(Path(__file__).resolve().parents[1])
    try:
        known = tools.cli_script.parents[1] / "assets" / "knownApps" / "photon"
        with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
            images = [build_variant(tools, each) for each in VARIANTS]
            images += [path for path in sorted(known.glob("*/*.bin")) if path.exists()]
            with LocalCloud(Path(folder) / "cloud", admit_unknown=True) as cloud:
                write(list(rows(tools.vphoton, arguments.beside, images, cloud)), arguments.json)
    except PhotonrigError as error:
        raise SystemExit(f"application_loops: {error}") from None


if __name__ == "__main__":
    main()
