"""Firmware of products: the images that were uploaded, and to whom they were released."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database

__all__ = ["Firmware", "ProductFirmware"]

_COLUMNS = (
    "id, product_id, version, title, description, name, length(image) AS size, mandatory, product_default, released,"
    " uploaded_by, uploaded_on, updated_at"
)


@dataclass(frozen=True, slots=True)
class Firmware:
    """One version of a product's firmware, 1 … 65535; ``size`` in bytes, ``uploaded_by`` a user's id.

    ``product_default``: it is what the product's devices get; ``released``: it once was that, or a group's.
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


class ProductFirmware:
    """Versions of each product."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def add(
        self,
        product_id: int,
        version: int,
        image: bytes,
        *,
        title: str,
        description: str,
        name: str,
        mandatory: bool,
        uploaded_by: str | None,
    ) -> bool:
        """Keep a version; False if the product has one of that number."""
        now = self._now()
        try:
            self._database.change(
                "INSERT INTO product_firmware (id, product_id, version, title, description, name, image, mandatory,"
                " uploaded_by, uploaded_on, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(
                    new_id(),
                    product_id,
                    version,
                    title,
                    description,
                    name,
                    image,
                    int(mandatory),
                    uploaded_by,
                    now,
                    now,
                ),
            )
        except sqlite3.IntegrityError:
            return False
        return True

    def get(self, product_id: int, version: int) -> Firmware | None:
        """One version."""
        row = self._database.one(
            f"SELECT {_COLUMNS} FROM product_firmware WHERE product_id = ? AND version = ?",  # noqa: S608
            *(product_id, version),
        )
        return None if row is None else _firmware(row)

    def of(self, product_id: int) -> list[Firmware]:
        """All versions of a product, highest first."""
        rows = self._database.all(
            f"SELECT {_COLUMNS} FROM product_firmware WHERE product_id = ? ORDER BY version DESC",  # noqa: S608
            product_id,
        )
        return [_firmware(row) for row in rows]

    def image(self, product_id: int, version: int) -> bytes | None:
        """The image of a version."""
        row = self._database.one(
            "SELECT image FROM product_firmware WHERE product_id = ? AND version = ?", product_id, version
        )
        return None if row is None else bytes(row["image"])

    def default(self, product_id: int) -> int | None:
        """The version that the product's devices get."""
        row = self._database.one(
            "SELECT version FROM product_firmware WHERE product_id = ? AND product_default = 1", product_id
        )
        return None if row is None else int(row["version"])

    def edit(self, firmware: Firmware, *, title: str, description: str, mandatory: bool) -> None:
        """Change what is said of a version."""
        self._database.change(
            "UPDATE product_firmware SET title = ?, description = ?, mandatory = ?, updated_at = ? WHERE id = ?",
            *(title, description, int(mandatory), self._now(), firmware.id),
        )

    def release(self, firmware: Firmware, *, product_default: bool) -> None:
        """Note that a version was released, as the product's default in place of another or to groups."""
        if product_default:
            self._database.change(
                "UPDATE product_firmware SET product_default = (id = ?) WHERE product_id = ?",
                *(firmware.id, firmware.product_id),
            )
        self._database.change(
            "UPDATE product_firmware SET released = 1, updated_at = ? WHERE id = ?", self._now(), firmware.id
        )

    def remove(self, firmware: Firmware) -> None:
        """Delete a version."""
        self._database.change("DELETE FROM product_firmware WHERE id = ?", firmware.id)


def _firmware(row: sqlite3.Row) -> Firmware:
    values = dict(row)
    for name in ("mandatory", "product_default", "released"):
        values[name] = bool(values[name])
    return Firmware(**values)
