"""Telemetry of devices, written in batches: a crash may lose a few seconds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from photonrig.localcloud.store.database import Database


class TelemetryTable:
    """One JSON object per device."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load(self) -> dict[str, dict[str, Any]]:
        """All telemetry, by device id."""
        rows = self._database.all("SELECT device_id, facts FROM telemetry")
        return {row["device_id"]: json.loads(row["facts"]) for row in rows}

    def save(self, facts: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the telemetry of these devices, unknown ones left out."""
        self._database.change_many(
            "INSERT INTO telemetry (device_id, facts) SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM devices WHERE id = ?1)"
            " ON CONFLICT (device_id) DO UPDATE SET facts = excluded.facts",
            [(device_id, json.dumps(entry)) for device_id, entry in facts.items()],
        )
