"""Device groups of products, and firmware targeting of devices."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.devices import Device, Outdated
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a product's devices; ``fw_version`` is the version released to it."""

    product_id: int
    name: str
    description: str = ""
    color: str | None = None
    fw_version: int | None = None

    @property
    def key(self) -> dict[str, object]:
        """The columns that identify it."""
        return {"product_id": self.product_id, "name": self.name}


@dataclass(frozen=True, slots=True)
class Targeting:
    """Firmware targeting of a device: groups and locked version within a product, and forced updates."""

    groups: tuple[str, ...] = ()
    desired: int | None = None
    forced: bool = False
    product_id: int | None = None


class Targets:
    """Targeting by device. Groups and lock belong to the product they were set in, and end with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = Rows(database, "targeting", Targeting)

    def of(self, device: Device) -> Targeting:
        """The targeting of a device."""
        kept = self._rows.get(device_id=device.id) or Targeting()
        return kept if kept.product_id == device.state.product else Targeting(forced=kept.forced)

    def force(self, device: Device, forced: bool) -> None:
        """Set whether updates are forced."""
        self._write(device, "forced", int(forced))

    def put_in_groups(self, device: Device, groups: tuple[str, ...]) -> None:
        """Set the device's groups within its product.

        :raises Outdated: the device is in another product by now
        """
        self._write(device, "groups", json.dumps(groups))

    def lock(self, device: Device, version: int | None) -> None:
        """Lock the device to a version of its product, or unlock it.

        :raises Outdated: the device is in another product by now
        """
        self._write(device, "desired", version)

    def _write(self, device: Device, column: str, value: object) -> None:
        rows = self._database.change(
            "INSERT INTO targeting (device_id, product_id, groups, forced)"
            " SELECT id, product_id, '[]', 0 FROM devices WHERE id = ? AND product_id IS ?"
            " ON CONFLICT (device_id) DO UPDATE SET"
            " groups = CASE WHEN product_id IS excluded.product_id THEN groups ELSE '[]' END,"
            " desired = CASE WHEN product_id IS excluded.product_id THEN desired END,"
            " product_id = excluded.product_id",
            *(device.id, device.state.product),
        )
        if not rows:
            raise Outdated(device.id)
        self._database.change(f"UPDATE targeting SET {column} = ? WHERE device_id = ?", value, device.id)  # noqa: S608

    def rename_group(self, product_id: int, old: str, new: str | None) -> None:
        """Follow a group's rename or, with ``new`` None, its deletion."""
        for row in self._database.all("SELECT device_id, groups FROM targeting WHERE product_id = ?", product_id):
            groups = json.loads(row["groups"])
            if old in groups:
                kept = [new if name == old else name for name in groups if name != old or new is not None]
                self._database.change(
                    "UPDATE targeting SET groups = ? WHERE device_id = ?", json.dumps(kept), row["device_id"]
                )


def in_groups(targeting: Targeting, *, add: list[str], remove: list[str]) -> Targeting:
    """The targeting with groups added and removed."""
    kept = [name for name in targeting.groups if name not in remove]
    return replace(targeting, groups=tuple(dict.fromkeys([*kept, *add])))
