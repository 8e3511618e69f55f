"""Devices: identity, key, name and the state their ownership depends on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from photonrig.localcloud.store.database import Database
from photonrig.ownership.model import DeviceState, Owner, Quarantine

__all__ = ["Device", "Devices"]


@dataclass(frozen=True, slots=True)
class Device:
    """A device; ``id`` 24 lower-case hex digits, ``public_key`` SubjectPublicKeyInfo DER.

    ``untyped``: the owner was stored without its kind and is nobody (claim thread, row 5).
    """

    id: str
    public_key: bytes
    state: DeviceState
    name: str | None = None
    notes: str | None = None
    development: bool = False
    untyped: bool = False
    updated_at: float = 0.0


class Devices:
    """Devices by id, owner and product. What was read once stays in memory; writes go to the file and to memory."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._cache: dict[str, Device] = {}
        # Ids by product, forgotten when a device joins or leaves one: each page of a long list asks for all of them.
        self._members: dict[int, tuple[str, ...]] = {}

    def get(self, device_id: str) -> Device | None:
        """The device with this id."""
        device = self._cache.get(device_id)
        if device is None:
            row = self._database.one("SELECT * FROM devices WHERE id = ?", device_id)
            if row is not None:
                device = self._keep(row)
        return device

    def add(self, device_id: str, public_key: bytes, platform: int) -> Device:
        """Enrol a device that is not known yet."""
        device = Device(device_id, public_key, DeviceState(platform=platform), updated_at=self._now())
        self._database.change(
            "INSERT INTO devices (id, public_key, platform_id, updated_at) VALUES (?, ?, ?, ?)",
            *(device_id, public_key, platform, device.updated_at),
        )
        self._cache[device_id] = device
        return device

    def save(self, device: Device) -> Device:
        """Write a changed device; returns it with its new ``updated_at``."""
        device = replace(device, updated_at=self._now())
        state = device.state
        before = self._cache.get(device.id)
        if before is None or (before.state.product, before.state.quarantine) != (state.product, state.quarantine):
            self._members.clear()
        owner_kind, owner_id = (state.owner.kind, state.owner.id) if state.owner else (None, None)
        quarantine_id, denied = (
            (state.quarantine.product, state.quarantine.denied) if state.quarantine else (None, False)
        )
        self._database.change(
            "UPDATE devices SET public_key = ?, name = ?, notes = ?, owner_kind = ?, owner_id = ?, product_id = ?,"
            " quarantine_id = ?, denied = ?, platform_id = ?, development = ?, untyped = ?, updated_at = ?"
            " WHERE id = ?",
            *(device.public_key, device.name, device.notes, owner_kind, owner_id, state.product),
            *(quarantine_id, int(denied), state.platform, int(device.development)),
            *(int(device.untyped), device.updated_at, device.id),
        )
        self._cache[device.id] = device
        return device

    def of_owner(self, owner: Owner) -> list[Device]:
        """All devices of an account, in order of id."""
        sql = "SELECT * FROM devices WHERE owner_kind = ? AND owner_id = ? ORDER BY id"
        rows = self._database.all(sql, owner.kind, owner.id)
        return [self._cache.get(row["id"]) or self._keep(row) for row in rows]

    def of_product(self, product_id: int) -> list[Device]:
        """All devices in a product and in its quarantine, in order of id."""
        ids = self._members.get(product_id)
        if ids is None:
            sql = "SELECT id FROM devices WHERE product_id = ?1 OR quarantine_id = ?1 ORDER BY id"
            ids = self._members[product_id] = tuple(row["id"] for row in self._database.all(sql, product_id))
        return [device for device in map(self.get, ids) if device is not None]

    def forget_cached(self) -> None:
        """Read everything anew from the file: a transaction was undone."""
        self._cache.clear()
        self._members.clear()

    def _keep(self, row: sqlite3.Row) -> Device:
        state = DeviceState(
            owner=None if row["owner_kind"] is None else Owner(row["owner_kind"], row["owner_id"]),
            product=row["product_id"],
            quarantine=None if row["quarantine_id"] is None else Quarantine(row["quarantine_id"], bool(row["denied"])),
            platform=row["platform_id"],
        )
        device = Device(
            row["id"],
            row["public_key"],
            state,
            name=row["name"],
            notes=row["notes"],
            development=bool(row["development"]),
            untyped=bool(row["untyped"]),
            updated_at=row["updated_at"],
        )
        self._cache[device.id] = device
        return device
