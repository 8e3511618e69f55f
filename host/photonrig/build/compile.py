"""Compile service: a user part from a Particle project, for ``POST /v1/binaries`` and the bench's own builds.

The cross compiler builds the sources and links them with what an SDK (:mod:`photonrig.build.sdk`) holds. Compiler,
linker and objcopy run in a :mod:`~photonrig.build.sandbox`; their output is parsed as data.
"""

from __future__ import annotations

import functools
import io
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elftools.elf.elffile import ELFFile

from photonrig.build import objects
from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.project import SOURCES, include_folders, is_compiled
from photonrig.build.sandbox import Build, Layout, build_folder, sandbox_kind
from photonrig.build.sdk import check_sdk
from photonrig.build.sketch import to_cpp
from photonrig.build.user_part import (
    COMPILER,
    CPP,
    DEBUGGERS_SECTION,
    LIBRARIES,
    LINK,
    OBJCOPY,
    SECTIONS,
    C,
    path_of,
    seal,
)
from photonrig.errors import ModuleError, PhotonrigError, UsageError
from photonrig.particle.module import check_user_part, parse_module
from photonrig.particle.releases import module_number

__all__ = ["CompileFailed", "CompiledFirmware", "compile_project", "tinker"]

TIME_LIMIT = 60.0

_COMPILED_HEADERS = (".gch", ".pch")  # precompiled headers, which the compiler would load as its own memory image

_LONGEST_PATH = 512
_LONGEST_NAME = 200  # bytes; file systems allow 255, and a sketch's generated file gets a suffix
_DEEPEST = 32
_LARGEST_SKETCH = 1 << 20
_GENERATED = ":.cpp"  # ends the name of a sketch's C++

