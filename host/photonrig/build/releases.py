"""Releases of Device OS that a virtual Photon can play, and that firmware is therefore built for."""

from __future__ import annotations

from typing import Final

__all__ = ["LATEST", "RELEASES"]

LATEST: Final = "2.3.1"
# Newest first; firmware/vphoton's cloud/generation.cpp has a row for each.
RELEASES: Final = ("3.3.1", "2.3.1", "1.5.2", "1.4.4", "1.2.1", "1.0.1", "0.7.0", "0.6.3")
