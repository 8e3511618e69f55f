"""All eras by name, oldest first."""

from __future__ import annotations

from collections.abc import Mapping

from photonrig.errors import UsageError
from photonrig.localcloud.eras import Era
from photonrig.localcloud.eras.today import TODAY
from photonrig.localcloud.eras.y2016 import AFTER, BEFORE

ERAS: Mapping[str, Era] = {era.name: era for era in (BEFORE, AFTER, TODAY)}


def era_named(name: str) -> Era:
    """Era by name.

    :raises UsageError: unknown
    """
    if name not in ERAS:
        raise UsageError(f"there is no era {name!r}; eras: {', '.join(ERAS)}")
    return ERAS[name]
