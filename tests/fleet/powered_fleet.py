"""A fleet with power: virtual Photons with real firmware, and processes of light devices. Any of them can be killed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from photonrig.bench.simulated_devices_process import SimulatedDevices
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.particle.keys import private_key_der

from .conftest import KEY, ROOT, Estate

TOOLS = Toolchain(ROOT)
ONLINE = 60.0


class Field:
    """Online inside a ``with`` block: the first ``photons`` devices as virtual Photons, the others in two processes."""

    def __init__(self, estate: Estate, devices: Sequence[str], folder: Path, *, photons: int, seed: int) -> None:
        self._estate, self._devices, self._chance = estate, frozenset(devices), random.Random(seed)
        self._photons = {
            device: VirtualPhoton(TOOLS.vphoton, folder / str(number), name=f"photon {number}")
            for number, device in enumerate(devices[:photons])
        }
        rest = devices[photons:]
        self._light = [estate.light(list(rest[half::2]), folder / f"light{half}") for half in range(2)]
        self._key = folder / "key.der"
        self._pool = ThreadPoolExecutor(4)
        self._starting: dict[VirtualPhoton | SimulatedDevices, Future[None]] = {}

    def __enter__(self) -> Self:
        self._key.parent.mkdir(exist_ok=True)
        self._key.write_bytes(private_key_der(KEY))
        module = build_variant(TOOLS, "roller")
        for device, photon in self._photons.items():
            provision = Provision(device, self._key, module, wired_to="roller")
            self._starting[photon] = self._pool.submit(photon.start, provision, server=self._estate.server, wifi=AIR[0])
        for light in self._light:
            self._starting[light] = self._pool.submit(light.start)
        self.wait_online()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        for each in (*self._photons.values(), *self._light):
            each.stop()

    def kill(self) -> None:
        """Kill a virtual Photon or a process of light devices and give it power again, without waiting for it."""
        each = self._chance.choice([each for each, start in self._starting.items() if start.done()])
        self._starting[each].result()
        each.kill()
        self._starting[each] = self._pool.submit(each.start)

    def wait_online(self) -> None:
        for start in self._starting.values():
            start.result()
        SystemClock().wait_until(lambda: self._devices <= self._estate.online(), ONLINE, "the whole fleet online")
