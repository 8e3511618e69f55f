"""Device OS releases by system module number (Device OS 3.3.1, system-versions.md)."""

from __future__ import annotations

# First module number with the cloud protocol engine that takes long names and arguments (0.8.0-rc.1).
UNIFIED_ENGINE = 300

# First module number with a protocol buffer of 960 bytes in place of 800 (3.0.0: protocol_defs.h).
LARGE_BUFFER = 3000

_RELEASES = {
    0: "0.4.0", 1: "0.4.1", 2: "0.4.2", 3: "0.4.3", 5: "0.4.4", 6: "0.4.5", 7: "0.4.6", 8: "0.4.7", 11: "0.4.9",
    13: "0.5.0", 15: "0.5.1", 17: "0.5.2", 21: "0.5.3", 22: "0.5.4", 23: "0.5.5",
    102: "0.6.0", 105: "0.6.1", 108: "0.6.2", 109: "0.6.3", 110: "0.6.4", 207: "0.7.0",
    1000: "1.0.0", 1002: "1.0.1", 1102: "1.1.0", 1213: "1.2.1", 1321: "1.3.1",
    1401: "1.4.0", 1403: "1.4.1", 1404: "1.4.2", 1405: "1.4.3", 1406: "1.4.4", 1502: "1.5.0",
    1511: "1.5.1", 1512: "1.5.2",
    2008: "2.0.0", 2011: "2.0.1", 2101: "2.1.0", 2202: "2.2.0", 2301: "2.3.0", 2302: "2.3.1",
    3005: "3.0.0", 3103: "3.1.0", 3201: "3.2.0", 3301: "3.3.0", 3302: "3.3.1",
}  # fmt: skip


def release_name(module_version: int) -> str | None:
    """The release of a system module number, such as "2.3.1" for 2302; None if unknown."""
    return _RELEASES.get(module_version)


def module_number(release: str) -> int:
    """The system module number of a release, such as 2302 for "2.3.1".

    :raises KeyError: unknown release
    """
    return {name: number for number, name in _RELEASES.items()}[release]
