"""Presence: last session of each device, its firmware, variables and functions.

It changes with every handshake, so it is held in memory and written in batches. Ownership is not part of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from photonrig.localcloud.device.contract import Describe, Hello, VariableType
from photonrig.localcloud.store import Store

_UNSET = 0xFFFF  # Device OS 2.3.1, Hello: no product id or version in the firmware


@dataclass(slots=True)
class Telemetry:
    """Last known state of one device; times in Unix seconds, None before the first handshake."""

    last_heard: float | None = None
    last_handshake_at: float | None = None
    address: str | None = None
    firmware_product_id: int | None = None
    firmware_version: int | None = None
    system_version: str | None = None
    variables: dict[str, VariableType] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    updates_enabled: bool = True
    app_hash: str | None = None


class Presence:
    """Telemetry by device id."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._known = {device_id: Telemetry(**facts) for device_id, facts in store.telemetry.load().items()}
        self._dirty: set[str] = set()
        self._described: dict[str, asyncio.Event] = {}

    def of(self, device_id: str) -> Telemetry:
        """A device's telemetry, empty before its first session."""
        return self._known.get(device_id) or Telemetry()

    def said_hello(self, device_id: str, hello: Hello) -> None:
        """Handle a Hello; variables and functions are unknown until the describe."""
        telemetry = self._changing(device_id)
        telemetry.last_handshake_at = telemetry.last_heard
        telemetry.address = hello.address
        telemetry.firmware_product_id = None if hello.product_id == _UNSET else hello.product_id
        telemetry.firmware_version = None if hello.product_version == _UNSET else hello.product_version
        telemetry.updates_enabled = True  # the default, until an event after Hello says otherwise
        self._described.setdefault(device_id, asyncio.Event()).clear()

    def was_described(self, device_id: str, describe: Describe) -> None:
        """Handle a describe."""
        telemetry = self._changing(device_id)
        telemetry.variables = dict(describe.variables)
        telemetry.functions = list(describe.functions)
        telemetry.system_version = describe.system_version or telemetry.system_version
        self._described.setdefault(device_id, asyncio.Event()).set()

    def heard(self, device_id: str) -> None:
        """Note the time of a message."""
        self._changing(device_id)

    def runs(self, device_id: str, app_hash: str) -> bool:
        """Note the SHA-256 of the device's application; returns whether it changed."""
        telemetry = self._changing(device_id)
        changed = telemetry.app_hash != app_hash
        telemetry.app_hash = app_hash
        return changed

    def takes_updates(self, device_id: str, enabled: bool) -> None:
        """Note whether the device accepts updates."""
        self._changing(device_id).updates_enabled = enabled

    async def description(self, device_id: str, timeout: float = 5.0) -> Telemetry:  # noqa: ASYNC109
        """Telemetry with the current session's variables and functions, or the last known ones after ``timeout`` s."""
        described = self._described.get(device_id)
        if described is not None and not described.is_set():
            # On a time-out, those of an earlier session are used.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(described.wait(), timeout)
        return self.of(device_id)

    def flush(self) -> None:
        """Write what changed since the last flush."""
        if self._dirty:
            changed: dict[str, dict[str, Any]] = {
                device_id: asdict(self._known[device_id]) for device_id in self._dirty
            }
            with self._store.write():
                self._store.telemetry.save(changed)
            self._dirty.clear()  # only after a successful write

    def _changing(self, device_id: str) -> Telemetry:
        telemetry = self._known.setdefault(device_id, Telemetry())
        telemetry.last_heard = self._now()
        self._dirty.add(device_id)
        return telemetry
