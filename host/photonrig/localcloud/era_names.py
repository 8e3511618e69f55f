"""Era names of the local cloud; their rules are in :mod:`photonrig.localcloud.eras`."""

from __future__ import annotations

from typing import Final

BEFORE_2016: Final = "2016-before"
AFTER_2016: Final = "2016-after"
TODAY: Final = "today"
# Oldest first.
ERA_NAMES: Final = (BEFORE_2016, AFTER_2016, TODAY)
