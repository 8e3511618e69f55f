"""A Particle project: which of its files are sent, which are compiled, and the libraries it depends on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from photonrig.errors import UsageError

__all__ = ["SOURCES", "collect_project", "dependencies", "include_folders", "is_compiled", "parse_properties"]

SOURCES: Final = (".cpp", ".c", ".ino")
_HEADERS: Final = (".h", ".hpp", ".hh", ".hxx", ".inc")
_PROPERTIES: Final = ("project.properties", "library.properties")
# Of a library without src, the folders that are no part of it.
_BESIDES: Final = ("examples", "example", "test", "tests", "doc", "docs")


def collect_project(path: Path, libraries: Path | None = None) -> dict[str, bytes]:
    """Files of a project as the Particle CLI sends them with ``--followSymlinks``: relative path to content.

    ``path`` is the project's folder, or a single source file. Of a folder: sources, headers and properties under
    ``src`` and ``lib/<library>``; without a ``src`` folder, also those beside ``project.properties``. Libraries that
    the project depends on and does not hold are taken from the folder ``libraries``, one folder each.

    :raises UsageError: no sources, or a library that is nowhere
    """
    if path.is_file() and path.suffix in SOURCES:
        return {path.name: path.read_bytes()}
    roots = [path / "src", *sorted((path / "lib").glob("*"))]
    found: dict[str, bytes] = {}
    for root in roots:
        found |= _files_below(root, root.relative_to(path).as_posix())
    for each in sorted(path.iterdir()) if path.is_dir() else []:
        wanted = each.name in _PROPERTIES or not roots[0].is_dir()
        if each.is_file() and wanted and _belongs(each):
            found[each.name] = each.read_bytes()
    if not any(name.endswith(SOURCES) for name in found):
        raise UsageError(f"{path} holds no firmware sources; a project has them in src")
    return found | _libraries(path, found, libraries)


def _libraries(path: Path, files: Mapping[str, bytes], libraries: Path | None) -> dict[str, bytes]:
    """The libraries a project lacks, with those that they depend on."""
    added: dict[str, bytes] = {}
    waiting = dependencies(files.get("project.properties", b""))
    while waiting:
        name, version = waiting.popitem()
        here = f"lib/{name}/".lower()
        if any(each.lower().startswith(here) for each in (*files, *added)):
            continue
        folder = None if libraries is None else _folder_of(libraries, name)
        if folder is None:
            where = "lib" if libraries is None else f"lib or {libraries}"
            raise UsageError(
                f"{path} depends on the library {name} {version}, which is not in {where}: run `particle library copy "
                f"{name}` there, or name a folder that holds it with --libraries"
            )
        new = _files_below(folder, f"lib/{name}")
        added |= new
        waiting |= dependencies(new.get(f"lib/{name}/library.properties", b""))
    return added


def _folder_of(libraries: Path, name: str) -> Path | None:
    found = [each for each in sorted(libraries.glob("*")) if each.is_dir() and each.name.lower() == name.lower()]
    return found[0] if found else None


def _files_below(root: Path, prefix: str) -> dict[str, bytes]:
    return {f"{prefix}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in _walk(root)}


def _walk(root: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(root, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (path for name in sorted(names) if _belongs(path := Path(parent) / name))


def _belongs(path: Path) -> bool:
    return path.suffix in (*SOURCES, *_HEADERS) or path.name in _PROPERTIES


def dependencies(properties: bytes) -> dict[str, str]:
    """Versions by library, from the ``dependencies.NAME=VERSION`` lines of a properties file."""
    pairs = parse_properties(properties.decode("utf-8", errors="replace")).items()
    return {key.removeprefix("dependencies."): version for key, version in pairs if key.startswith("dependencies.")}


def parse_properties(text: str) -> dict[str, str]:
    """Parse ``key=value`` lines; # begins a comment line."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def is_compiled(path: PurePosixPath, with_src: Iterable[str]) -> bool:
    """Whether a source is compiled: the project's own, ``src/**``, and of a library its ``src/**``.

    ``with_src``: names of the libraries that have a ``src`` folder. Of the others all is compiled that is neither an
    example nor a test (Device OS builds such libraries from their root).
    """
    match path.parts:
        case (_,) | ("src", *_):
            return True
        case ("lib", library, *inside) if library in with_src:
            return inside[0] == "src"
        case ("lib", _, *inside):
            return inside[0].lower() not in _BESIDES
    return False


def include_folders(with_src: Iterable[str], libraries: Iterable[str]) -> list[str]:
    """Folders in which headers are found, the project's own first."""
    has_src = set(with_src)
    return ["src", ".", *(f"lib/{name}/src" if name in has_src else f"lib/{name}" for name in sorted(libraries))]
