"""Fixtures of the fleet's tests, for those who start it as a program."""

from __future__ import annotations

from ..fleet.conftest import assignments, world

__all__ = ["assignments", "world"]
