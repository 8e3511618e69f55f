"""How long tests wait for what must happen; what must not happen is shown by something that comes after it."""

from __future__ import annotations

# Seconds. The first sign of it ends the waiting, so only a failure takes so long; a loaded machine may take a while.
PATIENCE = 60.0
