"""Device OS releases served by the local cloud: stand-ins for bootloader and system parts.

They hold no code. A virtual Photon updated with them emulates that release from then on; a real one refuses them
(see ``build_stand_in``).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from photonrig.particle.module import build_stand_in, parse_module
from photonrig.particle.releases import module_number, release_name

__all__ = ["LATEST", "RELEASES", "SystemImage", "find_release", "system_images"]

LATEST = "2.3.1"
# Releases the virtual Photon emulates, newest first; its cloud/generation.cpp has a row for each.
RELEASES = ("3.3.1", "2.3.1", "1.5.2", "1.4.4", "1.2.1", "1.0.1", "0.7.0", "0.6.3")
# Device OS 2.3.1. Other releases shipped other numbers; only their order matters here (a choice).
_BOOTLOADER = 1006


@dataclass(frozen=True, slots=True)
class SystemImage:
    """One module of a release, with its download file name."""

    filename: str
    function: str
    index: int
    version: int
    content: bytes

    @property
    def crc(self) -> int:
        """CRC-32 of the image."""
        return parse_module(self.content).crc_stored


def find_release(wanted: str) -> str | None:
    """Release by number, by module version such as ``2302``, or ``latest``; None if unknown."""
    if wanted == "latest":
        return LATEST
    if wanted.isdecimal() and wanted.isascii() and len(wanted) < 6:
        wanted = release_name(int(wanted)) or ""
    return wanted if wanted in RELEASES else None


@functools.cache
def system_images(release: str) -> tuple[SystemImage, ...]:
    """All modules of a release."""
    version = module_number(release)
    parts = (("bootloader", 0, _BOOTLOADER), ("system_part", 1, version), ("system_part", 2, version))
    return tuple(_image(release, *part) for part in parts)


def _image(release: str, function: str, index: int, version: int) -> SystemImage:
    name = f"{function}{index}" if index else function
    text = f"stands in for the {name} of Device OS {release} on virtual Photons"
    filename = f"photon-stand-in-{name.replace('_', '-')}@{release}.bin"
    return SystemImage(filename, function, index, version, build_stand_in(function, index, version, text.encode()))
