"""Our local cloud beside the open-source JavaScript one, spark-server: same machine, same run, same devices.

Reads and calls go to one virtual Photon with the real roller firmware. For connections, events and memory the devices
are light: sockets in the benchmark's process that speak the device protocol. Every step has an end of its own, whatever
a cloud leaves unanswered; what it left so stands beside the figure.

    python benchmarks/javascript_cloud.py [--json FILE] [--seconds 1.5] [--devices 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

import httpx
import uvloop
from _cloud_figures import Figure, Figures, beside, of_rate
from _clouds import Measured, javascript, ours
from _figures import percentile, write
from _load import Rate, Stream, rate
from _processes import bounded, cpu_seconds, on_one_processor
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from photonrig.bench.resources import allow_files
from photonrig.bench.slots.virtual.photon import AIR, Provision, Server, VirtualPhoton
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.errors import PhotonrigError
from photonrig.particle import messages
from photonrig.particle.keys import generate_device_key, private_key_der, public_key_pem

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.localcloud.device.peer import DevicePeer

LONGEST = 360  # seconds, all in all
ROUNDS, WARM_UP = 5, 4.0  # rounds of each rate that count, and seconds of the one before them
PUBLISHERS, READERS = 100, 50
BURST = 20  # events of each device, as fast as they go
PACED_SECONDS = 10  # then one event a second of each device, which is what a Photon may publish
ENROLLING, ENROL_SECONDS = 16, 30.0  # devices enrolled, or claimed, at once; and how long that may go on
CONNECTING, CONNECT_SECONDS = 4, 120.0  # more at once and none of them gets in to spark-server, whose RSA is JavaScript
KEEP_ALIVE = 15.0  # seconds between the signs of life of a Photon
ONE = 10.0  # seconds for one device to be enrolled, to connect, to be claimed
QUIET, LATE = 2.0, 20.0  # seconds without an event, and seconds in all, after which no more are waited for
PHOTON = "0123456789abcdef01234567"

T = TypeVar("T")

# What goes wrong with a cloud that does not answer, or hangs up; a device that is hung up on runs out of messages.
FAULTS = (TimeoutError, OSError, EOFError, RuntimeError, httpx.HTTPError, PhotonrigError)


@contextlib.contextmanager
def with_photon(tools: Toolchain, cloud: Measured, folder: Path) -> Iterator[int]:
    """A virtual Photon with the real roller firmware, online and the user's; gives its process id."""
    key = generate_device_key()
    key_file = folder / "device.der"
    key_file.write_bytes(private_key_der(key))
    cloud.enrol(PHOTON, public_key_pem(key))
    photon = VirtualPhoton(tools.vphoton, folder / "photon", name="photon")
    server = Server(key=cloud.key_file, host="127.0.0.1", port=cloud.device_port)
    photon.start(Provision(PHOTON, key_file, build_variant(tools, "roller")), server=server, wifi=AIR[0])
    try:
        with step(f"{cloud.name}: a virtual Photon comes online"):
            SystemClock().wait_until(lambda: photon.status()["cloud"] == "connected", 30, "the Photon online")
            cloud.claim(PHOTON)
            SystemClock().wait_until(lambda: cloud.answers(f"/v1/devices/{PHOTON}/position"), 30, "its description")
        yield photon.pid
    finally:
        photon.stop()


