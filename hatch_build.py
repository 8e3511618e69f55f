"""What a wheel carries beside the package: the sources of the virtual Photon and the variants, links followed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLED = (
    "firmware/CMakeLists.txt",
    "firmware/size.md",
    "firmware/vphoton",
    "firmware/shade",
    "firmware/variants",
    "host/lock/particle-cli",
)


class Bundle(BuildHookInterface):  # type: ignore[type-arg]
    """Puts :data:`BUNDLED` under ``photonrig/_bundle``, where ``Toolchain.found`` looks for it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """An editable install has a checkout around it and needs none of this."""
        if version == "editable":
            return
        root = Path(self.root)
        for name in BUNDLED:
            for path in _files(root / name):
                build_data["force_include"][str(path)] = f"photonrig/_bundle/{path.relative_to(root).as_posix()}"


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(
        Path(folder) / name
        for folder, _, names in os.walk(place, followlinks=True)
        for name in names
        if not name.startswith(".")
    )
