"""What a wheel carries beside the package: the sources of the virtual Photon and the variants, links followed, and the
scenarios of `photonrig hil`.

A source archive has no links either: what they lead to lies in their places.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = ("firmware", "host/lock/labgrid.txt", "host/lock/particle-cli", "tests/scenarios/every_rig")

# What only a checkout builds, and what Python leaves beside the scenarios.
LEFT_OUT = {"firmware/tests", "firmware/fuzz", "tests/scenarios/every_rig/__pycache__"}


class Bundle(BuildHookInterface):  # type: ignore[type-arg]
    """Puts :data:`BUNDLED` under ``photonrig/_bundle``, where ``Toolchain.found`` looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install has a checkout around it and needs none of this."""
        if version == "editable":
            return
        root = Path(self.root).resolve()
        for name in BUNDLED:
            for path in _files(root, name):
                place = path.relative_to(root).as_posix()
                if self.target_name == "wheel":
                    build_data["force_include"][str(path)] = f"photonrig/_bundle/{place}"
                elif path.resolve() != path:
                    build_data["force_include"][str(path)] = place


def _files(root: Path, name: str) -> list[Path]:
    if (root / name).is_file():
        return [root / name]
    found = []
    for folder, folders, names in os.walk(root / name, followlinks=True):
        place = Path(folder)
        folders[:] = [each for each in folders if (place / each).relative_to(root).as_posix() not in LEFT_OUT]
        found += [place / each for each in names if not each.startswith(".")]
    return sorted(found)
