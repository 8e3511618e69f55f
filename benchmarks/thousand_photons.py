"""A thousand virtual Photons with the real roller firmware on the local cloud: how soon online, and what they cost.

python benchmarks/thousand_photons.py [--json FILE] [--photons N]
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from _figures import Row, percentile, write
from _load import read_each
from _processes import cpu_seconds, memory

from photonrig.bench.lab import Lab
from photonrig.bench.resources import allow_files
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SYSTEM
from photonrig.errors import PhotonrigError, RigError

SETTLE_SECONDS = 5.0
IDLE_SECONDS = 20.0
READERS = 32
BAR_MEGABYTES = 6.0


def make_room(photons: int) -> None:
    """Check what the machine allows before anything is started.

    :raises RigError: it does not allow that many
    """
    # A pipe from each photon here, a connection from each in the cloud, which inherits the limit.
    allow_files(photons * 2 + 256)
    processes, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if processes != resource.RLIM_INFINITY and processes < photons + 64:
        raise RigError(f"{photons} photons are as many processes, the limit is {processes}; raise it with ulimit -u")
    terminals = Path("/proc/sys/kernel/pty")
    free = int((terminals / "max").read_text()) - int((terminals / "nr").read_text())
    if free < photons:
        raise RigError(f"{photons} photons need as many pseudo-terminals, {free} are free; see kernel.pty.max")
    available = next(
        int(line.split()[1]) // 1024
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemAvailable")
    )
    if available < photons * 2 + 512:
        raise RigError(f"{photons} photons need {photons * 2 + 512} MiB of memory, {available} are available")


def measure(lab: Lab) -> list[Row]:
    """All rows of the table, from a lab whose devices are all online."""
    photons = lab.fielded()
    pids = [photon.pid for photon in photons]
    server = lab.local_cloud.pid

    def used(of: list[int]) -> Mapping[int, float]:
        return {pid: cpu_seconds(pid) for pid in of}

    SYSTEM.pause(SETTLE_SECONDS)  # describe messages, first publishes
    before, server_before, started = used(pids), cpu_seconds(server), time.perf_counter()
    SYSTEM.pause(IDLE_SECONDS)
    after, server_after, took = used(pids), cpu_seconds(server), time.perf_counter() - started
    shares = [(after[pid] - before[pid]) / took for pid in pids]
    costs = [memory(pid) for pid in pids]
    team = lab.team

    answers, reading = read_each(team, [photon.device_id for photon in photons], READERS)

    def megabytes(kind: str) -> str:
        each = [cost[kind] * 1024 / 1e6 for cost in costs]
        return f"{sum(each) / len(each):.1f} MB mean, {max(each):.1f} MB most"

    count = len(photons)
    return [
        (f"{count} enrolled in", f"{lab.enrolled_in:.1f} s", ""),
        (f"first power-on until all {count} are online", f"{lab.online_in:.1f} s", ""),
        (f"memory of all {count} together", f"{sum(c['pss'] for c in costs) * 1024 / 1e6:.0f} MB", ""),
        ("  of one (pages that several share are divided)", megabytes("pss"), f"≤ {BAR_MEGABYTES:g} MB"),
        ("  its own alone", megabytes("private"), ""),
        ("  resident (each shared page counted whole)", megabytes("rss"), ""),
        (f"processor, all {count} idle", f"{sum(shares) * 100:.1f} % of one core", "≤ 50 %"),
        ("  one, mean", f"{sum(shares) / count * 100:.3f} %", "≤ 0.05 %"),
        ("  one, worst", f"{max(shares) * 100:.3f} %", ""),
        (
            "processor, the local cloud meanwhile",
            f"{(server_after - server_before) / took * 100:.1f} % of one core",
            "",
        ),
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
        make_room(arguments.photons)
        firmware = {"roller": build_variant(tools, "roller")}
        print(f"{os.cpu_count()} cores; {arguments.photons} virtual Photons")
        with (
            tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
            Lab(
                Path(folder) / "lab",
                vphoton=tools.vphoton,
                sdk=tools.sdk(),
                firmware=firmware,
                photons=arguments.photons,
            ) as lab,
        ):
            rows = measure(lab)
    except PhotonrigError as error:
        raise SystemExit(f"thousand_photons: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    write(rows, arguments.json)


if __name__ == "__main__":
    main()
