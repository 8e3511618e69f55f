"""A fleet with power: virtual Photons with real firmware, and racks of them. Any of them can be killed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from photonrig.bench.rack import PhotonRack
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.particle.keys import private_key_der

from .conftest import KEY, TOOLS, World

ONLINE = 60.0


class Field:
    """Online inside a ``with`` block: the first ``photons`` devices as virtual Photons, the others in two processes."""

    def __init__(self, world: World, devices: Sequence[str], folder: Path, *, photons: int, seed: int) -> None:
        self._world, self._devices, self._chance = world, frozenset(devices), random.Random(seed)
        self._photons = {
            device: VirtualPhoton(TOOLS.vphoton, folder / str(number), name=f"photon {number}")
            for number, device in enumerate(devices[:photons])
        }
        rest = devices[photons:]
        self._racks = [world.rack(list(rest[half::2]), folder / f"rack{half}") for half in range(2)]
        self._key = folder / "key.der"
        self._pool = ThreadPoolExecutor(4)
        self._starting: dict[VirtualPhoton | PhotonRack, Future[None]] = {}

    def __enter__(self) -> Self:
        self._key.parent.mkdir(exist_ok=True)
        self._key.write_bytes(private_key_der(KEY))
        module = build_variant(TOOLS, "roller")
        for device, photon in self._photons.items():
            provision = Provision(device, self._key, module, wired_to="roller")
            self._starting[photon] = self._pool.submit(photon.start, provision, server=self._world.server, wifi=AIR[0])
        for rack in self._racks:
            self._starting[rack] = self._pool.submit(rack.start)
        self.wait_online()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown()
        for each in (*self._photons.values(), *self._racks):
            each.stop()

    def kill(self) -> None:
        """Kill a virtual Photon or a rack of them and give it power again, without waiting for it."""
        each = self._chance.choice([each for each, start in self._starting.items() if start.done()])
        self._starting[each].result()
        each.kill()
        self._starting[each] = self._pool.submit(each.start)

    def wait_online(self) -> None:
        for start in self._starting.values():
            start.result()
        SystemClock().wait_until(lambda: self._devices <= self._world.online(), ONLINE, "the whole fleet online")
