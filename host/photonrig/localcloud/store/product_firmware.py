"""Product firmware: images and releases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, Unpack

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class Firmware:
    """One version of a product's firmware, 1 … 65535; ``size`` in bytes, ``uploaded_by`` a user's id.

    ``product_default``: currently released to the whole product; ``released``: was ever released.
    """

    id: str
    product_id: int
    version: int
    title: str
    description: str
    name: str
    size: int
    mandatory: bool
    product_default: bool
    released: bool
    uploaded_by: str | None
    uploaded_on: float
    updated_at: float


class Said(TypedDict):
    """Description of a version at upload."""

    title: str
    description: str
    name: str
    mandatory: bool
    uploaded_by: str | None


class ProductFirmware(Rows[Firmware]):
    """Versions of each product."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "product_firmware", Firmware, computed={"size": "length(image)"})
        self._now = now

    def create(self, product_id: int, version: int, image: bytes, **said: Unpack[Said]) -> bool:
        """Add a version; False if it exists."""
        now = self._now()
        kept = {"id": new_id(), "product_id": product_id, "version": version, "image": image}
        return self.insert(**kept, **said, uploaded_on=now, updated_at=now)

    def image(self, product_id: int, version: int) -> bytes | None:
        """The image of a version."""
        sql = "SELECT image FROM product_firmware WHERE product_id = ? AND version = ?"
        row = self.database.one(sql, product_id, version)
        return None if row is None else bytes(row["image"])

    def default(self, product_id: int) -> int | None:
        """The version released to the whole product."""
        firmware = self.get(product_id=product_id, product_default=True)
        return None if firmware is None else firmware.version

    def edit(self, firmware: Firmware, *, title: str, description: str, mandatory: bool) -> None:
        """Edit a version's description."""
        said = {"title": title, "description": description, "mandatory": mandatory}
        self.update({"id": firmware.id}, **said, updated_at=self._now())

    def release(self, firmware: Firmware, *, product_default: bool) -> None:
        """Mark a version as released: as the product's default, replacing another, or to groups."""
        if product_default:
            self.update({"product_id": firmware.product_id, "product_default": True}, product_default=False)
            self.update({"id": firmware.id}, product_default=True)
        self.update({"id": firmware.id}, released=True, updated_at=self._now())
