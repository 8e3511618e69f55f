"""Variable reads through HTTP to a live virtual Photon, beside bare health checks of the same server and run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import httpx
from _figures import percentile, show

from photonrig.bench.toolchain import Toolchain
from photonrig.bench.virtual.lab import Lab
from photonrig.bench.virtual.variants import build_variant

SECONDS = 4.0


async def rate(url: str, token: str, at_once: int) -> tuple[float, float]:
    """Requests per second with ``at_once`` clients, and the 99th percentile of one request in seconds."""
    took: list[float] = []
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(limits=limits, headers=headers, trust_env=False) as client:
        (await client.get(url)).raise_for_status()
        end = time.perf_counter() + SECONDS

        async def read() -> None:
            while (begun := time.perf_counter()) < end:
                (await client.get(url)).raise_for_status()
                took.append(time.perf_counter() - begun)

        await asyncio.gather(*(read() for _ in range(at_once)))
    return len(took) / SECONDS, percentile(took, 0.99)


async def measure(api: str, token: str, device: str) -> list[tuple[str, str, str]]:
    """All rows of the table."""
    rows = []
    for at_once in (1, 50):
        floor, _ = await rate(f"{api}/healthz", token, at_once)
        reads, worst = await rate(f"{api}/v1/devices/{device}/position", token, at_once)
        figure = f"{reads:.0f}/s, p99 {worst * 1000:.1f} ms, {reads / floor:.2f} of {floor:.0f}/s health checks"
        rows.append((f"variable reads, {at_once} at once", figure, ""))
    return rows


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[2])
    firmware = {"roller": build_variant(tools, "roller")}
    with (
        tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
        Lab(Path(folder) / "lab", vphoton=tools.vphoton, sdk=tools.sdk, firmware=firmware, photons=1) as lab,
    ):
        api, token, device = lab.local_cloud.api, lab.central.access_token, lab.fielded()[0].device_id
        rows = asyncio.run(measure(api, token, device))
    show(rows)


if __name__ == "__main__":
    main()
