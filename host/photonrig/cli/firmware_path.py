"""Firmware that a command names by its path: a project's folder, a source file, or a .bin that is ready."""

from __future__ import annotations

from pathlib import Path

from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_project
from photonrig.files import file_error
from photonrig.particle.module import Module, check_user_part, parse_module


def module_of(tools: Toolchain, path: Path, libraries: Path | None) -> Path:
    """The module of the firmware at a path, built if it is no ``.bin``.

    ``libraries`` as in :func:`~photonrig.build.project.collect_project`.

    :raises UsageError: it cannot be read, or holds no sources
    :raises ModuleError: it is no application for a Photon, or does not compile
    """
    if path.suffix != ".bin":
        return build_project(tools, f"project-{path.resolve().stem}", path, libraries=libraries)
    read_application(path)
    return path


def read_application(path: Path) -> Module:
    """The application in a file.

    :raises UsageError: it cannot be read
    :raises ModuleError: it is no application for a Photon
    """
    try:
        module = parse_module(path.read_bytes())
    except OSError as error:
        raise file_error(str(path), "read", error) from error
    check_user_part(module)
    return module
