"""A virtual Photon: time from its start until the cloud lists it online, and what it costs while idle."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from _figures import percentile, show
from _processes import cpu_seconds, memory

from photonrig.bench.lab import Lab
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SYSTEM

ROUNDS = 20
IDLE_SECONDS = 10.0


def online_within(lab: Lab, photon: VirtualPhoton) -> tuple[float, float]:
    """Seconds from exec to the ready line, and to a device that says its cloud session is up."""
    started = time.perf_counter()
    photon.start()
    ready = time.perf_counter() - started
    while photon.status()["cloud"] != "connected":
        SYSTEM.pause(0.001)
    return ready, time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[1])
    firmware = {"roller": build_variant(tools, "roller")}
    with (
        tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
        Lab(Path(folder) / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=8) as lab,
    ):
        photons = lab.fielded()
        before = {photon.pid: cpu_seconds(photon.pid) for photon in photons}
        SYSTEM.pause(IDLE_SECONDS)
        idle = sum(cpu_seconds(pid) - used for pid, used in before.items()) / IDLE_SECONDS / len(photons)
        costs = [memory(photon.pid) for photon in photons]
        ready, online = [], []
        for _ in range(ROUNDS):
            photons[0].kill()
            up, there = online_within(lab, photons[0])
            ready.append(up)
            online.append(there)
    show(
        (
            ("start to ready line, p50", f"{percentile(ready, 0.5) * 1000:.0f} ms", ""),
            ("start to online, p50", f"{percentile(online, 0.5) * 1000:.0f} ms", "< 150 ms"),
            ("start to online, worst", f"{max(online) * 1000:.0f} ms", ""),
            ("resident memory, mean of 8", f"{sum(c['rss'] for c in costs) / len(costs) / 1024:.1f} MiB", "≤ 6 MB"),
            (
                "  proportional (shared pages divided)",
                f"{sum(c['pss'] for c in costs) / len(costs) / 1024:.1f} MiB",
                "",
            ),
            ("  private", f"{sum(c['private'] for c in costs) / len(costs) / 1024:.1f} MiB", ""),
            ("idle processor share of one core", f"{idle * 100:.2f} %", "≤ 0.05 % (1,000 on half a core)"),
        )
    )


if __name__ == "__main__":
    main()
