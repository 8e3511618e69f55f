"""Trials of small applications whose behaviour is known by construction."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..user_part.conftest import TOOLS, Compile, UserPart, parts, sketch

__all__ = ["Compile", "UserPart", "parts", "sketch"]


@pytest.fixture(scope="session")
def vphoton() -> Path:
    return TOOLS.native()
