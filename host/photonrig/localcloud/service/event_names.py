"""Names of events that not everybody may use: those of Particle's system, of webhooks' answers, and of this cloud.

Device OS acts on events whose name begins with ``spark`` or ``particle``: it restarts the device, clears its claim code
or replaces its server key; readers take the others for the cloud's word. Particle reserves those names; that it also
reserves what webhooks publish is not verified (``RESERVED_NAMES`` among the choices).
"""

from __future__ import annotations

import re
from urllib.parse import unquote

__all__ = ["SAID_BY_DEVICES", "is_reserved", "is_system"]

SAID_BY_DEVICES = frozenset(
    {
        "spark/device/ident/0",
        "spark/device/ip",
        "spark/device/key/error",
        "spark/device/last_reset",
        "spark/device/name",
        "spark/device/ota_result",
        "spark/device/random",
        "spark/device/safemode",
        "spark/hardware/max_binary",
        "spark/hardware/ota_chunk_size",
        "particle/device/ip",
        "particle/device/name",
        "particle/device/random",
        "particle/device/updates/enabled",
        "particle/device/updates/forced",
    }
)
"""What Device OS publishes under system names, and what applications ask the cloud, in exactly this spelling."""

_SYSTEM = ("spark", "particle", "photonrig")
# A product's hooks put the device's id before it.
_OF_HOOKS = re.compile(r"([0-9a-f]{24}/+)?hook-(sent|response|error)")


def is_system(name: str) -> bool:
    """Whether a name is the system's, however it is written: in capitals, behind slashes, percent-encoded."""
    return _plain(name).startswith(_SYSTEM)


def is_reserved(name: str) -> bool:
    """Whether a name is the system's or that of a webhook's answer."""
    plain = _plain(name)
    return plain.startswith(_SYSTEM) or _OF_HOOKS.match(plain) is not None


def _plain(name: str) -> str:
    while "%" in name and (decoded := unquote(name)) != name:
        name = decoded
    return name.strip("/ \t\r\n\0").casefold()
