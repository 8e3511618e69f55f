"""What commands that run trials are given: an image, and a plan."""

from __future__ import annotations

from pathlib import Path

import msgspec

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.errors import UsageError
from photonrig.files import file_error
from photonrig.trials.plan import Plan


def image_of(tools: Toolchain, firmware: str) -> tuple[Path, Path]:
    """The .bin and the .elf of a variant, built if stale, or of an image of the user's.

    :raises UsageError: there is no such variant or image
    """
    if firmware in VARIANTS:
        module = build_variant(tools, firmware)
        return module, module.with_suffix(".elf")
    elf = Path(firmware)
    if elf.suffix != ".elf":
        raise UsageError(f"{firmware} is neither a variant ({', '.join(VARIANTS)}) nor the .elf of an image")
    module = elf.with_suffix(".bin")
    if not module.exists():
        raise UsageError(f"{module} is missing: the image lies beside its ELF")
    return module, elf


def read_plan(path: Path) -> Plan:
    """A plan from a file.

    :raises UsageError: it cannot be read, or is no plan
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as error:
        raise file_error(path, "read", error) from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"--plan {path}: {error}") from None
