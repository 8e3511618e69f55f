"""A rig as a run of tests sees it: devices by variant, the cloud they talk to, and how to tell what is healthy.

:class:`~photonrig.bench.virtual_rig.VirtualRig` is one on this machine. A test never asks which kind it has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from photonrig.bench.diagnosis import Readings
from photonrig.bench.slots.slot import Slot
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Scope, Token, product
from photonrig.particle.events import EventStream

__all__ = ["CloudTarget", "Firmware", "Rig"]


@dataclass(frozen=True, slots=True)
class Firmware:
    """What the devices of a variant are to run: the image, the project it was built from, the version it states."""

    variant: str
    image: Path
    project: Path
    version: int


@dataclass(frozen=True, slots=True)
class CloudTarget:
    """The cloud a rig's devices talk to: ``cloud`` acts as nobody, ``central`` is the user on the product's team.

    ``wifi`` is the network the devices are to join: SSID and password.
    """

    cloud: Cloud
    central: Token
    product_id: int
    client: ClientCredentials
    wifi: tuple[str, str]
    make_cli: Callable[[], ParticleCli]

    @property
    def team(self) -> Cloud:
        """The cloud, acting as the central user."""
        return self.cloud.using(self.central)

    @property
    def product(self) -> Scope:
        """The product all devices are in."""
        return product(self.product_id)

    def events(self, who: Cloud) -> EventStream:
        """The events of somebody's own devices; use it in a ``with`` block."""
        return EventStream(who, "/v1/devices/events")


class Rig(Protocol):
    """What a run of tests needs of a bench."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def real(self) -> bool:
        """Whether its devices are boards, which a test may wear out."""

    def target_of(self, variant: str | None) -> CloudTarget:
        """The cloud its devices talk to, with the product of a variant, or any product of the rig."""

    def slot(self, variant: str) -> Slot:
        """A slot with a device of this variant, held by this process until :meth:`close`.

        :raises UsageError: there is none
        :raises RigError: it cannot be had
        """

    def firmware(self, variant: str) -> Firmware:
        """What the devices of this variant are to run."""

    def read(self, slot: Slot | None, since: float) -> Readings:
        """Look at everything that may be at fault, from the plug to the cloud, and change nothing.

        ``since`` is when the test began, by the monotonic clock.
        """

    def recover(self, slot: Slot | None) -> Sequence[str]:
        """Put right what :meth:`read` shows to be wrong; returns what was done, a sentence each.

        :raises PhotonrigError: it could not be put right
        """

    def facts(self) -> tuple[tuple[str, str], ...]:
        """Label and text pairs for reports: target, versions."""

    def close(self) -> None:
        """Give everything back."""
