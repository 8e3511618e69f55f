"""The conformance checks find drivers that do not do what they say; each of these is wrong in one way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import photonrig.testing
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import AIR, Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.particle.keys import generate_device_key, private_key_der
from photonrig.particle.softap import SoftAp
from photonrig.testing import (
    check_flasher,
    check_power,
    check_reset,
    check_serial_link,
    check_setup_button,
    check_softap_link,
    check_softap_out_of_reach,
)

TOOLS = Toolchain(Path(__file__).parents[2])
BACK = 0.5  # seconds; what does not come is not waited for long


@pytest.fixture
def photon(tmp_path: Path) -> Iterator[VirtualPhoton]:
    (tmp_path / "key.der").write_bytes(private_key_der(generate_device_key()))
    device = VirtualPhoton(TOOLS.vphoton, tmp_path / "device")
    device.start(Provision("d" * 24, tmp_path / "key.der", build_variant(TOOLS, "roller")), wifi=AIR[0])
    yield device
    device.kill()


@dataclass
class Driver:
    """Any capability, made of functions."""

    off: Callable[[], Any] = lambda: None
    on: Callable[[], Any] = lambda: None
    press: Callable[[], Any] = lambda: None
    hold: Callable[[float], Any] = lambda seconds: None
    over_serial: Callable[[Path], Any] = lambda image: None


@dataclass
class Link:
    """A serial link that is where the real one is, and says ``present`` whatever happens."""

    slot: Slot
    present: bool = True

    @property
    def port(self) -> str:
        assert self.slot.serial is not None
        return self.slot.serial.port


@dataclass
class Air:
    """SoftAP that is always there."""

    softap: SoftAp

    def joined(self) -> AbstractContextManager[None]:
        return nullcontext()

    def tcp(self) -> SoftAp:
        return self.softap

    http = tcp


def test_power_that_stays_on(photon: VirtualPhoton) -> None:
    with pytest.raises(ExpectationFailed, match="the device off USB without power"):
        check_power(replace(photon.slot, power=Driver()), back=BACK)


def test_power_that_stays_off(photon: VirtualPhoton) -> None:
    with pytest.raises(ExpectationFailed, match="the device on USB with power"):
        check_power(replace(photon.slot, power=Driver(off=photon.kill)), back=BACK)


@pytest.mark.parametrize(
    ("held", "said"),
    [(lambda seconds: 0, "listening mode after SETUP was held for 4 s"), (lambda seconds: 4, "which takes over 3 s")],
    ids=["never", "always as long"],
)
def test_a_button_that_is_not_held_as_asked(photon: VirtualPhoton, held: Callable[[float], float], said: str) -> None:
    def hold(seconds: float) -> None:
        photon.control({"do": "setup_button", "hold_ms": held(seconds) * 1000})

    with pytest.raises(ExpectationFailed, match=said):
        check_setup_button(replace(photon.slot, setup_button=Driver(hold=hold)), back=BACK)


def test_a_reset_that_is_none_and_one_by_the_plug(photon: VirtualPhoton) -> None:
    def plug() -> None:
        photon.kill()
        photon.start()

    with pytest.raises(ExpectationFailed, match="the firmware of slot"):
        check_reset(replace(photon.slot, reset=Driver()), back=3)
    with pytest.raises(ExpectationFailed, match="not by the pin"):
        check_reset(replace(photon.slot, reset=Driver(press=plug)), back=3)


def test_a_link_that_knows_nothing_of_the_plug(photon: VirtualPhoton) -> None:
    slot = photon.slot
    with pytest.raises(ExpectationFailed, match="no device is there"):
        check_serial_link(Link(slot, present=False))
    with pytest.raises(ExpectationFailed, match="the link saying that the device has gone"):
        check_serial_link(Link(slot), photon.kill, photon.start, back=BACK)
    photon.start()
    with pytest.raises(ExpectationFailed, match="although the device has left USB"):
        check_serial_link(Link(slot), lambda: None, lambda: None, back=BACK)
    assert slot.serial is not None
    check_serial_link(slot.serial)


def test_softap_of_another_device_and_one_that_is_always_there(photon: VirtualPhoton) -> None:
    slot = photon.slot
    assert slot.softap_link is not None
    check_softap_out_of_reach(slot.softap_link)
    slot.hold_setup(4)
    check_softap_link(slot.softap_link, photon.device_id)
    with pytest.raises(ExpectationFailed, match=f"{'d' * 24} answers at the SoftAP of {'e' * 24}"):
        check_softap_link(slot.softap_link, "e" * 24)
    with slot.softap() as softap, pytest.raises(ExpectationFailed, match="is not in listening mode"):
        check_softap_out_of_reach(Air(softap))


def test_a_flasher_that_says_done(photon: VirtualPhoton) -> None:
    with slot_says(photon) as version:
        slot = replace(photon.slot, flasher=Driver())
        with pytest.raises(ExpectationFailed, match="the firmware of slot"):
            check_flasher(slot, Path("image.bin"), version + 1, "over_serial", back=BACK)
        with pytest.raises(ExpectationFailed, match="runs already"):
            check_flasher(slot, Path("image.bin"), version, "over_serial", back=BACK)


def slot_says(photon: VirtualPhoton) -> AbstractContextManager[int]:
    """The version that the firmware states."""
    with photon.slot.console() as console:
        return nullcontext(console.ask("info")["version"])


def test_what_the_slot_lacks_is_named(photon: VirtualPhoton) -> None:
    with pytest.raises(UsageError, match="has no power"):
        check_power(replace(photon.slot, power=None))


def test_all_that_is_offered_is_there() -> None:
    for name in photonrig.testing.__all__:
        assert getattr(photonrig.testing, name).__module__.startswith("photonrig.")
