"""What the devices of a bench are for: the cloud they talk to, and the firmware they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Scope, Token, product
from photonrig.particle.events import EventStream

__all__ = ["CloudTarget", "Firmware"]


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

    ``wifi`` is the network the devices are to join: SSID and password. ``device_server`` is host and port of the device
    service as devices reach it; None if this host cannot go their way.
    """

    cloud: Cloud
    central: Token
    product_id: int
    client: ClientCredentials
    wifi: tuple[str, str]
    make_cli: Callable[[], ParticleCli]
    device_server: tuple[str, int] | None = None

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
