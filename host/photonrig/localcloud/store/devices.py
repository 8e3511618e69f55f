"""Devices: identity, key, name, and ownership state."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.ownership.model import DeviceState, Owner

LONGEST_NAME = 64  # characters; a choice


def name_key(name: str) -> str:
    """What two names have in common that are one name to an account: in any case, however a letter is composed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class Outdated(Exception):
    """Owner or product of a device changed since it was read; read it again and decide anew."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device; ``id`` 24 lower-case hex digits, ``public_key`` SubjectPublicKeyInfo DER.

    ``untyped``: the owner was stored without its kind and matches no account (forum 2016, row 5).
    """

    id: str
    public_key: bytes
    state: DeviceState
    name: str | None = None
    notes: str | None = None
    development: bool = False
    untyped: bool = False
    updated_at: float = 0.0


class Notes(TypedDict, total=False):
    """Fields written by owner and team."""

    name: str | None
    notes: str | None
    development: bool


_COLUMNS = {
    "state.owner.kind": "owner_kind",
    "state.owner.id": "owner_id",
    "state.product": "product_id",
    "state.quarantine.product": "quarantine_id",
    "state.quarantine.denied": "denied",
    "state.platform": "platform_id",
}


class Devices:
    """Devices by id, owner and product, cached in memory with write-through.

    There is no write of a whole device: after an await it would undo concurrent changes. Each method writes its own
    columns. Only :mod:`photonrig.localcloud.service.ownership_service` calls :meth:`change_state`, for owner and
    product.
    """

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._rows = Rows(database, "devices", Device, columns=_COLUMNS)
        self._now = now
        self._cache: dict[str, Device] = {}
        # Ids by product, invalidated when a device joins or leaves: each page of a long list needs all of them.
        self._members: dict[int, tuple[str, ...]] = {}

    def get(self, device_id: str) -> Device | None:
        """The device with this id."""
        device = self._cache.get(device_id)
        if device is None:
            device = self._rows.get(id=device_id)
            if device is not None:
                self._remember(device)
        return device

    def add(self, device_id: str, public_key: bytes, platform: int) -> Device:
        """Enrol an unknown device."""
        device = Device(device_id, public_key, DeviceState(platform=platform), updated_at=self._now())
        kept = {"id": device_id, "public_key": public_key, "platform_id": platform}
        self._rows.insert(**kept, updated_at=device.updated_at)
        return self._remember(device)

    def annotate(self, device_id: str, **notes: Unpack[Notes]) -> Device:
        """Write name, notes or the development mark, where given."""
        return self._write(device_id, dict(notes))

    def set_key(self, device_id: str, public_key: bytes) -> Device:
        """Replace the enrolled key."""
        return self._write(device_id, {"public_key": public_key})

    def set_platform(self, device_id: str, platform: int) -> Device:
        """Write the platform of the device's Hello."""
        device = self._write(device_id, {"platform_id": platform})
        return self._remember(replace(device, state=replace(device.state, platform=platform)))

    def change_state(self, device: Device, state: DeviceState, *, untyped: bool) -> Device:
        """Write owner, product and quarantine, decided for ``device``; no-op if unchanged.

        :raises Outdated: owner, product or quarantine are no longer those of ``device``
        """
        now = self.get(device.id)
        if now is None or (now.state, now.untyped) != (device.state, device.untyped):
            raise Outdated(device.id)
        if (state, untyped) == (now.state, now.untyped):
            return now
        if (now.state.product, now.state.quarantine) != (state.product, state.quarantine):
            self._members.clear()
        owner, quarantine = state.owner, state.quarantine
        columns = {
            "owner_kind": None if owner is None else owner.kind,
            "owner_id": None if owner is None else owner.id,
            "product_id": state.product,
            "quarantine_id": None if quarantine is None else quarantine.product,
            "denied": quarantine is not None and quarantine.denied,
            "untyped": untyped,
        }
        device = self._write(device.id, columns)
        return self._remember(replace(device, state=replace(state, platform=now.state.platform)))

    def _write(self, device_id: str, columns: dict[str, Any]) -> Device:
        """Write columns of an existing device; those with a field in :class:`Device` also in the cache."""
        now = self._now()
        self._rows.update({"id": device_id}, **columns, updated_at=now)
        device = self.get(device_id)
        assert device is not None, "only devices that exist are written"
        known = {name: value for name, value in columns.items() if name in Device.__slots__}
        return self._remember(replace(device, **known, updated_at=now))

    def _remember(self, device: Device) -> Device:
        self._cache[device.id] = device
        return device

    def of_owner(self, owner: Owner) -> list[Device]:
        """All devices of an account, by id."""
        ids = self._database.all("SELECT id FROM devices WHERE owner_kind = ? AND owner_id = ? ORDER BY id", *owner)
        return [device for (device_id,) in ids if (device := self.get(device_id)) is not None]

    def has_name(self, owner: Owner, name: str, *, beside: str = "") -> bool:
        """Whether a device of an account, other than ``beside``, has this name, in any case."""
        sql = "SELECT name FROM devices WHERE owner_kind = ? AND owner_id = ? AND name IS NOT NULL AND id != ?"
        key = name_key(name)
        return any(name_key(kept) == key for (kept,) in self._database.all(sql, *owner, beside))

    def of_product(self, product_id: int) -> list[Device]:
        """All devices of a product and of its quarantine, by id."""
        ids = self._members.get(product_id)
        if ids is None:
            sql = "SELECT id FROM devices WHERE product_id = ?1 OR quarantine_id = ?1 ORDER BY id"
            ids = self._members[product_id] = tuple(row["id"] for row in self._database.all(sql, product_id))
        return [device for device in map(self.get, ids) if device is not None]

    def forget_cached(self) -> None:
        """Drop the cache after a rollback."""
        self._cache.clear()
        self._members.clear()
