"""How tests wait: for evidence, with a deadline. What must not happen is shown by something that comes after it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Seconds. The first sign of it ends the waiting, so only a failure takes so long; a loaded machine may take a while.
PATIENCE = 60.0


def wait_for(what: str, probe: Callable[[], T], patience: float = PATIENCE) -> T:
    """The first true result of ``probe``."""
    until = time.monotonic() + patience
    while not (result := probe()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        time.sleep(0.005)
    return result


async def wait_for_async(what: str, probe: Callable[[], T], patience: float = PATIENCE) -> T:
    """As ``wait_for``; the loop's other tasks go on meanwhile."""
    until = time.monotonic() + patience
    while not (result := probe()):
        assert time.monotonic() < until, f"waited in vain for {what}"
        await asyncio.sleep(0.005)
    return result
