"""Our local cloud beside the open-source JavaScript one, spark-server: same machine, same run, same devices.

Reads and calls go to one virtual Photon with the real roller firmware. For events and memory the devices are light:
sockets in the benchmark's process that speak the device protocol.

    python tests/bench/javascript_cloud.py [--json FILE] [--seconds 4] [--devices 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from _clouds import Measured, allow_files, javascript, ours
from _figures import Row, percentile, write
from _load import Stream, rate
from _processes import memory
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from photonrig.bench.clock import SystemClock
from photonrig.bench.toolchain import Toolchain
from photonrig.bench.virtual.photon import AIR, Provision, Server, VirtualPhoton
from photonrig.bench.virtual.variants import build_variant
from photonrig.errors import PhotonrigError
from photonrig.particle.keys import generate_device_key, private_key_der, public_key_pem

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "localcloud" / "device"))

from peer import DevicePeer

PUBLISHERS, READERS = 100, 50
BURST = 20  # events of each device, as fast as they go
PACED_SECONDS = 10  # then one event a second of each device, which is what a Photon may publish
JOINING_AT_ONCE = 16
PHOTON = "0123456789abcdef01234567"

Figures = dict[str, float]


def with_photon(tools: Toolchain, cloud: Measured, folder: Path, seconds: float) -> Figures:
    """Rates of requests that a live device answers."""
    key = generate_device_key()
    key_file = folder / "device.der"
    key_file.write_bytes(private_key_der(key))
    cloud.enrol(PHOTON, public_key_pem(key))
    photon = VirtualPhoton(tools.vphoton, folder / "photon", name="photon")
    server = Server(key=cloud.key_file, host="127.0.0.1", port=cloud.device_port)
    photon.start(Provision(PHOTON, key_file, build_variant(tools, "roller")), server=server, wifi=AIR[0])
    try:
        SystemClock().wait_until(lambda: photon.status()["cloud"] == "connected", 30, "the Photon online")
        cloud.claim(PHOTON)
        SystemClock().wait_until(lambda: cloud.answers(f"/v1/devices/{PHOTON}/position"), 30, "the Photon described")
        figures = {}
        for what, request, body in (
            ("variable reads", f"GET /v1/devices/{PHOTON}/position", ""),
            ("function calls", f"POST /v1/devices/{PHOTON}/calibrate", '{"args":"500,500"}'),
        ):
            for at_once in (1, 50):
                seen = uvloop.run(rate(cloud.api, request, cloud.token, at_once, seconds, body))
                figures[f"{what}/s, {at_once} at once"] = seen.per_second
                figures[f"{what}, {at_once} at once, p99 ms"] = seen.p99 * 1000
                figures[f"{what}, {at_once} at once, failed %"] = seen.failed * 100
        return figures
    finally:
        photon.stop()


async def with_light_devices(cloud: Measured, devices: int) -> Figures:
    """Events from a hundred devices to fifty readers, and what a thousand devices cost in memory."""
    key = generate_device_key()
    server_key = load_der_public_key(cloud.key_file.read_bytes())
    assert isinstance(server_key, rsa.RSAPublicKey)
    ids = [f"{number:024x}" for number in range(1, devices + 1)]
    gate = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join(device_id: str) -> DevicePeer:
        async with gate:
            await asyncio.to_thread(cloud.enrol, device_id, public_key_pem(key))
            peer = await DevicePeer(device_id, key, server_key, cloud.device_port).join()
            await asyncio.to_thread(cloud.claim, device_id)
            return peer

    begun = time.perf_counter()
    peers = list(await asyncio.gather(*map(join, ids[:PUBLISHERS])))
    figures = {"devices enrolled and joined/s": PUBLISHERS / (time.perf_counter() - begun)}
    figures |= await fan_out(cloud, peers)
    before = memory(cloud.pid)["private"]
    peers += await asyncio.gather(*map(join, ids[PUBLISHERS:]))
    await asyncio.sleep(3)  # describes
    added = max(1, devices - PUBLISHERS)
    after = memory(cloud.pid)
    figures["memory per device, KiB"] = (after["private"] - before) / added
    figures[f"memory with {devices} devices, MiB"] = after["rss"] / 1024
    for peer in peers:
        await peer.leave()
    return figures


async def fan_out(cloud: Measured, peers: list[DevicePeer]) -> Figures:
    """A burst as fast as it goes, then a pace that a Photon may hold."""
    streams = [Stream() for _ in range(READERS)]
    for stream in streams:
        await stream.open(cloud.api, "/v1/devices/events/bench", cloud.token)
    begun = time.perf_counter()
    for _ in range(BURST):
        for peer in peers:
            peer.publish("bench", str(time.perf_counter_ns()).encode())
        await asyncio.sleep(0)
    arrived = await gathered(streams, BURST * len(peers))
    took = time.perf_counter() - begun
    figures = {"events delivered/s, burst": arrived / took, "events lost of the burst, %": lost(streams, BURST, peers)}
    for stream in streams:
        stream.delays.clear()
    for _ in range(PACED_SECONDS):
        for peer in peers:
            peer.publish("bench", str(time.perf_counter_ns()).encode())
            await asyncio.sleep(1 / len(peers))
    await gathered(streams, PACED_SECONDS * len(peers))
    delays = [delay for stream in streams for delay in stream.delays]
    figures["event delay, paced, p50 ms"] = percentile(delays, 0.5) * 1000
    figures["event delay, paced, p99 ms"] = percentile(delays, 0.99) * 1000
    figures["events lost at the pace, %"] = lost(streams, PACED_SECONDS, peers)
    for stream in streams:
        await stream.close()
    return figures


async def gathered(streams: list[Stream], each: int) -> int:
    """Wait until every stream has so many, or nothing more comes for two seconds; how many there are."""
    count, last = -1, time.perf_counter()
    while time.perf_counter() - last < 2:
        now = sum(len(stream.delays) for stream in streams)
        if now >= each * len(streams):
            return now
        if now != count:
            count, last = now, time.perf_counter()
        await asyncio.sleep(0.01)
    return count


def lost(streams: list[Stream], each: int, peers: list[DevicePeer]) -> float:
    """Share of events that did not arrive, in percent."""
    wanted = each * len(peers) * len(streams)
    return 100 * (1 - sum(len(stream.delays) for stream in streams) / wanted)


def measure(tools: Toolchain, cloud: Measured, folder: Path, seconds: float, devices: int) -> Figures:
    """All figures of one cloud."""
    return {
        **with_photon(tools, cloud, folder, seconds),
        **uvloop.run(with_light_devices(cloud, devices)),
    }


def rows(mine: Figures, theirs: Figures) -> list[Row]:
    """The table: ours, theirs, and how many times better."""
    table = []
    for what, figure in mine.items():
        other = theirs[what]
        more_is_better = "/s" in what
        ratio = figure / other if more_is_better else other / figure
        bar = ">= 3 times" if more_is_better else ("more than 1 time" if "per device" in what else "")
        better = "" if "%" in what else f", {ratio:.1f} times better"
        table.append((what, f"{figure:.1f}, spark-server {other:.1f}{better}", bar))
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each rate (default: 4)")
    parser.add_argument("--devices", type=int, default=1000, help="light devices connected (default: 1000)")
    arguments = parser.parse_args()
    tools = Toolchain(Path(__file__).resolve().parents[2])
    try:
        allow_files(arguments.devices * 2 + 512)
        with tempfile.TemporaryDirectory(prefix="photonrig-") as name:
            folder = Path(name)
            (folder / "ours").mkdir()
            with ours(folder / "ours") as cloud:
                mine = measure(tools, cloud, folder / "ours", arguments.seconds, arguments.devices)
            with javascript(tools, folder / "theirs") as cloud:
                theirs = measure(tools, cloud, folder / "theirs", arguments.seconds, arguments.devices)
    except PhotonrigError as error:
        raise SystemExit(f"javascript_cloud: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    write(rows(mine, theirs), arguments.json)


if __name__ == "__main__":
    main()