def rates(tools: Toolchain, folder: Path, seconds: float) -> tuple[Figures, Figures]:
    """Rates of requests that a live device answers, of ours and theirs.

    Both run all the time and are asked in turn, so that whatever else the machine does meets both; the first round of
    each warms it up, of the others the middle one counts. What goes to and fro one at a time runs on one processor:
    else much of it is the time in which a machine, above all a virtual one, wakes its other processor up.
    """
    of_each: dict[str, Figures] = {}
    with contextlib.ExitStack() as stack:
        clouds: list[tuple[Measured, int]] = []
        for name, start in (("photonrig", ours), ("spark-server", lambda within: javascript(tools, within))):
            within = folder / name / "rates"
            within.mkdir(parents=True)
            cloud = stack.enter_context(start(within))
            clouds.append((cloud, stack.enter_context(with_photon(tools, cloud, within))))
            of_each[cloud.name] = {}
        for what, request, body in (
            ("variable reads", f"GET /v1/devices/{PHOTON}/position", ""),
            ("function calls", f"POST /v1/devices/{PHOTON}/calibrate", '{"args":"500,500"}'),
        ):
            for at_once in (1, 50):
                rounds: dict[str, list[tuple[Rate, float]]] = {cloud.name: [] for cloud, _ in clouds}
                with step(f"{what}, {at_once} at once, {ROUNDS} rounds each"):
                    for number in range(ROUNDS + 1):
                        for cloud, photon_pid in clouds:
                            long = seconds if number else WARM_UP
                            with on_one_processor(cloud.pid, photon_pid) if at_once == 1 else contextlib.nullcontext():
                                used = cpu_seconds(cloud.pid)
                                seen = uvloop.run(rate(cloud.api, request, cloud.token, at_once, long, body))
                                rounds[cloud.name].append((seen, cpu_seconds(cloud.pid) - used))
                for name, all_seen in rounds.items():
                    middle = sorted(all_seen[1:], key=lambda each: each[0].per_second)[ROUNDS // 2]
                    of_each[name] |= of_rate(f"{what}, {at_once} at once", *middle)
    return of_each["photonrig"], of_each["spark-server"]


async def each(
    ids: Sequence[str],
    act: Callable[[str], Awaitable[T]],
    at_once: int = ENROLLING,
    seconds: float = ENROL_SECONDS,
) -> tuple[list[T], float]:
    """What comes of acting on as many as can be in so many seconds, some at once; and how many seconds it took."""
    done: list[T] = []
    left = iter(ids)
    begun = time.perf_counter()

    async def work() -> None:
        for device_id in left:
            if time.perf_counter() - begun > seconds:
                return
            try:
                async with asyncio.timeout(ONE):
                    done.append(await act(device_id))
            except FAULTS:
                pass  # it is missed in the count

    await asyncio.gather(*(work() for _ in range(at_once)))
    return done, time.perf_counter() - begun


class SimulatedDevices:
    """Devices of one user on a cloud, many at a time; leave with :meth:`leave`."""

    def __init__(self, cloud: Measured) -> None:
        self.peers: list[DevicePeer] = []
        self._alive = asyncio.create_task(self._keep_alive())
        self._cloud = cloud
        self._key = generate_device_key()
        self._pem = public_key_pem(self._key)
        server_key = load_der_public_key(cloud.key_file.read_bytes())
        assert isinstance(server_key, rsa.RSAPublicKey)
        self._server_key = server_key

    async def enrol(self, device_id: str) -> str:
        """Make it known."""
        await asyncio.to_thread(self._cloud.enrol, device_id, self._pem)
        return device_id

    async def connect(self, device_id: str) -> str:
        """From TCP to the answered Hello."""
        peer = DevicePeer(device_id, self._key, self._server_key, self._cloud.device_port)
        try:
            peer.writer_write(await peer.connect())
            await peer.take_session()
            peer.writer_write(peer.greeting())
            peer.start()
            await peer.got(lambda message: message.path == [b"h"])
            peer.writer_write(peer.introduction())
        except BaseException:
            await peer.leave()
            raise
        self.peers.append(peer)
        return device_id

    async def claim(self, device_id: str) -> None:
        """Make it the user's."""
        await asyncio.to_thread(self._cloud.claim, device_id)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(KEEP_ALIVE)
            for peer in self.online():
                peer.send(messages.ping(peer.next_id()))

    def online(self) -> list[DevicePeer]:
        """Those that the cloud did not hang up on."""
        return [peer for peer in self.peers if not peer.ended]

    async def leave(self) -> None:
        """All hang up."""
        self._alive.cancel()
        for peer in self.peers:
            await peer.leave()


async def with_light_devices(cloud: Measured, devices: int) -> Figures:
    """How fast a thousand devices connect and what they cost in memory; events of a hundred to fifty readers."""
    light = SimulatedDevices(cloud)
    try:
        with step(f"{cloud.name}: {devices} devices are enrolled"):
            ids, _ = await each([f"{number:024x}" for number in range(1, devices + 1)], light.enrol)
        with step(f"{cloud.name}: they connect"):
            there, took = await each(ids, light.connect, CONNECTING, CONNECT_SECONDS)
        with step(f"{cloud.name}: {len(there)} are claimed"):
            await each(there, light.claim)
            await asyncio.sleep(3)  # describes
        after = cloud.memory()
        online = len(light.online())
        note = "" if online == devices else f"{online} of {devices} were in after {took:.0f} s"
        figures = {
            f"device connections, {CONNECTING} at once": Figure(len(there) / took, "/s", note, "more", ">= 3 times"),
            # Of the whole: what one more device adds is less than what a collection of garbage gives back.
            "memory with all of them, per device": Figure(
                after["private"] / online if online else None, " KiB", note, "less", "more than 1 time"
            ),
            "memory with all of them": Figure(after["rss"] / 1024, " MiB", note),
        }
        with step(f"{cloud.name}: {PUBLISHERS} devices publish to {READERS} readers"):
            figures |= await fan_out(cloud, light)
        return figures
    finally:
        await light.leave()


async def fan_out(cloud: Measured, light: SimulatedDevices) -> Figures:
    """A burst as fast as it goes, then a pace that a Photon may hold."""
    streams = [Stream() for _ in range(READERS)]
    await asyncio.gather(*(stream.open(cloud.api, "/v1/devices/events/bench", cloud.token) for stream in streams))
    begun = time.perf_counter()
    for _ in range(BURST):
        for peer in light.online()[:PUBLISHERS]:
            peer.publish("bench", str(time.perf_counter_ns()).encode())
        await asyncio.sleep(0)
    last = await gathered(streams, BURST * PUBLISHERS)
    note = lost(streams, BURST * PUBLISHERS)
    arrived = sum(len(stream.delays) for stream in streams)
    figures = {
        f"events delivered, {PUBLISHERS} devices × {READERS} readers": Figure(
            arrived / (last - begun) if arrived else None, "/s", note, "more", ">= 3 times"
        )
    }
    for stream in streams:
        stream.delays.clear()
    for _ in range(PACED_SECONDS):
        for peer in light.peers[:PUBLISHERS]:
            if not peer.ended:
                peer.publish("bench", str(time.perf_counter_ns()).encode())
            await asyncio.sleep(1 / PUBLISHERS)
    await gathered(streams, PACED_SECONDS * PUBLISHERS)
    note = lost(streams, PACED_SECONDS * PUBLISHERS)
    delays = [delay for stream in streams for delay in stream.delays]
    for share in (0.5, 0.99):
        p = percentile(delays, share) * 1000 if delays else None
        figures[f"  p{share * 100:.0f} of the delay, {PUBLISHERS} events/s"] = Figure(p, " ms", note, "less")
    for stream in streams:
        await stream.close()
    return figures


async def gathered(streams: list[Stream], every: int) -> float:
    """Wait until every stream has so many, or no more are to be expected; when the last one came."""
    count, begun = 0, time.perf_counter()
    last = begun
    while (now := time.perf_counter()) - last < QUIET and now - begun < LATE:
        arrived = sum(len(stream.delays) for stream in streams)
        if arrived != count:
            count, last = arrived, now
        if arrived >= every * len(streams):
            break
        await asyncio.sleep(0.01)
    return last


def lost(streams: list[Stream], every: int) -> str:
    """How many events did not arrive, in words; none if all did."""
    share = 1 - sum(len(stream.delays) for stream in streams) / (every * len(streams))
    return f"{100 * share:.3g} % lost" if share else ""


Start = Callable[[Path], AbstractContextManager[Measured]]


def light_devices(start: Start, folder: Path, devices: int, *, forgive: bool) -> Figures:
    """Connections, memory and events of a cloud just started; none when it fails, if that is to be forgiven."""
    within = folder / "light"
    within.mkdir(parents=True)
    try:
        with start(within) as cloud:
            return uvloop.run(with_light_devices(cloud, devices))
    except FAULTS as error:
        if not forgive:
            raise
        print(f"{folder.name}: {error or type(error).__name__}", file=sys.stderr, flush=True)
        return {}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of each round of a rate (default: 1.5)")
    parser.add_argument("--devices", type=int, default=1000, help="light devices connected (default: 1000)")
    arguments = parser.parse_args()
    tools = Toolchain(Path(__file__).resolve().parents[1])
    try:
        tools.javascript_cloud()
        with bounded(LONGEST), tempfile.TemporaryDirectory(prefix="photonrig-") as name:
            allow_files(arguments.devices * 2 + 512)
            folder = Path(name)
            mine, theirs = rates(tools, folder, arguments.seconds)
            mine |= light_devices(ours, folder / "photonrig", arguments.devices, forgive=False)
            theirs |= light_devices(
                lambda within: javascript(tools, within), folder / "spark-server", arguments.devices, forgive=True
            )
    except (PhotonrigError, httpx.HTTPError) as error:
        raise SystemExit(f"javascript_cloud: {error or type(error).__name__}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    write(beside(mine, "spark-server", theirs), arguments.json)


if __name__ == "__main__":
    main()
