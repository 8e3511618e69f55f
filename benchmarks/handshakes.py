"""Device handshakes on the local cloud: how many a second, how long one takes with 1, 16 and 128 under way at once.

The device service runs in a process of its own, clients in another; each client goes from TCP connect to the answered
Hello with a real block made for its nonce, and verifies what the server signed. "per core" is handshakes per second of
the server's CPU time, so that it does not depend on how many cores the clients leave to it. The floor, measured in the
server's process, is what its two RSA-2048 private-key operations alone cost.

    python benchmarks/handshakes.py [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from photonrig.localcloud.device.contract import Describe, Hello, PublishedEvent
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.particle import handshake, messages
from photonrig.particle.frames import FrameDecoder, FrameEncoder

AT_ONCE = {1: 400, 16: 2000, 128: 4000}  # handshakes under way : handshakes in all


class Enrolled:
    """A core in which every device is enrolled with the same key and nothing costs anything."""

    def __init__(self, public_key: bytes) -> None:
        self._public_key = public_key

    def now(self) -> float:
        return time.time()

    def public_key(self, device_id: str) -> bytes | None:
        return self._public_key

    def admit(self, device_id: str, public_key: bytes) -> bool:
        return False

    async def came_online(self, device_id: str, hello: Hello) -> None: ...

    async def went_offline(self, device_id: str) -> None: ...

    async def described(self, device_id: str, describe: Describe) -> None: ...

    async def published(self, device_id: str, event: PublishedEvent) -> None: ...

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        return False

    async def update_progress(self, device_id: str, status: str) -> None: ...


def spki(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def serve(pipe: Connection) -> None:
    """The server's process: gets the device key, gives port and server key, then its CPU seconds whenever asked."""

    async def run() -> None:
        server_key = rsa.generate_private_key(65537, 2048)
        hub, enrolled = DeviceHub(server_key), Enrolled(pipe.recv())
        pipe.send((await hub.start(enrolled, "127.0.0.1", 0), spki(server_key.public_key()), floor(server_key)))
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(time.process_time())
        await hub.close()

    uvloop.run(run())


def floor(key: rsa.RSAPrivateKey) -> float:
    """Pairs of RSA-2048 operations a second on one core: one decryption, one signature."""
    sealed = key.public_key().encrypt(bytes(214), padding.PKCS1v15())
    rounds = 500
    start = time.process_time()
    for _ in range(rounds):
        key.decrypt(sealed, padding.PKCS1v15())
        key.sign(bytes(20), padding.PKCS1v15(), NoDigestInfo())
    return rounds / (time.process_time() - start)


async def one_handshake(port: int, device_id: str, key: rsa.RSAPrivateKey, server_key: rsa.RSAPublicKey) -> float:
    """Seconds from TCP connect to the answered Hello."""
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    nonce = await reader.readexactly(handshake.NONCE_SIZE)
    writer.write(handshake.device_block(server_key, nonce, device_id, spki(key.public_key())))
    reply = await reader.readexactly(handshake.REPLY_SIZE)
    keys = handshake.SessionKeys.from_block(handshake.open_session_reply(key, server_key, reply))
    hello = messages.hello(1, messages.Hello(6, 2, 0x36, 6)).encode()
    writer.write(FrameEncoder(keys.key, keys.iv).encode(hello))
    decoder = FrameDecoder(keys.key, keys.iv)
    while not decoder.decode(await reader.read(100)):
        pass
    took = time.perf_counter() - start
    writer.close()
    return took


async def measure(
    port: int, key: rsa.RSAPrivateKey, server_key: rsa.RSAPublicKey, at_once: int, count: int
) -> list[float]:
    """``count`` handshakes, always ``at_once`` of them under way; how long each took."""
    left = iter(range(count))
    took: list[float] = []

    async def client() -> None:
        for number in left:
            took.append(await one_handshake(port, f"{number:024x}", key, server_key))

    await asyncio.gather(*(client() for _ in range(at_once)))
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    target = parser.parse_args().json
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    device_key = rsa.generate_private_key(65537, 1024)
    pipe.send(spki(device_key.public_key()))
    port, der, pairs = pipe.recv()
    server_key = load_der_public_key(der)
    assert isinstance(server_key, rsa.RSAPublicKey)

    def cpu() -> float:
        pipe.send(True)
        seconds: float = pipe.recv()
        return seconds

    uvloop.run(measure(port, device_key, server_key, 4, 100))  # warm
    rows = []
    print(f"{os.cpu_count()} cores; two RSA-2048 operations alone: {pairs:.0f}/s on one core")
    print(f"{'at once':>8} {'1/s':>8} {'1/s per core':>13} {'of floor':>9} {'p50 ms':>8} {'p99 ms':>8}")
    for at_once, count in AT_ONCE.items():
        start, cpu_start = time.perf_counter(), cpu()
        took = sorted(uvloop.run(measure(port, device_key, server_key, at_once, count)))
        wall, burnt = time.perf_counter() - start, cpu() - cpu_start
        row = {
            "at_once": at_once,
            "handshakes": count,
            "per_second": count / wall,
            "per_core_second": count / burnt,
            "of_rsa_floor": count / burnt / pairs,
            "p50_ms": took[count // 2] * 1000,
            "p99_ms": took[count * 99 // 100] * 1000,
        }
        rows.append(row)
        print(
            f"{at_once:>8} {row['per_second']:>8.0f} {row['per_core_second']:>13.0f} {row['of_rsa_floor']:>9.2f}"
            f" {row['p50_ms']:>8.1f} {row['p99_ms']:>8.1f}"
        )
    pipe.send(False)
    server.join(10)
    if target is not None:
        figures = {"benchmark": "handshakes", "rsa_pairs_per_core_second": pairs, "rows": rows}
        target.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
