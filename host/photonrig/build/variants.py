"""Builds of the manufacturer variants, through the same compile service as the local cloud's.

A variant is named by its folder in ``firmware/variants``. The same name selects the virtual Photon's world
(``--wired-to``); its product in a lab is called ``shade NAME``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from photonrig.build.compile import compile_project
from photonrig.build.project import collect_project
from photonrig.build.sdk import sdk_digest
from photonrig.build.toolchain import Toolchain, step
from photonrig.errors import UsageError
from photonrig.files import replace

__all__ = ["VARIANTS", "build_project", "build_variant", "calibration", "variant_project", "with_version"]

# In order of product id: roller 20001, venetian 20002 and so on, as in each one's PRODUCT_ID.
VARIANTS = ("roller", "venetian", "drapery", "honeycomb")

# Encoder edges over the full travel of a virtual venetian, lift and tilt
# (firmware/vphoton/worlds/encoder_motor.h).
_EDGES = "1200,240"

_VERSION_FILE = "src/version.h"
_VERSION = re.compile(rb"(#define\s+FIRMWARE_VERSION\s+)(\d+)")
_EXPERIMENTAL = re.compile(rb"(#define\s+FIRMWARE_EXPERIMENTAL\s+)([01])")


def calibration(variant: str, travel_ms: int) -> str:
    """Argument of ``calibrate`` for a virtual shade of this variant with a full travel of ``travel_ms``."""
    return _EDGES if variant == "venetian" else f"{travel_ms},{travel_ms}"


def variant_project(tools: Toolchain, variant: str) -> Path:
    """Project folder of a variant, as the Particle CLI takes it.

    :raises UsageError: no such variant
    """
    if variant not in VARIANTS:
        raise UsageError(f"there is no variant {variant!r}; there are: {', '.join(VARIANTS)}")
    return tools.root / "firmware" / "variants" / variant


def build_variant(tools: Toolchain, variant: str) -> Path:
    """Build a variant if any of its sources changed; returns the module's path.

    :raises UsageError: no such variant
    :raises ModuleError: the sources do not compile without a warning
    """
    return build_project(tools, variant, variant_project(tools, variant), strict=True)


def build_project(
    tools: Toolchain, name: str, project: Path, *, libraries: Path | None = None, strict: bool = False
) -> Path:
    """Build any project as a module called ``name`` if its sources changed; returns the module's path.

    ``project`` and ``libraries`` as in :func:`~photonrig.build.project.collect_project`.

    Beside it lies the ELF, with symbols and line numbers, under the same name with the suffix ``.elf``.
    Warnings are errors if ``strict``.

    :raises UsageError: the folder holds no sources
    :raises ModuleError: the sources do not compile
    :raises ToolError: there is no compiler
    """
    files = collect_project(project, libraries)
    folder = project if project.is_dir() else project.parent
    module = tools.work / "firmware" / f"{name}.bin"
    stamp, elf = module.with_suffix(".made-from"), module.with_suffix(".elf")
    with tools.alone():
        sdk = tools.sdk()
        fingerprint = _fingerprint(files, project, sdk)
        if module.exists() and elf.exists() and stamp.exists() and stamp.read_text() == fingerprint:
            return module
        module.parent.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)  # a kill during the build must not leave a stamp that matches an older module
        with step(f"compiling {name}"):
            kept = module.with_suffix(".objects")
            made = compile_project(files, sdk, debug=folder, strict=strict, kept=kept)
        replace(elf, made.elf)
        replace(module, made.image)
        replace(stamp, fingerprint)
    return module


def with_version(project: Path, copy: Path, version: int, *, experimental: bool = False) -> Path:
    """Copy a project with its linked libraries under another product version (1 … 65534); returns ``copy``.

    An ``experimental`` build, for single devices, is marked as such in its variable ``fw``.

    :raises UsageError: the project does not set version and experimental flag in exactly one place
    """
    files = collect_project(project)
    text, found = _VERSION.subn(rb"\g<1>%d" % version, files[_VERSION_FILE])
    if found != 1:
        raise UsageError(f"{project}: {_VERSION_FILE} does not define the version exactly once")
    text, found = _EXPERIMENTAL.subn(rb"\g<1>%d" % experimental, text)
    if experimental and found != 1:
        raise UsageError(f"{project}: {_VERSION_FILE} does not set the experimental flag exactly once")
    for name, content in (files | {_VERSION_FILE: text}).items():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return copy


def _fingerprint(files: dict[str, bytes], project: Path, sdk: Path) -> str:
    digest = hashlib.sha256(f"{project.resolve()}\0{sdk_digest(sdk)}\0".encode())
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
