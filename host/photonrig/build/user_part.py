"""A user part: how applications are compiled, linked and packed for a Photon.

    sources ─┐
    Wiring  ─┼─ arm-none-eabi-g++ ─ .elf ─ objcopy ─ SHA-256 and CRC ─ .bin
    imports ─┘

The flags are those of Device OS 2.3.1's own build as far as code depends on them. Of Debian's packages it takes
``gcc-arm-none-eabi``, ``libnewlib-arm-none-eabi`` and the headers in ``libstdc++-arm-none-eabi-dev``.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import zlib
from typing import Final

from photonrig.errors import ToolError

COMPILER: Final = "arm-none-eabi-g++"
OBJCOPY: Final = "arm-none-eabi-objcopy"
ARCHIVER: Final = "arm-none-eabi-gcc-ar"
# What a build needs of this machine, by the names in photonrig.build.system_parts.
PARTS: Final = (COMPILER, "newlib for ARM", "libstdc++ headers for ARM")

_MACHINE: Final = ("-mcpu=cortex-m3", "-mthumb", "--specs=nano.specs")
# Link-time optimisation is off: with it, the linker takes compiler options from sections of the objects.
_COMMON: Final = (
    *_MACHINE,
    *("-Os", "-fno-strict-aliasing", "-ffunction-sections", "-fdata-sections", "-fno-lto"),
    *("-DSPARK=1", "-DPARTICLE=1", "-DPLATFORM_ID=6", "-DPLATFORM_NAME=photon", "-DPLATFORM_THREADING=1"),
    *("-DSTM32_DEVICE", "-DSTM32F2XX", "-DRELEASE_BUILD", "-D_GNU_SOURCE", "-Wall"),
)
CPP: Final = (
    *("-std=gnu++14", "-fno-exceptions", "-fno-rtti", "-fcheck-new"),
    *("-fno-threadsafe-statics", "-fno-use-cxa-atexit"),
    *_COMMON,
)
C: Final = ("-std=gnu11", *_COMMON)
LINK: Final = (
    *_MACHINE,
    *("-nostartfiles", "-fno-lto", "-fno-use-linker-plugin"),
    "-Wl,--gc-sections,--build-id=none,--no-warn-rwx-segments",
)
LIBRARIES: Final = ("-nodefaultlibs", "-Wl,--start-group", "-lm", "-lc", "-lgcc", "-lnosys", "-Wl,--end-group")
# Of firmware/user_part/user_part.ld, those that an image is made of.
SECTIONS: Final = (".prefix", ".table", ".text", ".retained", ".data", ".suffix", ".crc")
# Of the same, the one that only debuggers see.
DEBUGGERS_SECTION: Final = ".device_os"

# As module_info.h of Device OS 2.3.1 has it. From the front, the version the first dependency asks for; from the end,
# digest, size of the suffix, CRC.
_NEEDED: Final = slice(18, 20)
_CRC: Final = struct.Struct(">I")
_DIGEST_AT: Final = -38
_DIGEST_END: Final = -6


def path_of(tool: str) -> str:
    """Path of a tool of the cross compiler.

    :raises ToolError: it is not installed
    """
    path = shutil.which(tool)
    if path is None:
        raise ToolError(
            f"{tool} is missing; install it (Debian and Ubuntu: apt-get install gcc-arm-none-eabi "
            "libnewlib-arm-none-eabi libstdc++-arm-none-eabi-dev)"
        )
    return path


def seal(image: bytes, system_version: int) -> bytes:
    """Fill in what a linked user part leaves open: the version of system part 2 it needs, its SHA-256, its CRC-32."""
    begun = image[: _NEEDED.start] + struct.pack("<H", system_version) + image[_NEEDED.stop : _DIGEST_AT]
    whole = begun + hashlib.sha256(begun).digest() + image[_DIGEST_END : -_CRC.size]
    return whole + _CRC.pack(zlib.crc32(whole))
