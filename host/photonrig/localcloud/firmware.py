"""Native firmware from a Particle project: what ``POST /v1/binaries`` and the bench's builds have in common.

The sources are compiled by the system's C++ compiler, as the Photon's compiler would take them, into a shared object
that a virtual Photon loads; it is packed into a module that no real Photon accepts.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from time import monotonic

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from photonrig.errors import ModuleError, ToolError, UsageError
from photonrig.localcloud.device_os import LATEST, RELEASES
from photonrig.localcloud.sketch import to_cpp
from photonrig.particle.module import build_native_module

__all__ = ["LATEST", "TARGETS", "CompileFailed", "CompiledFirmware", "collect_project", "compile_project", "tinker"]

TIME_LIMIT = 60.0
# What the virtual Photon can play, newest first; its modules run on all of them.
TARGETS = RELEASES

_SOURCES = (".cpp", ".c", ".ino")
_HEADERS = (".h", ".hpp", ".hh", ".hxx", ".inc")
_PROPERTIES = ("project.properties", "library.properties")

_COMMON = ("-Os", "-g0", "-fPIC", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections", "-Wall")
_CPP = ("-std=gnu++11", "-fno-exceptions", "-fno-rtti", *_COMMON)
_C = ("-std=gnu11", *_COMMON)
_LINK = ("-shared", "-Wl,--gc-sections", "-Wl,-z,max-page-size=4096", "-static-libgcc")
# One little-endian uint16 each; left out where the sources state none. The virtual Photon's module/app_abi.h agrees.
_PRODUCT_SECTIONS = (".photon_product_id", ".photon_product_version")


class CompileFailed(ModuleError):
    """The sources do not compile; the message is the compiler's first error, ``compiler_output`` all it said."""

    def __init__(self, message: str, compiler_output: str) -> None:
        super().__init__(message)
        self.compiler_output = compiler_output


@dataclass(frozen=True, slots=True)
class CompiledFirmware:
    """A packed module, and its sizes as the two lines that ``size`` prints (text, data, bss, dec, hex, filename)."""

    image: bytes
    size_info: str


