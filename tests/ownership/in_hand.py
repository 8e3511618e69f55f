"""A virtual Photon in hand, out of the box or taken down from its window, as often as it is wanted so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import httpx

from photonrig.bench.slots.virtual.photon import AIR, Provision, Server, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import NotSeen, SystemClock
from photonrig.errors import LinkLost
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.particle.softap import NotReached, SoftAp, SoftApTransport, TcpSoftAp

from ..patience import PATIENCE
from .small_cloud import DEVICE, Wire, World

Condition = Literal["out of the box", "fielded"]
_CLOCK = SystemClock()


@dataclass(frozen=True)
class _Transport:
    """SoftAP by way of the wire that requests to the cloud take, so that both are counted together."""

    wire: Wire
    inner: SoftApTransport

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        try:
            return self.wire.carry(
                f"SoftAP {command}",
                lambda: self.inner.ask(command, body, timeout=timeout),
                lambda: b'{"r":-1}',
            )
        except httpx.ReadError as error:
            raise LinkLost(str(error)) from None


@dataclass(frozen=True)
class _Link:
    there: World
    photon: VirtualPhoton

    @contextmanager
    def joined(self) -> Iterator[None]:
        # Asked of the device alone: who forked has no other way to know whether it has power.
        try:
            listening = self.photon.control({"do": "status"})["listening"]
        except LinkLost as error:
            raise NotReached(str(error)) from None
        if not listening:
            raise NotReached("its network is not in the air: not in listening mode")
        yield

    def tcp(self) -> SoftAp:
        return SoftAp(_Transport(self.there.wire, TcpSoftAp("127.0.0.1", self.photon.softap_ports[0])))

    def http(self) -> SoftAp:
        return self.tcp()


class InHand:
    """The world's device as a virtual Photon with power and a slot."""

    def __init__(self, there: World, tools: Toolchain, folder: Path) -> None:
        self.there = there
        self.photon = VirtualPhoton(tools.vphoton, folder / "photon")
        self._kept: dict[Condition, Path] = {
            "out of the box": folder / "out-of-the-box",
            "fielded": folder / "fielded",
        }
        local, firmware = there.local, build_variant(tools, "roller")
        server = Server(local.key_file, local.device_host, local.device_port)
        self.photon.start(Provision(DEVICE, there.key, firmware), server=server, listening=True)
        self._keep("out of the box")
        self.photon.start(wifi=AIR[0])
        self._wait("online", lambda: self.photon.status()["cloud"] == "connected")
        self._keep("fielded")

    def _keep(self, condition: Condition) -> None:
        self.photon.kill()
        shutil.copytree(self.photon.state, self._kept[condition], ignore=shutil.ignore_patterns("control", "serial"))

    def put(self, condition: Condition) -> None:
        """Make it what it was, with power; nothing it has learned since is left."""
        self.photon.kill()
        shutil.rmtree(self.photon.state)
        shutil.copytree(self._kept[condition], self.photon.state)
        self.photon.start()

    def power_cut(self) -> None:
        """Its power goes and comes back at once."""
        self.photon.kill()
        self.photon.start()

    @property
    def bench(self) -> DeviceInHand:
        """Its slot, with SoftAP over the world's wire."""
        slot = replace(self.photon.slot, softap_link=_Link(self.there, self.photon))
        return DeviceInHand(slot, AIR[0].ssid, AIR[0].password)

    def settle(self) -> None:
        """Wait until it will not change hands by itself any more.

        It waits in listening mode, or it is online and the cloud has answered to the code it had.
        """

        def settled() -> bool:
            status = self.photon.status()
            return bool(status["listening"] or (status["cloud"] == "connected" and not status["has_claim_code"]))

        self._wait("at rest", settled)

    @staticmethod
    def _wait(what: str, there: object) -> None:
        assert callable(there)
        try:
            _CLOCK.wait_until(there, PATIENCE, what)
        except NotSeen as error:
            raise AssertionError(str(error)) from None


@contextmanager
def in_hand(there: World, tools: Toolchain, folder: Path) -> Iterator[InHand]:
    """The world's device in hand, inside the block."""
    held = InHand(there, tools, folder)
    try:
        yield held
    finally:
        held.photon.kill()
