"""Products and their teams."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.eras import Role
from photonrig.localcloud.store.database import Database

__all__ = ["Product", "Products"]


@dataclass(frozen=True, slots=True)
class Product:
    """A product; ``user_id`` is its creator, ``organization_id`` None for a user's own."""

    id: int
    slug: str
    name: str
    description: str
    platform_id: int
    user_id: str
    organization_id: str | None = None


class Products:
    """Products by id or slug, and who is on their teams."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def add(
        self, name: str, description: str, platform_id: int, user_id: str, organization_id: str | None = None
    ) -> Product | None:
        """Create a product with its creator as administrator; None if the name or its slug is taken."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "product"
        if slug.isdigit():
            slug = f"product-{slug}"
        try:
            number = self._database.insert(
                "INSERT INTO products (slug, name, description, platform_id, user_id, created_at, organization_id)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                *(slug, name, description, platform_id, user_id, self._now(), organization_id),
            )
        except sqlite3.IntegrityError:
            return None
        self.set_role(number, user_id, Role.ADMINISTRATOR)
        return Product(number, slug, name, description, platform_id, user_id, organization_id)

    def get(self, product_id: int) -> Product | None:
        """The product with this id."""
        if not 0 <= product_id < 1 << 63:
            return None
        row = self._database.one("SELECT * FROM products WHERE id = ?", product_id)
        return None if row is None else _product(row)

    def named(self, slug: str) -> Product | None:
        """The product with this slug."""
        row = self._database.one("SELECT * FROM products WHERE slug = ?", slug)
        return None if row is None else _product(row)

    def of_user(self, user_id: str) -> list[Product]:
        """The products of whose teams a user is a member, in order of id."""
        rows = self._database.all(
            "SELECT * FROM products WHERE id IN (SELECT product_id FROM team WHERE user_id = ?) ORDER BY id",
            user_id,
        )
        return [_product(row) for row in rows]

    def of_organization(self, organization_id: str) -> list[Product]:
        """The products of an organization, in order of id."""
        rows = self._database.all("SELECT * FROM products WHERE organization_id = ? ORDER BY id", organization_id)
        return [_product(row) for row in rows]

    def move(self, product_id: int, organization_id: str) -> None:
        """Put a product into an organization."""
        self._database.change("UPDATE products SET organization_id = ? WHERE id = ?", organization_id, product_id)

    def roles(self, user_id: str) -> dict[int, Role]:
        """A user's role in each product: the higher of the product's own and its organization's."""
        rows = self._database.all(
            "SELECT product_id, role FROM team WHERE user_id = ?1 UNION ALL"
            " SELECT products.id, role FROM organization_team JOIN products USING (organization_id) WHERE"
            " organization_team.user_id = ?1",
            user_id,
        )
        roles: dict[int, Role] = {}
        for row in rows:
            roles[row["product_id"]] = max(Role[row["role"]], roles.get(row["product_id"], Role.VIEW_ONLY))
        return roles

    def team(self, product_id: int) -> dict[str, Role]:
        """User id and role of a product's team members."""
        rows = self._database.all("SELECT user_id, role FROM team WHERE product_id = ?", product_id)
        return {row["user_id"]: Role[row["role"]] for row in rows}

    def set_role(self, product_id: int, user_id: str, role: Role) -> None:
        """Put a user on the team, or change the user's role."""
        self._database.change(
            "INSERT INTO team (product_id, user_id, role) VALUES (?, ?, ?)"
            " ON CONFLICT (product_id, user_id) DO UPDATE SET role = excluded.role",
            *(product_id, user_id, role.name),
        )

    def remove_member(self, product_id: int, user_id: str) -> None:
        """Take a user off the team."""
        self._database.change("DELETE FROM team WHERE product_id = ? AND user_id = ?", product_id, user_id)


def _product(row: sqlite3.Row) -> Product:
    return Product(
        *(row["id"], row["slug"], row["name"], row["description"], row["platform_id"]),
        *(row["user_id"], row["organization_id"]),
    )
