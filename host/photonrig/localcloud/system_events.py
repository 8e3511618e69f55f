"""System events: one table of all events published by Device OS, this cloud or its webhooks.

Device OS acts on events whose name begins with ``spark`` or ``particle``: it restarts the device, clears its claim code
or replaces its server key; readers trust the others. Particle reserves those names; whether it also reserves those of
webhooks is unverified (``RESERVED_NAMES`` among the assumptions).
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import unquote

from photonrig.localcloud.assumptions import Source

Publisher = Literal["device", "cloud", "webhook"]

SYSTEM_EVENTS: Final[dict[str, SystemEvent]] = {}
"""The rows by name."""


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """One row. ``name`` may hold ``{event}`` and ``{device}``: the event that triggered a webhook, and its device.

    ``shown``: visible to viewers of the device's events; otherwise internal between device and cloud. ``payload``: the
    event's data.
    """

    name: str
    publishers: frozenset[str]
    shown: bool
    payload: str
    source: Source

    def of(self, event: str, device: str = "") -> str:
        """The name with the triggering event filled in."""
        return self.name.replace("{device}", device).replace("{event}", event)


def _row(name: str, publishers: Set[Publisher], payload: str, source: Source, *, shown: bool = True) -> SystemEvent:
    row = SYSTEM_EVENTS[name] = SystemEvent(name, frozenset(publishers), shown, payload, source)
    return row


_CLOUD: Final[Set[Publisher]] = {"cloud"}
_DEVICE: Final[Set[Publisher]] = {"device"}
_BOTH: Final[Set[Publisher]] = {"device", "cloud"}
_HOOK: Final[Set[Publisher]] = {"webhook"}

# Of the cloud, about a device
STATUS = _row("spark/status", _CLOUD, "online, offline or auto-update", "documented")
SAFE_MODE_MODULES = _row("spark/status/safe-mode", _CLOUD, 'JSON: {"m": [module, ...]}', "documented")
FLASH_STATUS = _row("spark/flash/status", _CLOUD, "started FILE, success FILE or failed REASON", "client test")
APP_HASH = _row("spark/device/app-hash", _CLOUD, "SHA-256 of the application in hexadecimal", "documented")
VITALS = _row("spark/device/diagnostics/update", _CLOUD, "JSON: the vitals", "documented")
OWNER_CHANGED = _row("photonrig/device/owner", _CLOUD, 'JSON: {"from": KIND, "to": KIND}', "choice")
UPDATES_PENDING = _row("particle/device/updates/pending", _CLOUD, "true", "documented", shown=False)

# Of Device OS, after Hello and on change; the cloud's events of the same name go to the device
CLAIM_CODE = _row("spark/device/claim/code", _BOTH, "the code; the answer's is ignored", "recorded", shown=False)
SAFE_MODE = _row("spark/device/safemode", _DEVICE, "none: the device runs no application", "recorded")
UPDATES_ENABLED = _row("particle/device/updates/enabled", _DEVICE, "true or false", "documented")
UPDATES_FORCED = _row("particle/device/updates/forced", _BOTH, "true or false", "documented")
for _name, _payload in (
    ("spark/device/ident/0", "an identifier of the hardware"),
    ("spark/device/key/error", "bits: which keys were blank"),
    ("spark/device/last_reset", "REASON, or panic and what"),
    ("spark/device/ota_result", "JSON: what became of an update; Device OS up to 0.6"),
    ("spark/hardware/max_binary", "bytes of the largest image"),
    ("spark/hardware/ota_chunk_size", "bytes of a chunk"),
):
    _row(_name, _DEVICE, _payload, "recorded")

# Of an application that queries the cloud, without data; the answer has the same name
DEVICE_NAMES = tuple(
    _row(f"{system}/device/name", _BOTH, "the device's name", "documented") for system in ("particle", "spark")
)
DEVICE_QUESTIONS = tuple(
    _row(f"{system}/device/{topic}", _BOTH, answer, "documented")
    for system in ("particle", "spark")
    for topic, answer in (("ip", "the device's address"), ("random", "40 characters of base64"))
)

# Of webhooks; all but the first end in a number
HOOK_SENT = _row("hook-sent/{event}", _HOOK, "none", "documented")
HOOK_RESPONSE = _row("hook-response/{event}", _HOOK, "a piece of the server's answer", "documented")
PRODUCT_HOOK_RESPONSE = _row("{device}/hook-response/{event}", _HOOK, "the same, of a product's hook", "documented")
HOOK_ERROR = _row("hook-error/{event}", _HOOK, "why the request failed", "documented")

SAID_BY_DEVICES = frozenset(row.name for row in SYSTEM_EVENTS.values() if row.shown and "device" in row.publishers)
"""System names that devices may publish, in exactly this spelling: those of Device OS and queries of applications."""

SYSTEM_PREFIXES = ("spark", "particle")
"""Prefixes that Device OS itself subscribes to."""

_RESERVED_PREFIXES = (*SYSTEM_PREFIXES, "photonrig")
# A product's hooks prefix the device's id.
_OF_HOOKS = re.compile(r"([0-9a-f]{24}/+)?hook-(sent|response|error)")


def is_system(name: str) -> bool:
    """Whether a name is a system name in any spelling: in capitals, behind slashes, percent-encoded."""
    return _plain(name).startswith(_RESERVED_PREFIXES)


def is_reserved(name: str) -> bool:
    """Whether a name is a system name or that of a webhook's response."""
    plain = _plain(name)
    return plain.startswith(_RESERVED_PREFIXES) or _OF_HOOKS.match(plain) is not None


def _plain(name: str) -> str:
    while "%" in name and (decoded := unquote(name)) != name:
        name = decoded
    return name.strip("/ \t\r\n\0").casefold()