_STRICT = ("-Wextra", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Werror", "-Wno-unused-parameter")


class CompileFailed(ModuleError):
    """Compilation failed; the message is the first compiler error, ``compiler_output`` the whole output."""

    def __init__(self, message: str, compiler_output: str) -> None:
        super().__init__(message)
        self.compiler_output = compiler_output


@dataclass(frozen=True, slots=True)
class CompiledFirmware:
    """A user part.

    ``image`` is what a Photon takes, ``elf`` the same with its symbols, ``size_info`` the two lines ``size`` prints of
    it (text, data, bss, dec, hex, filename).
    """

    image: bytes
    elf: bytes
    size_info: str


def compile_project(
    files: Mapping[str, bytes],
    sdk: Path,
    target_version: str = LATEST,
    build: Build | None = None,
    *,
    debug: Path | None = None,
    strict: bool = False,
    kept: Path | None = None,
) -> CompiledFirmware:
    """Compile a project given as relative path to content; ``sdk`` is the folder :func:`~.sdk.build_sdk` made.

    The image asks for Device OS ``target_version``. Another thread may stop the run through ``build``. With ``debug``,
    the folder the files are from, the ELF has line numbers; ``strict`` makes warnings errors. ``kept``: folder of the
    objects of this project's last build, which are reused where nothing of theirs changed; not for strangers' sources.

    :raises CompileFailed: the sources do not compile or link
    :raises ModuleError: there are no sources, or what is linked is no user part
    :raises UsageError: a path leads out of the project, the target is unknown, or ``sdk`` is no SDK
    :raises ToolError: no compiler, not finished within 60 s, or stopped
    """
    if target_version not in RELEASES:
        raise UsageError(f"Device OS {target_version} is not a build target; targets: {', '.join(RELEASES)}")
    compiler = path_of(COMPILER)
    check_sdk(sdk)
    with build_folder(sdk) as folder:
        layout = Layout(folder)
        sources = _unpack(files, layout.project)
        more = [*(_STRICT if strict else ()), *_debug(layout, debug)]
        more.append(f"-DSYSTEM_VERSION={_system_version(target_version)}")
        compiles, *linking = _commands(compiler, sources, layout, more)
        keys: dict[PurePosixPath, str] = {}
        if kept is not None:
            words = [[word.replace(str(layout.project), "") for word in each[:-1]] for each in compiles]
            keys = objects.keys(layout.project, dict(zip(sources, words, strict=True)), sdk)
        targets = {source: layout.out / f"{number}.o" for number, source in enumerate(sources)}
        fresh = [each for each in sources if kept is None or not objects.reuse(kept, keys.get(each), targets[each])]
        stages = [[compiles[sources.index(each)] for each in fresh], *linking]
        failure = (build or Build()).run(
            folder, stages, compiler=compiler, kind=sandbox_kind(compiler), seconds=TIME_LIMIT
        )
        if failure is not None:
            compiled = fresh[failure["command"]] if failure["stage"] == 0 else None
            _refuse(failure["output"], f"{COMPILER} ended with {failure['status']}", folder, compiled)
        if kept is not None:
            new = {keys[each]: _read_plain(targets[each]) for each in fresh if each in keys}
            objects.keep(kept, new, list(keys.values()))
        linked, image = (_read_plain(layout.out / name) for name in (_ELF, _IMAGE))
    return _packed(linked, image, module_number(target_version))


def _debug(layout: Layout, project: Path | None) -> list[str]:
    """Options for line numbers that name the files of ``project``; without it as they were sent, for the linker."""
    if project is None:
        return ["-g1", f"-fdebug-prefix-map={layout.project}=."]
    return ["-g", f"-fdebug-prefix-map={layout.project}={project.resolve()}"]


@functools.cache
def tinker(sdk: Path) -> bytes:
    """The stock application, compiled once and cached; raises as :func:`compile_project`."""
    source = Path(__file__).with_name("tinker.ino").read_bytes()
    return compile_project({"tinker.ino": source}, sdk).image


def _system_version(release: str) -> str:
    """SYSTEM_VERSION of a release; final releases from 1.1.0 on end in FF (Device OS 2.3.1)."""
    major, minor, patch = (int(number) for number in release.split("."))
    final = 0xFF if (major, minor) >= (1, 1) else 0
    return f"0x{major << 24 | minor << 16 | patch << 8 | final:08X}"


def _unpack(files: Mapping[str, bytes], project: Path) -> list[PurePosixPath]:
    """Write the files below ``project``; returns the paths of the sources to compile."""
    sources: list[PurePosixPath] = []
    written: set[PurePosixPath] = set()
    placed = sorted((_project_path(name), name, content) for name, content in files.items())
    with_src = _libraries_with_src(path for path, _, _ in placed)
    # Particle's build writes the C++ of x.ino over an x.cpp beside it: editors leave such files behind.
    replaced = {path.with_suffix(".cpp") for path, _, _ in placed if path.suffix == ".ino"}
    for path, name, content in placed:
        if path in written:
            raise UsageError(f"{_shown(name)} was sent twice")
        written.add(path)
        _write(project, path, content)
        if path.suffix in SOURCES and is_compiled(path, with_src) and path not in replaced:
            sources.append(_write_sketch(project, path, content) if path.suffix == ".ino" else path)
    if not sources:
        raise ModuleError("no source files were sent; a project has .cpp, .c or .ino files in src")
    return sources


def _libraries_with_src(paths: Iterable[PurePosixPath]) -> set[str]:
    return {path.parts[1] for path in paths if path.parts[0] == "lib" and path.parts[2:3] == ("src",)}


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
    generated = path.with_name(f"{path.name}{_GENERATED}")
    _write(project, generated, to_cpp(content.decode("utf-8", errors="replace"), path.as_posix()).encode())
    return generated


_ELF = "firmware.elf"
_IMAGE = "firmware"


def _commands(
    compiler: str, sources: Sequence[PurePosixPath], layout: Layout, more: Sequence[str]
) -> list[list[list[str]]]:
    """Commands to compile, link and extract, run in the project folder so that messages name files as uploaded.

    Uploaded names appear only as paths behind a fixed prefix, ``./`` or ``-Ilib/``, so none is read as an option.
    """
    libraries = [path.name for path in layout.project.glob("lib/*") if path.is_dir()]
    with_src = [name for name in libraries if (layout.project / "lib" / name / "src").is_dir()]
    common = [*more, "-fmacro-prefix-map=./="]
    common += [f"-I{folder}" for folder in (*include_folders(with_src, libraries), "../sdk/include")]
    compiles, objects = [], []
    for number, source in enumerate(sources):
        language = ["-x", "c", *C] if source.suffix == ".c" else ["-x", "c++", *CPP]
        objects.append(f"../out/{number}.o")
        compiles.append([compiler, *language, *common, "-c", f"./{source}", "-o", objects[-1]])
    ours = [f"../sdk/lib/{name}" for name in ("start.o", "runtime.o", "libwiring.a", "imports.o")]
    link = [compiler, *LINK, "-Wl,-T,../sdk/lib/user_part.ld", *objects, *ours, *LIBRARIES, "-o", f"../out/{_ELF}"]
    sections = [f"--only-section={name}" for name in SECTIONS]
    extract = [path_of(OBJCOPY), "-O", "binary", *sections, f"../out/{_ELF}", f"../out/{_IMAGE}"]
    return [compiles, [link], [extract]]


def _refuse(output: str, otherwise: str, folder: Path, compiled: PurePosixPath | None) -> None:
    text = output.replace(f"{Layout(folder).out}/", "").replace(f"{folder}/", "").replace("../out/", "")
    text = text.replace("../sdk/", "sdk/")
    text = re.sub(r"^((?:In file included| +) from )?(?:\./)+", lambda found: found[1] or "", text, flags=re.MULTILINE)
    # The linker names objects, which are ours, before the places in the sources.
    text = re.sub(r"^ld: \d+\.o: in function .*\n|\b\d+\.o:(?:\./)+", "", text, flags=re.MULTILINE)
    if compiled is not None:  # the assembler knows the compiler's output only, a temporary file
        name = compiled.as_posix().removesuffix(_GENERATED)
        text = re.sub(r"^cc\w+\.s:(?:\d+:)?", lambda _: f"{name}:", text, flags=re.MULTILINE)
    text = re.sub(r"^/\S*/(ld|collect2|cc1plus|cc1|as|objcopy): ", r"\1: ", text, flags=re.MULTILINE)
    first = next((found for pattern in _CAUSES if (found := re.search(pattern, text, re.MULTILINE))), None)
    raise CompileFailed(first.group(0) if first else otherwise, text.strip())


# Best first: the linker tells what overflows behind what does not fit, and ends with a line that says nothing.
_CAUSES = (
    r"^.*?(?:region `\w+' overflowed|multiple definition).*$",
    r"^(?!collect2: ).*?(?:[Ee]rror|undefined reference|out of memory).*$",
    r"^ld: .*$",
)


def _read_plain(path: Path) -> bytes:
    """Content of a regular file in a folder the compiler could write to."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ModuleError("the linker made no file")
        return file.read()


def _packed(linked: bytes, image: bytes, system_version: int) -> CompiledFirmware:
    """Pack the linked user part. Sources control its content, so everything is checked."""
    try:
        size_info = _sizes(ELFFile(io.BytesIO(linked)))
        sealed = seal(image, system_version)
        check_user_part(parse_module(sealed))
    except PhotonrigError:
        raise
    except Exception as error:
        raise ModuleError(f"the linked firmware cannot be read: {error}") from error
    return CompiledFirmware(sealed, linked, size_info)


def _sizes(elf: ELFFile) -> str:
    """The two lines ``size`` prints for a file.

    :raises CompileFailed: the sources have sections of their own, for which a Photon has no place
    """
    text = data = bss = 0
    for section in elf.iter_sections():
        flags = section["sh_flags"]
        if not flags & _ALLOCATED:
            continue
        if section.name not in (*SECTIONS, ".bss", DEBUGGERS_SECTION) and section["sh_size"]:
            said = f"error: section {section.name!r} has no place in a user part"
            raise CompileFailed(said, said)
        if flags & _EXECUTABLE or not flags & _WRITABLE:
            text += section["sh_size"]
        elif section["sh_type"] == "SHT_NOBITS":
            bss += section["sh_size"]
        else:
            data += section["sh_size"]
    total = text + data + bss
    header = "".join(f"{name:>7}\t" for name in ("text", "data", "bss", "dec", "hex"))
    return f"{header}filename\n{text:7}\t{data:7}\t{bss:7}\t{total:7}\t{total:7x}\t{_ELF}\n"


_WRITABLE, _ALLOCATED, _EXECUTABLE = 1, 2, 4  # sh_flags
