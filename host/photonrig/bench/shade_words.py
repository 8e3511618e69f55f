"""State of a shade after a failed test, as one phrase: from its ``status`` reply, its model and what was asked of it.

venetian stalled (fault 4) at 0 % while opening to 40 %, motor drew no edges for 300 ms
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from photonrig.trace import Moment

_MOVE: Final = re.compile(r"/move \{\"arg\": \"(\w+)\"\}|^> move (\w+)$")
_ENDS: Final = {"open": 100, "close": 0}
_NO_EDGES: Final = 50  # milliseconds from which a motor without edges is told
_APART: Final = 3  # per cent between what a device tells and where its shade is


def in_words(
    variant: str, status: Mapping[str, Any], parts: Mapping[str, Mapping[str, float]], moments: Sequence[Moment]
) -> str:
    """The phrase; "" if ``status`` is not a shade's. ``parts``: see :meth:`Monitor.parts`; none of a board."""
    position, fault = status.get("position"), status.get("fault", 0)
    if not isinstance(position, int):
        return ""
    asked = _asked(moments)
    way = "" if asked in (None, position) else f"{'opening' if (asked or 0) > position else 'closing'} to {asked} %"
    if fault:
        text = f"{str(status.get('fault_text', '')).replace('_', ' ')} (fault {fault}) at {position} %"
        text += f" while {way}" if way else ""
    elif status.get("moving"):
        text = f"is still moving at {position} %{f', {way}' if way else ''}"
    else:
        text = f"rests at {position} %{f' instead of {way}' if way else ''}"
    if status.get("known") is False:
        text += ", its position is not known"
    for name, part in parts.items():
        still = part.get("no_edge_ms", 0)
        if fault and still >= _NO_EDGES:
            text += f", {'motor' if name == 'lift' else f'{name} motor'} drew no edges for {still:.0f} ms"
    real = parts.get("lift", {}).get("position")
    if real is not None and abs(real - position) > _APART:
        text += f", the shade itself is at {real:.0f} %"
    return f"{variant} {text}"


def _asked(moments: Sequence[Moment]) -> int | None:
    """The position of the last command to move that was sent."""
    for moment in reversed(moments):
        found = _MOVE.search(moment.text)
        word = found and (found[1] or found[2])
        if word in _ENDS:
            return _ENDS[word]
        if word and word.isdecimal() and int(word) <= 100:  # others are refused
            return int(word)
    return None
