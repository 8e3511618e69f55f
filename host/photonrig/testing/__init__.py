"""Types the pytest plugin's fixtures return, for annotations, and building blocks for tests of your own.

    FakeClock                  time that passes only by waiting
    check_power, check_reset…  what every capability of a slot must do; see photonrig.testing.conformance

Names are imported on first use: the plugin is loaded into every pytest run and must cost nothing there.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from photonrig.bench.target import CloudTarget
    from photonrig.testing.conformance import (
        check_flasher,
        check_power,
        check_reset,
        check_serial_link,
        check_setup_button,
        check_softap_link,
        check_softap_out_of_reach,
    )
    from photonrig.testing.customer import Customer, new_customer
    from photonrig.testing.events import Events
    from photonrig.testing.fake_clock import FakeClock
    from photonrig.testing.photon import Photon

__all__ = [
    "CloudTarget",
    "Customer",
    "Events",
    "FakeClock",
    "Photon",
    "check_flasher",
    "check_power",
    "check_reset",
    "check_serial_link",
    "check_setup_button",
    "check_softap_link",
    "check_softap_out_of_reach",
    "new_customer",
]

_HOMES = {
    "CloudTarget": "photonrig.bench.target",
    "Customer": "photonrig.testing.customer",
    "Events": "photonrig.testing.events",
    "FakeClock": "photonrig.testing.fake_clock",
    "Photon": "photonrig.testing.photon",
    "new_customer": "photonrig.testing.customer",
    **{name: "photonrig.testing.conformance" for name in __all__ if name.startswith("check_")},
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
