"""Applications built for a Photon: our Wiring, start-up and imports linked with them into a user part.

    sources ─┐
    Wiring  ─┼─ arm-none-eabi-g++ ─ .elf ─ objcopy ─ SHA-256 and CRC ─ .bin
    imports ─┘

Compiled and linked with Debian's ``gcc-arm-none-eabi``, ``libnewlib-arm-none-eabi`` and the headers of
``libstdc++-arm-none-eabi-dev``. The flags are those of Device OS 2.3.1's own build as far as code depends on them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photonrig.build.interface import imports, read_system
from photonrig.build.prototypes import prototypes
from photonrig.errors import ModuleError, ToolError
from photonrig.files import replace

__all__ = ["UserPart", "build_user_part", "build_variant", "seal"]

_COMPILER: Final = "arm-none-eabi-g++"
_OBJCOPY: Final = "arm-none-eabi-objcopy"
_ARCHIVER: Final = "arm-none-eabi-gcc-ar"
_PACKAGES: Final = "gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"
_MACHINE: Final = ("-mcpu=cortex-m3", "-mthumb", "--specs=nano.specs")
_FLAGS: Final = (
    *("-std=gnu++14", "-Os", "-g", "-fno-exceptions", "-fno-rtti", "-fcheck-new", "-fno-strict-aliasing"),
    *("-ffunction-sections", "-fdata-sections", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"),
    *("-DSPARK=1", "-DPARTICLE=1", "-Wall"),
)
_OURS: Final = ("-Wextra", "-Werror", "-Wno-unused-parameter")
_HEADERS: Final = frozenset((".h", ".hpp", ".hh", ".inc"))
_LINK: Final = ("-nostartfiles", "-Wl,--gc-sections,--build-id=none,--no-warn-rwx-segments")
_LIBRARIES: Final = (
    "-nodefaultlibs",
    *("-Wl,--start-group", "-lstdc++", "-lm", "-lc", "-lgcc", "-lnosys", "-Wl,--end-group"),
)
# From the end of the file, as module_info.h of Device OS 2.3.1 has it: digest, size of the suffix, CRC.
_CRC: Final = struct.Struct(">I")
_DIGEST_AT: Final = -38
_DIGEST_END: Final = -6


@dataclass(frozen=True, slots=True)
class UserPart:
    """A linked application: ``module`` is what a Photon takes, ``elf`` the same with symbols and line numbers.

    ``flash`` is the size of the module, ``ram`` of its static data; both in bytes.
    """

    module: Path
    elf: Path
    flash: int
    ram: int


def build_variant(root: Path, variant: str, work: Path) -> UserPart:
    """Build a variant of ``root/firmware/variants`` into ``work``.

    :raises ToolError: there is no cross compiler
    :raises ModuleError: the sources do not compile without a warning, or do not fit a Photon
    """
    firmware = root / "firmware"
    shade, own = firmware / "shade" / "src", firmware / "variants" / variant / "src"
    sources = [*sorted(own.rglob("*.cpp")), *sorted(shade.rglob("*.cpp"))]
    if not own.is_dir():
        raise ModuleError(f"there is no variant {variant} in {own.parents[1]}")
    return build_user_part(firmware, sources, [own, shade], work, variant, flags=_OURS)


def build_user_part(
    firmware: Path,
    sources: Iterable[Path],
    includes: Iterable[Path],
    work: Path,
    name: str,
    flags: Sequence[str] = (),
) -> UserPart:
    """Build an application from its C++ sources into ``work/name.bin`` and ``work/name.elf``.

    ``firmware`` holds ``abi``, ``wiring`` and ``user_part``.

    :raises ToolError: there is no cross compiler
    :raises ModuleError: it does not compile, needs what no Photon has, or does not fit one
    """
    library = _library(firmware, work)
    folders = list(includes)
    objects = _compiled(sources, folders, _headers(firmware, library), work, flags)
    module, elf = work / f"{name}.bin", work / f"{name}.elf"
    with tempfile.TemporaryDirectory(dir=work, prefix=f".{name}-") as folder:
        made = Path(folder)
        script = firmware / "user_part" / "user_part.ld"
        linked = made / "linked.elf"
        own = [library / each for each in ("start.o", "runtime.o", "libwiring.a", "imports.o")]
        argv = [_COMPILER, *_MACHINE, *_LINK, f"-Wl,-T,{script}", *objects, *map(str, own), *_LIBRARIES]
        _run([*argv, "-o", str(linked)])
        image = made / "image"
        _run([_OBJCOPY, "-O", "binary", str(linked), str(image)])
        sealed = seal(image.read_bytes())
        linked.replace(elf)
        replace(module, sealed)
    return UserPart(module, elf, len(sealed), _static_ram(elf))


def seal(image: bytes) -> bytes:
    """Fill in the SHA-256 and the CRC-32 of a linked user part, for which the linker left room."""
    digest = hashlib.sha256(image[:_DIGEST_AT]).digest()
    whole = image[:_DIGEST_AT] + digest + image[_DIGEST_END : -_CRC.size]
    return whole + _CRC.pack(zlib.crc32(whole))


def _headers(firmware: Path, library: Path) -> list[Path]:
    return [firmware / "wiring" / "include", firmware / "abi" / "include", library]


def _library(firmware: Path, work: Path) -> Path:
    """The folder with all that every application is linked with, made when something it is made from has changed."""
    wiring, parts, abi = firmware / "wiring", firmware / "user_part", firmware / "abi"
    inputs = [*wiring.rglob("*.h"), *wiring.rglob("*.cpp"), *parts.iterdir(), *abi.rglob("*.h"), *abi.glob("*.tsv")]
    digest = hashlib.sha256(repr((_version(), _MACHINE, _FLAGS, _OURS, imports({}))).encode())
    declared = prototypes(abi)
    digest.update(declared.encode())
    for path in sorted(inputs):
        digest.update(f"{path.relative_to(firmware)}\0".encode() + path.read_bytes())
    folder = work / f"wiring-{digest.hexdigest()[:16]}"
    if folder.is_dir():
        return folder
    work.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=work, prefix=".wiring-"))
    try:
        (made / "prototypes.h").write_text(declared)
        (made / "imports.s").write_text(imports(read_system(abi)))
        include = [f"-I{each}" for each in (*_headers(firmware, made), parts)]
        targets = {each: made / f"{each.stem}.o" for each in (wiring / "src").glob("*.cpp")}
        _compile(targets, [*_OURS, *include])
        _compile({parts / f"{each}.cpp": made / f"{each}.o" for each in ("start", "runtime")}, [*_OURS, *include])
        _run([_COMPILER, *_MACHINE, "-c", str(made / "imports.s"), "-o", str(made / "imports.o")])
        _run([_ARCHIVER, "rcsD", str(made / "libwiring.a"), *map(str, sorted(targets.values()))])
        try:
            made.rename(folder)
        except OSError:  # another process was faster
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def _compiled(
    sources: Iterable[Path], own: Sequence[Path], system: Sequence[Path], work: Path, flags: Sequence[str]
) -> list[str]:
    """The objects of an application's sources, in their order; those are kept that were made from the same.

    ``own`` are the folders with its headers, all of which count as a part of each source.
    """
    argv = [*flags, *(f"-I{each}" for each in (*own, *system))]
    common = hashlib.sha256(repr((_version(), _MACHINE, _FLAGS, argv)).encode())
    for header in sorted({each for folder in own for each in folder.rglob("*") if each.suffix in _HEADERS}):
        common.update(f"{header}\0".encode() + header.read_bytes())
    targets = {}
    for source in sources:
        digest = common.copy()
        digest.update(f"{source}\0".encode() + source.read_bytes())
        targets[source] = work / "objects" / f"{source.stem}-{digest.hexdigest()[:24]}.o"
    (work / "objects").mkdir(exist_ok=True)
    _compile({source: target for source, target in targets.items() if not target.exists()}, argv)
    return [str(target) for target in targets.values()]


def _compile(targets: Mapping[Path, Path], flags: Sequence[str]) -> None:
    def one(source: Path, target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".") as folder:
            made = Path(folder) / target.name
            _run([_COMPILER, *_MACHINE, *_FLAGS, *flags, "-c", str(source), "-o", str(made)])
            made.replace(target)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one, targets.keys(), targets.values()))


def _version() -> str:
    return _run([_COMPILER, "-dumpfullversion"]).strip()


def _run(argv: Sequence[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise ToolError(f"{argv[0]} is missing: sudo apt-get install {_PACKAGES}") from None
    if done.returncode != 0:
        raise ModuleError(f"the application cannot be built for a Photon:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout


def _static_ram(elf: Path) -> int:
    """Bytes of data and bss, by the linker script's own marks."""
    marks = {}
    for line in _run(["arm-none-eabi-nm", str(elf)]).splitlines():
        address, _, name = line.split(" ", 2) if line[:1] != " " else ("0", "", "")
        marks[name] = int(address, 16)
    return marks["heap_begin"] - marks["data_begin"]


def main(argv: Sequence[str]) -> int:
    """``python -m photonrig.build.user_part FOLDER VARIANT …``: build variants of the checkout into a folder."""
    folder, *variants = argv
    root = Path(__file__).resolve().parents[3]
    for variant in variants:
        part = build_variant(root, variant, Path(folder))
        sys.stdout.write(f"{part.module}: {part.flash} bytes of flash, {part.ram} of static RAM\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
