"""Compile service: native firmware from a Particle project, for ``POST /v1/binaries`` and the bench's own builds.

The system's C++ compiler builds the sources into a shared object that a virtual Photon loads, packed into a module that
no real Photon accepts. Compiler and linker run in a :mod:`~photonrig.build.sandbox`; their output is parsed as data and
never loaded into this process.
"""

from __future__ import annotations

import functools
import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.sandbox import Build, Layout, build_folder, compiler_path, sandbox_kind
from photonrig.build.sketch import to_cpp
from photonrig.errors import ModuleError, PhotonrigError, UsageError
from photonrig.particle.module import build_native_module

__all__ = ["CompileFailed", "CompiledFirmware", "collect_project", "compile_project", "tinker"]

TIME_LIMIT = 60.0

_SOURCES = (".cpp", ".c", ".ino")
_HEADERS = (".h", ".hpp", ".hh", ".hxx", ".inc")
_PROPERTIES = ("project.properties", "library.properties")
_COMPILED_HEADERS = (".gch", ".pch")  # precompiled headers, which the compiler would load as its own memory image

_LONGEST_PATH = 512
_LONGEST_NAME = 200  # bytes; file systems allow 255, and a sketch's generated file gets a suffix
_DEEPEST = 32
_LARGEST_SKETCH = 1 << 20

_COMMON = ("-Os", "-g0", "-fPIC", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections", "-Wall")
_CPP = ("-std=gnu++11", "-fno-exceptions", "-fno-rtti", *_COMMON)
_C = ("-std=gnu11", *_COMMON)
# Link-time optimisation is off: with it, the linker takes compiler options from sections of the objects.
_LINK = (
    *("-shared", "-s", "-Wl,--gc-sections", "-Wl,-z,max-page-size=4096", "-static-libgcc"),
    *("-fno-lto", "-fno-use-linker-plugin"),
)
# One little-endian uint16 each, absent where the sources set none. Same names in the virtual Photon's module/app_abi.h.
_PRODUCT_SECTIONS = (".photon_product_id", ".photon_product_version")


class CompileFailed(ModuleError):
    """Compilation failed; the message is the first compiler error, ``compiler_output`` the whole output."""

    def __init__(self, message: str, compiler_output: str) -> None:
        super().__init__(message)
        self.compiler_output = compiler_output


@dataclass(frozen=True, slots=True)
class CompiledFirmware:
    """A packed module, and its sizes as the two lines of ``size`` (text, data, bss, dec, hex, filename)."""

    image: bytes
    size_info: str


def collect_project(folder: Path) -> dict[str, bytes]:
    """Files of a project as the Particle CLI sends them with ``--followSymlinks``: relative path to content.

    Sources, headers and properties under ``src`` and ``lib/<library>``; without a ``src`` folder, also those beside
    ``project.properties``.

    :raises UsageError: the folder holds no sources
    """
    roots = [folder / "src", *sorted((folder / "lib").glob("*"))]
    found: dict[str, bytes] = {}
    for root in roots:
        for path in _files_below(root):
            found[(root.relative_to(folder) / path.relative_to(root)).as_posix()] = path.read_bytes()
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        wanted = path.name in _PROPERTIES or not roots[0].is_dir()
        if path.is_file() and wanted and _belongs(path):
            found[path.name] = path.read_bytes()
    if not any(name.endswith(_SOURCES) for name in found):
        raise UsageError(f"{folder} holds no firmware sources; a project has them in src")
    return found


def _files_below(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(names) if _belongs(path := Path(parent) / name))


def _belongs(path: Path) -> bool:
    return path.suffix in (*_SOURCES, *_HEADERS) or path.name in _PROPERTIES


def compile_project(
    files: Mapping[str, bytes], sdk: Path, target_version: str = LATEST, build: Build | None = None
) -> CompiledFirmware:
    """Compile a project given as relative path to content; ``sdk`` is the folder whose ``include`` has ``Particle.h``.

    Another thread may stop the run through ``build``.

    :raises CompileFailed: the sources do not compile or link
    :raises ModuleError: there are no sources, or the module would not fit a Photon
    :raises UsageError: a path leads out of the project, the target is unknown, or ``sdk`` is not the virtual Photon's
    :raises ToolError: no compiler, not finished within 60 s, or stopped
    """
    if target_version not in RELEASES:
        raise UsageError(f"Device OS {target_version} is not a build target; targets: {', '.join(RELEASES)}")
    compiler = compiler_path()
    if not (sdk / "include" / "Particle.h").is_file():
        raise UsageError(f"{sdk} is no folder to compile against: include/Particle.h is missing")
    with build_folder(sdk) as folder:
        sources = _unpack(files, Layout(folder).project)
        stages = _commands(compiler, sources, Layout(folder), target_version)
        failure = (build or Build()).run(
            folder, stages, compiler=compiler, kind=sandbox_kind(compiler), seconds=TIME_LIMIT
        )
        if failure is not None:
            _refuse(failure["output"], f"{Path(compiler).name} ended with {failure['status']}", folder)
        payload = _read_plain(Layout(folder).out / _SHARED_OBJECT)
    build_native_module(payload)  # rejects an oversized payload before it is parsed
    return _packed(payload)


@functools.cache
def tinker(sdk: Path) -> bytes:
    """The stock application, compiled once and cached; raises as :func:`compile_project`."""
    source = Path(__file__).with_name("tinker.ino").read_bytes()
    return compile_project({"tinker.ino": source}, sdk).image


def _system_version(release: str) -> int:
    """SYSTEM_VERSION of a release; final releases from 1.1.0 on end in FF (Device OS 2.3.1)."""
    major, minor, patch = (int(number) for number in release.split("."))
    final = 0xFF if (major, minor) >= (1, 1) else 0
    return major << 24 | minor << 16 | patch << 8 | final


def _unpack(files: Mapping[str, bytes], project: Path) -> list[PurePosixPath]:
    """Write the files below ``project``; returns the paths of the sources to compile."""
    sources: list[PurePosixPath] = []
    written: set[PurePosixPath] = set()
    for name, content in sorted(files.items()):
        path = _project_path(name)
        if path in written:
            raise UsageError(f"{_shown(name)} was sent twice")
        written.add(path)
        _write(project, path, content)
        if path.suffix in _SOURCES and _is_compiled(path):
            if path.suffix == ".ino":
                path = _write_sketch(project, path, content)
            sources.append(path)
    if not sources:
        raise ModuleError("no source files were sent; a project has .cpp, .c or .ino files in src")
    return sources


def _project_path(name: str) -> PurePosixPath:
    """Path within the project of an uploaded file.

    :raises UsageError: outside the project, control characters in the name, or a name that is too long
    """
    path = PurePosixPath(name.replace("\\", "/"))
    parts = [part for part in path.parts if part != "."]
    plain = not any(letter == ":" or unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in name)
    if not plain or path.is_absolute() or not parts or ".." in parts:
        raise UsageError(f"{_shown(name)} is no path within a project")
    if len(name) > _LONGEST_PATH or len(parts) > _DEEPEST or max(len(part.encode()) for part in parts) > _LONGEST_NAME:
        raise UsageError(
            f"{_shown(name)} is too long or too deep for a project: {_LONGEST_PATH} characters, {_DEEPEST} folders, "
            f"{_LONGEST_NAME} bytes each"
        )
    if any(part.lower().endswith(_COMPILED_HEADERS) for part in parts):
        raise UsageError(f"{_shown(name)} is a compiled header; send the header it was made from")
    return PurePosixPath(*parts)


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:100]}…")


