"""Names of a Photon's pins and Device OS's numbers of them (2.3.1, pinmap_defines.h: D0 is 0, A0 10, RX 18, TX 19)."""

from __future__ import annotations

import re

from photonrig.errors import UsageError


def pin_number(pin: str) -> int:
    """The number of a pin.

    :raises UsageError: a Photon has no such pin
    """
    found = re.fullmatch(r"(?:D([0-7])|A([0-7])|(RX)|(TX))", pin.upper())
    if found is None:
        raise UsageError(f"a Photon has no pin {pin!r}; it has D0 to D7, A0 to A7, RX and TX")
    digital, analog, rx, _ = found.groups()
    return int(digital) if digital else 10 + int(analog) if analog else 18 if rx else 19