def collect_project(folder: Path) -> dict[str, bytes]:
    """The files of a project as the Particle CLI sends them with ``--followSymlinks``: relative path to content.

    Sources, headers and properties under ``src`` and ``lib/<library>``; in a folder without ``src``, also those beside
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


def compile_project(files: dict[str, bytes], sdk: Path, target_version: str = LATEST) -> CompiledFirmware:
    """Compile a project given as relative path to content; ``sdk`` is the folder whose ``include`` has ``Particle.h``.

    :raises CompileFailed: the sources do not compile or link
    :raises ModuleError: there are no sources, or the module would not fit a Photon
    :raises UsageError: a path leads out of the project, there is no such target, or ``sdk`` is not the virtual Photon's
    :raises ToolError: there is no compiler, or it did not end within 60 s
    """
    if target_version not in TARGETS:
        raise UsageError(f"Device OS {target_version} is no build target; there is {', '.join(TARGETS)}")
    compiler = shutil.which("c++")
    if compiler is None:
        raise ToolError("there is no C++ compiler; install one (Debian and Ubuntu: apt-get install g++)")
    if not (sdk / "include" / "Particle.h").is_file():
        raise UsageError(f"{sdk} is no folder to compile against: include/Particle.h is missing")
    with tempfile.TemporaryDirectory(prefix="photonrig-build-") as temporary:
        work = Path(temporary)
        sources = _unpack(files, work / "project")
        build = _Build(compiler, work / "project", sdk.resolve(), target_version, monotonic() + TIME_LIMIT)
        shared_object = build.link(build.compile_all(sources))
        _check_entry_points(shared_object)
        product_id, product_version = _product_of(shared_object)
        size_info = build.sizes(shared_object)
        build.strip(shared_object)
        payload = shared_object.read_bytes()
    return CompiledFirmware(
        build_native_module(payload, product_id=product_id, product_version=product_version), size_info
    )


@functools.cache
def tinker(sdk: Path) -> bytes:
    """The stock application, compiled once; raises as :func:`compile_project`."""
    source = Path(__file__).with_name("tinker.ino").read_bytes()
    return compile_project({"tinker.ino": source}, sdk).image


def _system_version(release: str) -> int:
    """A release as sources compare it; from 1.1.0 on final releases end in FF (Device OS 2.3.1, SYSTEM_VERSION)."""
    major, minor, patch = (int(number) for number in release.split("."))
    final = 0xFF if (major, minor) >= (1, 1) else 0
    return major << 24 | minor << 16 | patch << 8 | final


def _unpack(files: dict[str, bytes], project: Path) -> list[PurePosixPath]:
    """Write the files below ``project``; returns the sources to compile, as they lie there."""
    sources: list[PurePosixPath] = []
    for name, content in sorted(files.items()):
        path = PurePosixPath(name.replace("\\", "/"))
        parts = [part for part in path.parts if part != "."]
        if path.is_absolute() or not parts or ".." in parts or any("\0" in part or ":" in part for part in parts):
            raise UsageError(f"{name!r} is no path within a project")
        path = PurePosixPath(*parts)
        target = project / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        except OSError as error:
            raise UsageError(f"{name!r} cannot be a file of this project: {error.strerror}") from error
        if path.suffix in _SOURCES and _is_compiled(path):
            sources.append(path)
    if not sources:
        raise ModuleError("no source files were sent; a project has .cpp, .c or .ino files in src")
    return sources


def _is_compiled(path: PurePosixPath) -> bool:
    """``src/**``, ``lib/*/src/**`` and files beside ``project.properties``; not a library's examples."""
    return len(path.parts) == 1 or path.parts[0] == "src" or (path.parts[0] == "lib" and path.parts[2:3] == ("src",))


class _Build:
    """One build, its tools run in the project's folder so that messages name the files as they were sent."""

    def __init__(self, compiler: str, project: Path, sdk: Path, target_version: str, deadline: float) -> None:
        self._compiler = compiler
        self._project = project
        self._sdk = sdk
        self._target = f"-DSYSTEM_VERSION=0x{_system_version(target_version):08X}"
        self._deadline = deadline
        libraries = sorted(path.relative_to(project).as_posix() for path in project.glob("lib/*/src"))
        self._includes = [f"-I{folder}" for folder in ("src", ".", *libraries)] + [f"-I{sdk / 'include'}"]

    def compile_all(self, sources: Sequence[PurePosixPath]) -> list[str]:
        # Every module carries the functions by which the virtual Photon finds setup() and loop().
        entry = PurePosixPath((self._sdk / "include" / "user_part.cpp").as_posix())
        everything = [*sources, entry]
        with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
            return list(pool.map(self._compile, everything, range(len(everything))))

    def _compile(self, source: PurePosixPath, number: int) -> str:
        made = f"../{number}.o"
        if source.suffix == ".ino":
            sketch = (self._project / source).read_text(encoding="utf-8", errors="replace")
            # Beside the sketch, so that its own includes are found.
            generated = source.with_suffix(".ino.cpp")
            (self._project / generated).write_text(to_cpp(sketch, source.as_posix()), encoding="utf-8")
            source = generated
        flags = ["-x", "c", *_C] if source.suffix == ".c" else list(_CPP)
        self._run([self._compiler, *flags, self._target, *self._includes, "-c", source.as_posix(), "-o", made])
        return made

    def link(self, objects: Sequence[str]) -> Path:
        self._run([self._compiler, *_LINK, *objects, "-o", "../firmware.so"])
        return self._project.parent / "firmware.so"

    def sizes(self, shared_object: Path) -> str:
        return self._run(["size", f"../{shared_object.name}"]).replace(f"../{shared_object.name}", shared_object.name)

    def strip(self, shared_object: Path) -> None:
        self._run(["strip", "--strip-all", f"../{shared_object.name}"])

    def _run(self, argv: Sequence[str]) -> str:
        try:
            done = subprocess.run(
                argv,
                cwd=self._project,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TMPDIR": str(self._project.parent)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=max(0.1, self._deadline - monotonic()),
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"the compiler did not end within {TIME_LIMIT:.0f} s") from None
        except FileNotFoundError:
            raise ToolError(f"{argv[0]} is missing; install binutils") from None
        if done.returncode != 0:
            text = (done.stdout + done.stderr).replace(str(self._sdk), "sdk").replace(str(self._project.parent), ".")
            first = re.search(r"^.*?(?:error|undefined reference|multiple definition).*$", text, re.MULTILINE)
            summary = first.group(0) if first else f"{Path(argv[0]).name} ended with {done.returncode}"
            raise CompileFailed(summary, text.strip())
        return done.stdout


def _check_entry_points(shared_object: Path) -> None:
    """A shared object links without them, and would then fail on the device."""
    with shared_object.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym")
        assert isinstance(symbols, SymbolTableSection), "every shared object has dynamic symbols"
        undefined = {symbol.name for symbol in symbols.iter_symbols() if symbol["st_shndx"] == "SHN_UNDEF"}
    for name, symbol_names in (("setup()", {"setup", "_Z5setupv"}), ("loop()", {"loop", "_Z4loopv"})):
        if symbol_names & undefined:
            text = f"undefined reference to `{name}'; a firmware defines it after including Particle.h"
            raise CompileFailed(text, text)


def _product_of(shared_object: Path) -> tuple[int, int]:
    """Product id and version that the sources state; 0xFFFF each where they state none."""
    stated = []
    with shared_object.open("rb") as file:
        elf = ELFFile(file)
        for name in _PRODUCT_SECTIONS:
            section = elf.get_section_by_name(name)
            content = b"\xff\xff" if section is None else section.data()
            if len(content) != 2:
                raise ModuleError("PRODUCT_ID and PRODUCT_VERSION may each be stated once")
            stated.append(int.from_bytes(content, "little"))
    return stated[0], stated[1]
