"""Vitals of devices, the latest of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

VITALS_KEPT = 100  # per device


@dataclass(frozen=True, slots=True)
class Vitals:
    """One report; ``updated_at`` in Unix seconds."""

    device_id: str
    updated_at: float
    payload: Mapping[str, Any]


class VitalsTable(Rows[Vitals]):
    """Reports by device."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "vitals", Vitals)
        self._now = now

    def note(self, device_id: str, payload: Mapping[str, Any]) -> None:
        """Add a report, and delete the device's oldest beyond the limit."""
        self.add(Vitals(device_id, self._now(), payload))
        self.database.change(
            "DELETE FROM vitals WHERE device_id = ?1 AND number <= (SELECT number FROM vitals WHERE device_id = ?1"
            " ORDER BY number DESC LIMIT 1 OFFSET ?2)",
            *(device_id, VITALS_KEPT),
        )