def _write(project: Path, path: PurePosixPath, content: bytes) -> None:
    try:
        (project / path.parent).mkdir(parents=True, exist_ok=True)
        (project / path).write_bytes(content)
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be a file of this project: {error.strerror}") from error


def _write_sketch(project: Path, path: PurePosixPath, content: bytes) -> PurePosixPath:
    """Write a sketch's C++ beside it, so that relative includes work; the generated name cannot be uploaded."""
    if len(content) > _LARGEST_SKETCH:
        raise UsageError(f"{str(path)!r} is larger than {_LARGEST_SKETCH} bytes; put data into a .h or .cpp file")
    generated = path.with_name(f"{path.name}:.cpp")
    _write(project, generated, to_cpp(content.decode("utf-8", errors="replace"), path.as_posix()).encode())
    return generated


def _is_compiled(path: PurePosixPath) -> bool:
    """Whether it is compiled: ``src/**``, ``lib/*/src/**``, or beside ``project.properties``; not library examples."""
    return len(path.parts) == 1 or path.parts[0] == "src" or (path.parts[0] == "lib" and path.parts[2:3] == ("src",))


_SHARED_OBJECT = "firmware.so"


def _commands(
    compiler: str, sources: Sequence[PurePosixPath], layout: Layout, target_version: str
) -> list[list[list[str]]]:
    """Commands to compile, then link, run in the project folder so that messages name files as uploaded.

    Uploaded names appear only as paths behind a fixed prefix, ``./`` or ``-Ilib/``, so none is read as an option.
    """
    libraries = sorted(path.relative_to(layout.project).as_posix() for path in layout.project.glob("lib/*/src"))
    common = [f"-DSYSTEM_VERSION=0x{_system_version(target_version):08X}", "-fmacro-prefix-map=./="]
    common += [f"-I{folder}" for folder in ("src", ".", *libraries, "../sdk/include")]
    # Every module carries the entry points through which the virtual Photon finds setup() and loop().
    named = [(source.suffix, f"./{source}") for source in sources] + [(".cpp", "../sdk/include/user_part.cpp")]
    compiles, objects = [], []
    for number, (suffix, source) in enumerate(named):
        language = ["-x", "c", *_C] if suffix == ".c" else ["-x", "c++", *_CPP]
        objects.append(f"../out/{number}.o")
        compiles.append([compiler, *language, *common, "-c", source, "-o", objects[-1]])
    return [compiles, [[compiler, *_LINK, *objects, "-o", f"../out/{_SHARED_OBJECT}"]]]


