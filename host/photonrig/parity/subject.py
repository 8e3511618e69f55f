"""Subject of the device's chapters: a Photon that runs the programme's firmware, its cloud, and what is at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from photonrig.bench.config import virtual_config
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget
from photonrig.build.compile import compile_project
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError
from photonrig.parity.programme import Skipped
from photonrig.parity.scrub import Scrubber
from photonrig.particle.events import EventStream
from photonrig.particle.serial_port import LISTENING_SPEED, request_by_speed
from photonrig.particle.softap import LISTEN_HOLD

PROBE: Final = Path(__file__).parent / "probe"
SLOT: Final = "parity"  # of a virtual bench, and its variant
ONLINE: Final = 90.0
_LISTENING: Final = 30.0


@dataclass(slots=True)
class Photon:
    """The Photon under question. ``image``: the firmware it runs; ``eyes``: what the LED does, None: nobody looks."""

    slot: Slot
    target: CloudTarget
    image: Path
    eyes: Callable[[], str] | None = None
    clock: Clock = SYSTEM

    @property
    def path(self) -> str:
        """Its path in the HTTP API, through its product."""
        return f"/v1/products/{self.target.product_id}/devices/{self.slot.device_id}"

    def read(self, path: str = "") -> Any:
        """JSON of a request below its path."""
        return self.target.team.request("GET", self.path + path, timeout=60)

    def call(self, function: str, argument: str = "") -> int:
        """Return value of a function of its firmware."""
        return self.target.team.call(self.slot.device_id, function, argument, self.target.product)

    def stream(self) -> EventStream:
        """The events of its product."""
        return EventStream(self.target.team, self.target.product.events)

    def wait_online(self) -> None:
        """Wait until the firmware answers the cloud."""

        def answers() -> bool:
            try:
                return bool(self.read("/truth"))
            except PhotonrigError:
                return False

        self.clock.wait_until(answers, ONLINE, "the Photon online with the programme's firmware")

    def recover(self) -> None:
        """Bring it back after a question that failed: reset, if it can be, and online."""
        if self.slot.reset is not None:
            self.slot.reset.press()
        elif self.slot.power is not None:
            self.slot.power.off()
            self.slot.power.on()
        self.wait_online()

    def listen(self) -> None:
        """Enter listening mode, by the button or, without hands on it, by the line rate."""
        if self.slot.setup_button is not None:
            self.slot.hold_setup(LISTEN_HOLD)
        elif self.slot.serial is not None:
            request_by_speed(self.slot.serial.port, LISTENING_SPEED, device=self.slot.device_id)
        else:
            raise Skipped("slot without SETUP button and serial link: no way into listening mode")
        self.clock.wait_until(self._offline, _LISTENING, "the Photon in listening mode")

    def _offline(self) -> bool:
        monitor = self.slot.monitor
        return not self.read().get("online") if monitor is None else monitor.listening

    def look(self) -> str:
        """What the LED does.

        :raises Skipped: nobody looks
        """
        if self.eyes is None:
            raise Skipped("nobody looks at the LED; --watch asks a person")
        return self.eyes()


def build_probe(tools: Toolchain, device_os: str, folder: Path) -> Path:
    """The programme's firmware for a Device OS, built here."""
    folder.mkdir(parents=True, exist_ok=True)
    image = folder / f"parity-{device_os}.bin"
    image.write_bytes(compile_project(collect_project(PROBE), tools.sdk(), device_os).image)
    return image


@contextmanager
def virtual_photon(tools: Toolchain, device_os: str, work: Path, image: Path | None = None) -> Iterator[Photon]:
    """A virtual Photon with the programme's firmware, or another ``image``, at a local cloud; up inside the block."""
    image = image or build_probe(tools, device_os, work)
    config = virtual_config(work / "virtual.toml", {SLOT: SLOT})
    with open_bench(config, tools, projects={SLOT: image}, device_os=device_os) as session:
        assert session.lab is not None
        yield photon_of(session, SLOT, image, session.lab.photons[SLOT].led)


def photon_of(session: BenchSession, slot: str, image: Path, eyes: Callable[[], str] | None) -> Photon:
    """The Photon in a slot of an open bench."""
    return Photon(replace(session.slots[slot], bench_console=False), session.targets[slot], image, eyes)


def scrubber(photon: Photon) -> Scrubber:
    """A scrubber that knows the Photon and its bench."""
    target = photon.target
    ssid, password = target.wifi
    names = {
        "device": photon.slot.device_id,
        "product": str(target.product_id),
        "cloud": target.cloud.api,
        "ssid": ssid,
    }
    return Scrubber(names, [password, target.central.access_token, target.client.secret])
