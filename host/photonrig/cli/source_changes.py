"""Watches the sources of a project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from photonrig.build.project import collect_project
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import UsageError

__all__ = ["changes"]

_LOOK: Final = 0.3  # seconds between looks at the sources


def changes(project: Path, libraries: Path | None, clock: Clock = SYSTEM) -> Iterator[None]:
    """Yields at once, and after each change of the sources, also one made while the last was dealt with.

    A change counts when two looks at it show the same: an editor empties a file before it writes it.
    """
    while True:
        built = last = _sources(project, libraries)
        yield
        while True:
            clock.pause(_LOOK)
            before, last = last, _sources(project, libraries)
            if last == before != built:
                break


def _sources(project: Path, libraries: Path | None) -> dict[str, bytes] | None:
    """The sources; None while an editor is about to write them."""
    try:
        return collect_project(project, libraries)
    except (UsageError, OSError):
        return None
