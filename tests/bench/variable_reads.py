"""Variable reads through HTTP to a live virtual Photon, beside bare health checks of the same server and run."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from _figures import percentile, show

from photonrig.bench.toolchain import Toolchain
from photonrig.bench.virtual.lab import Lab
from photonrig.bench.virtual.variants import build_variant

SECONDS = 4.0


async def rate(api: str, path: str, token: str, at_once: int) -> tuple[float, float]:
    """Requests per second with ``at_once`` connections, and the 99th percentile of one request in seconds.

    The client is as cheap as it can be, so that the server is what is measured.
    """
    address = urlsplit(api)
    request = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    took: list[float] = []
    end = time.perf_counter() + SECONDS

    async def read() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        while (begun := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"{path} answered {head.splitlines()[0].decode()}")
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            took.append(time.perf_counter() - begun)
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(read() for _ in range(at_once)))
    return len(took) / SECONDS, percentile(took, 0.99)


async def measure(api: str, token: str, device: str) -> list[tuple[str, str, str]]:
    """All rows of the table."""
    rows = []
    for at_once in (1, 50):
        floor, _ = await rate(api, "/healthz", token, at_once)
        reads, worst = await rate(api, f"/v1/devices/{device}/position", token, at_once)
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
