"""Slugs: dashed names for addresses and ids."""

from __future__ import annotations

import re


def slug_of(name: str, otherwise: str) -> str:
    """Letters and digits of a name joined by dashes; ``otherwise`` if it has none."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or otherwise
