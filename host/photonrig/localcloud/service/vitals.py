"""Vitals in the API's format: a tree of named values from diagnostics by id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_NETWORK = ("turned off", "turning on", "disconnected", "connecting", "connected", "disconnecting", "turning off")
_CLOUD = ("disconnected", "connecting", "connected", "disconnecting")


def _as_it_is(value: int) -> Any:
    return value


def _fixed_8_8(value: int) -> float:
    return round(value / 256, 1)


def _fixed_16_16(value: int) -> float:
    return round(value / 65536, 1)


def _percent(value: int) -> float:
    return round(value * 100 / 0xFFFF, 1)


def _named(names: tuple[str, ...]) -> Callable[[int], Any]:
    return lambda value: names[value] if 0 <= value < len(names) else value


# Device OS 2.3.1, diagnostics.h: id, path in the API, and conversion of the value.
_PLACES: Mapping[int, tuple[str, Callable[[int], Any]]] = {
    1: ("system.reset_reason", _as_it_is),
    6: ("system.uptime", _as_it_is),
    25: ("system.memory.total", _as_it_is),
    26: ("system.memory.used", _as_it_is),
    3: ("power.battery.charge", _as_it_is),
    7: ("power.battery.state", _as_it_is),
    24: ("power.source", _as_it_is),
    8: ("network.connection.status", _named(_NETWORK)),
    9: ("network.connection.error", _as_it_is),
    12: ("network.connection.disconnects", _as_it_is),
    27: ("network.connection.attempts", _as_it_is),
    28: ("network.connection.disconnect_reason", _as_it_is),
    19: ("network.signal.rssi", _fixed_8_8),
    33: ("network.signal.strength", _percent),
    37: ("network.signal.strengthv", _fixed_16_16),
    34: ("network.signal.quality", _percent),
    35: ("network.signal.qualityv", _fixed_16_16),
    36: ("network.signal.at", lambda value: {1: "Wi-Fi"}.get(value, value)),
    10: ("cloud.connection.status", _named(_CLOUD)),
    13: ("cloud.connection.error", _as_it_is),
    29: ("cloud.connection.attempts", _as_it_is),
    30: ("cloud.connection.disconnect_reason", _as_it_is),
    14: ("cloud.disconnects", _as_it_is),
    20: ("cloud.publish.rate_limited", _as_it_is),
    21: ("cloud.coap.retransmit", _as_it_is),
    22: ("cloud.coap.unack", _as_it_is),
}


def payload_of(metrics: Mapping[int, int]) -> dict[str, Any]:
    """The payload of a vitals report; unknown ids are listed under ``other``."""
    device: dict[str, Any] = {}
    for number, value in sorted(metrics.items()):
        path, read = _PLACES.get(number, (f"other.{number}", _as_it_is))
        *parents, name = path.split(".")
        branch = device
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[name] = read(value)
    return {"device": device, "service": {"device": {"status": "ok"}}}
