"""Virtual Photons on USB, as the unmodified Particle CLI sees them.

What stands here is bench equipment and no part of the Photon; a CLI for real boards runs without it:

    udevadm           lists the virtual Photons' pseudo-terminals as serial ports of Photons
    usb.js            is loaded into the CLI and answers its ``require('usb')``
    normal_mode.js    a Photon in normal or listening mode on USB
    dfu_mode.js       a Photon in DFU mode on USB
    openssl           makes device keys in the form the CLI and a Photon expect

All of it asks the Photons over their control sockets.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["usb_environment"]

_FOLDER: Final = Path(__file__).parent


def usb_environment(control_sockets: Iterable[str]) -> dict[str, str]:
    """Environment of a Particle CLI that finds the virtual Photons with these control sockets plugged in.

    The folder in its ``PATH`` goes before all others.
    """
    preload = str(_FOLDER / "usb.js").replace("\\", "\\\\").replace('"', '\\"')
    return {
        "PATH": str(_FOLDER),
        "NODE_OPTIONS": f'--require "{preload}"',
        "PHOTONRIG_PHOTONS": ":".join(control_sockets),
    }
