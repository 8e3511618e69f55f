"""Dashed names, as addresses and ids have them."""

from __future__ import annotations

import re

__all__ = ["slug_of"]


def slug_of(name: str, otherwise: str) -> str:
    """The letters and digits of a name with dashes between them; ``otherwise`` if it has none."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or otherwise
