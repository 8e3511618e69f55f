"""The cloud a bench's devices connect to, and the firmware they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Scope, Token, product
from photonrig.particle.events import EventStream


@dataclass(frozen=True, slots=True)
class Firmware:
    """Firmware of a variant: image, project it was built from, stated version, and whether it has a bench console.

    ``sha256``: of the application, as the device reports it.
    """

    variant: str
    image: Path
    project: Path
    version: int
    sha256: str = ""
    console: bool = True


@dataclass(frozen=True, slots=True)
class CloudTarget:
    """The cloud of a bench: ``cloud`` has no token, ``central`` is the user on the product's team.

    ``wifi``: SSID and password of the network devices join. ``device_server``: host and port of the device service as
    devices reach it; None if unreachable from this host.
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
        """Event stream of one user's own devices; use it in a ``with`` block."""
        return EventStream(who, "/v1/devices/events")
