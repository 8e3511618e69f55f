"""A virtual Photon that runs ARM user parts: Particle's own, the variants', and sketches of ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from ...user_part.conftest import Compile, UserPart, parts, sketch
from ..conftest import TOOLS

__all__ = ["KNOWN_APPS", "Compile", "UserPart", "known_app", "parts", "sketch"]

KNOWN_APPS = TOOLS.cli_script.parents[1] / "assets" / "knownApps" / "photon"


def known_app(name: str) -> Path:
    """A genuine binary that the Particle CLI brings along; without it the test is skipped."""
    path = KNOWN_APPS / name
    if not path.exists():
        pytest.skip(f"{path} is missing; ./rig test installs the Particle CLI")
    return path