def _refuse(output: str, otherwise: str, folder: Path) -> None:
    text = output.replace(f"{Layout(folder).out}/", "").replace(f"{folder}/", "").replace("../out/", "")
    text = text.replace("../sdk/", "sdk/")
    text = re.sub(r"^((?:In file included| +) from )?\./", lambda found: found[1] or "", text, flags=re.MULTILINE)
    first = re.search(r"^.*?(?:[Ee]rror|undefined reference|multiple definition|out of memory).*$", text, re.MULTILINE)
    raise CompileFailed(first.group(0) if first else otherwise, text.strip())


def _read_plain(path: Path) -> bytes:
    """Content of a regular file in a folder the compiler could write to."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ModuleError("the linker made no file")
        return file.read()


def _packed(shared_object: bytes) -> CompiledFirmware:
    """Pack the linked shared object. Sources control its content, so every field is validated."""
    try:
        elf = ELFFile(io.BytesIO(shared_object))
        _check_entry_points(elf)
        product_id, product_version = _product_of(elf)
        size_info = _sizes(elf)
    except PhotonrigError:
        raise
    except Exception as error:
        raise ModuleError(f"the linked firmware cannot be read: {error}") from error
    image = build_native_module(shared_object, product_id=product_id, product_version=product_version)
    return CompiledFirmware(image, size_info)


def _check_entry_points(elf: ELFFile) -> None:
    """Check for setup() and loop(): a shared object links without them and would fail on the device."""
    undefined = {
        symbol.name
        for section in elf.iter_sections()
        if isinstance(section, SymbolTableSection)
        for symbol in section.iter_symbols()
        if symbol["st_shndx"] == "SHN_UNDEF"
    }
    for name, symbol_names in (("setup()", {"setup", "_Z5setupv"}), ("loop()", {"loop", "_Z4loopv"})):
        if symbol_names & undefined:
            text = f"undefined reference to `{name}'; a firmware defines it after including Particle.h"
            raise CompileFailed(text, text)


def _product_of(elf: ELFFile) -> tuple[int, int]:
    """Product id and version set by the sources; 0xFFFF each where unset."""
    stated = []
    for name in _PRODUCT_SECTIONS:
        section = elf.get_section_by_name(name)
        if section is not None and (section["sh_size"] != 2 or section["sh_type"] == "SHT_NOBITS"):
            raise ModuleError("PRODUCT_ID and PRODUCT_VERSION may each be stated once")
        stated.append(0xFFFF if section is None else int.from_bytes(section.data(), "little"))
    return stated[0], stated[1]


def _sizes(elf: ELFFile) -> str:
    """The two lines ``size`` prints for a file."""
    text = data = bss = 0
    for section in elf.iter_sections():
        flags = section["sh_flags"]
        if not flags & _ALLOCATED:
            continue
        if flags & _EXECUTABLE or not flags & _WRITABLE:
            text += section["sh_size"]
        elif section["sh_type"] == "SHT_NOBITS":
            bss += section["sh_size"]
        else:
            data += section["sh_size"]
    total = text + data + bss
    header = "".join(f"{name:>7}\t" for name in ("text", "data", "bss", "dec", "hex"))
    return f"{header}filename\n{text:7}\t{data:7}\t{bss:7}\t{total:7}\t{total:7x}\t{_SHARED_OBJECT}\n"


_WRITABLE, _ALLOCATED, _EXECUTABLE = 1, 2, 4  # sh_flags
