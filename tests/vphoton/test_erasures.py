"""Erasures of the EEPROM's pages, which hold up everything: none by a variant's firmware while its shade moves."""

from __future__ import annotations

from pathlib import Path

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant

from ..user_part.conftest import Compile, UserPart, parts, sketch
from .conftest import ROOT, Cloud, Photon, wait_for
from .shade import Shade

__all__ = ["UserPart", "parts", "sketch"]

LENGTH = 2048
NEARLY_FULL = bytes([1, 0]) + (4095 - 8).to_bytes(2, "little")  # the small page, nothing pending, room for 8 records


def wired(photon: Photon, cloud: Cloud, travel_ms: int) -> Shade:
    module = build_variant(Toolchain(ROOT), "drapery")
    return Shade(photon, cloud).start("--firmware", str(module), "--wired-to", f"drapery:{travel_ms}", *cloud.words)


def test_none_while_something_moves(photon: Photon, cloud: Cloud) -> None:
    shade = wired(photon, cloud, 600)
    shade.move("open")
    shade.power_cut()
    path = Path(photon.state) / "eeprom.bin"
    path.write_bytes(path.read_bytes()[:LENGTH] + NEARLY_FULL)
    shade.start()
    shade.move("close")  # its records do not fit: the page is copied
    wait_for("the erasure", lambda: photon.status()["eeprom"]["erasures"] == 1)
    assert photon.status()["eeprom"] == {"pending_erase": False, "erasures": 1, "erasures_in_motion": 0}
    assert shade.move("open")["position"] == 100
    shade.power_cut()


def test_one_in_motion_is_counted(photon: Photon, cloud: Cloud, sketch: Compile) -> None:
    """The motor has its own control: it goes on while another firmware clears the EEPROM, which erases both pages."""
    shade = wired(photon, cloud, 60_000)
    shade.ask("move open")
    wait_for("the shade on its way", lambda: shade.world()["parts"]["lift"]["speed"] > 0)
    shade.power_cut()
    program = "SYSTEM_MODE(MANUAL)\nvoid setup() { EEPROM.clear(); }\nvoid loop() {}"
    photon.start("--firmware", str(sketch(program).module))
    photon.wait("the application", lambda status: status["application_running"])
    assert photon.status()["eeprom"] == {"pending_erase": False, "erasures": 2, "erasures_in_motion": 2}
