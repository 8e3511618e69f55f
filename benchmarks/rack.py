"""A rack of virtual Photons with the roller's ARM image on the local cloud: how soon online, and what they cost.

python benchmarks/rack.py [--json FILE] [--photons N]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from _figures import Row, percentile, write
from _load import read_each
from _processes import cpu_seconds, memory

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SYSTEM
from photonrig.errors import PhotonrigError
from photonrig.fleet.demo import DemoFleet, demo_fleet
from photonrig.particle.cloud import Cloud, Token

SETTLE_SECONDS = 5.0
IDLE_SECONDS = 20.0
READERS = 32
BAR_KILOBYTES = 100


def measure(fleet: DemoFleet, took: float) -> list[Row]:
    """All rows of the table, from a fleet whose devices are all online."""
    rack = fleet.rack_pid
    count = len(fleet.device_ids)
    SYSTEM.pause(SETTLE_SECONDS)  # describe messages, first publishes
    before, cloud_before, started = cpu_seconds(rack), cpu_seconds(fleet.cloud.pid), time.perf_counter()
    SYSTEM.pause(IDLE_SECONDS)
    idle = time.perf_counter() - started
    share, cloud_share = cpu_seconds(rack) - before, cpu_seconds(fleet.cloud.pid) - cloud_before
    cost = memory(rack)
    team = Cloud(fleet.cloud.api).using(Token((fleet.folder / "central.token").read_text()))

    answers, reading = read_each(team, fleet.device_ids, READERS)

    def each(kind: str) -> str:
        return f"{cost[kind] * 1024 / 1000 / count:.0f} KB"

    return [
        (f"enrolment and power-on until all {count} are online", f"{took:.1f} s", ""),
        ("CPU time of the rack until then", f"{before:.1f} s", ""),
        ("memory of the rack", f"{cost['rss'] * 1024 / 1e6:.0f} MB", ""),
        ("  for each device, the process included", each("pss"), f"≤ {BAR_KILOBYTES} KB"),
        (f"processor, all {count} idle", f"{share / idle * 100:.1f} % of one core", "≤ 50 % with 10,000"),
        ("processor, the local cloud meanwhile", f"{cloud_share / idle * 100:.1f} % of one core", ""),
        (f"one variable of each, {READERS} at once", f"{count} answers in {reading:.2f} s", f"{count} answers"),
        ("  one read, p99", f"{percentile(answers, 0.99) * 1000:.0f} ms", ""),
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--photons", type=int, default=1000, metavar="N", help="so many (default: 1000)")
    arguments = parser.parse_args()
    tools = Toolchain(Path(__file__).resolve().parents[1])
    try:
        image = build_variant(tools, "roller")
        print(f"{os.cpu_count()} cores; {arguments.photons} virtual Photons, load {os.getloadavg()[0]:.1f}")
        with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
            begun = time.perf_counter()
            with demo_fleet(Path(folder), arguments.photons, vphoton=tools.vphoton, firmware=image) as fleet:
                rows = measure(fleet, time.perf_counter() - begun)
    except PhotonrigError as error:
        raise SystemExit(f"rack: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    write(rows, arguments.json)


if __name__ == "__main__":
    main()
