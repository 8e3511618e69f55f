"""Variable reads through HTTP to a live virtual Photon, beside bare health checks of the same server and run."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from _figures import show
from _load import rate

from photonrig.bench.lab import Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.errors import RigError

SECONDS = 4.0


async def answers(api: str, path: str, token: str, at_once: int) -> tuple[float, float]:
    """Requests per second with ``at_once`` connections, and the 99th percentile of one request in seconds."""
    seen = await rate(api, f"GET {path}", token, at_once, SECONDS)
    if seen.p99 is None or seen.failed:
        raise RigError(f"{path}: {seen.refused} requests refused, {seen.unanswered} not answered")
    return seen.per_second, seen.p99


async def measure(api: str, token: str, device: str) -> list[tuple[str, str, str]]:
    """All rows of the table."""
    rows = []
    for at_once in (1, 50):
        floor, _ = await answers(api, "/healthz", token, at_once)
        reads, worst = await answers(api, f"/v1/devices/{device}/position", token, at_once)
        figure = f"{reads:.0f}/s, p99 {worst * 1000:.1f} ms, {reads / floor:.2f} of {floor:.0f}/s health checks"
        rows.append((f"variable reads, {at_once} at once", figure, ""))
    return rows


def main() -> None:
    """Measure and print."""
    tools = Toolchain(Path(__file__).resolve().parents[1])
    firmware = {"roller": build_variant(tools, "roller")}
    with (
        tempfile.TemporaryDirectory(prefix="photonrig-") as folder,
        Lab(Path(folder) / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=1) as lab,
    ):
        api, token, device = lab.local_cloud.api, lab.central.access_token, lab.fielded()[0].device_id
        rows = asyncio.run(measure(api, token, device))
    show(rows)


if __name__ == "__main__":
    main()
