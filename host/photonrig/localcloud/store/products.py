"""Products and their teams."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.eras import Role
from photonrig.localcloud.slugs import slug_of
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.localcloud.store.teams import Teams


@dataclass(frozen=True, slots=True)
class Product:
    """A product; ``user_id`` is its creator; ``organization_id`` is None for a user's own."""

    id: int
    slug: str
    name: str
    description: str
    platform_id: int
    user_id: str
    organization_id: str | None = None


class Products(Teams[int]):
    """Products by id or slug, with their teams."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "team", "product_id")
        self._rows = Rows(database, "products", Product)
        self._now = now

    def add(
        self,
        name: str,
        description: str,
        platform_id: int,
        user_id: str,
        organization_id: str | None = None,
        behind: str = "",
    ) -> Product | None:
        """Create a product with its creator as administrator; None if the name or its slug is taken.

        The slug is made of the name and what stands ``behind`` it.
        """
        slug = slug_of(f"{name}{behind}", "product")
        if slug.isdigit():
            slug = f"product-{slug}"
        kept = {"slug": slug, "name": name, "description": description, "platform_id": platform_id}
        if not self._rows.insert(**kept, user_id=user_id, created_at=self._now(), organization_id=organization_id):
            return None
        made = self.named(slug)
        assert made is not None
        self.set_role(made.id, user_id, Role.ADMINISTRATOR)
        return made

    def get(self, product_id: int) -> Product | None:
        """The product with this id."""
        return self._rows.get(id=product_id) if 0 <= product_id < 1 << 63 else None

    def named(self, slug: str) -> Product | None:
        """The product with this slug."""
        return self._rows.get(slug=slug)

    def of_user(self, user_id: str) -> list[Product]:
        """The products of which a user is a team member, by id."""
        return self._rows.all("WHERE id IN (SELECT product_id FROM team WHERE user_id = ?) ORDER BY id", user_id)

    def of_organization(self, organization_id: str) -> list[Product]:
        """The products of an organization, by id."""
        return self._rows.all("WHERE organization_id = ? ORDER BY id", organization_id)

    def move(self, product_id: int, organization_id: str) -> None:
        """Move a product into an organization."""
        self._rows.update({"id": product_id}, organization_id=organization_id)

    def roles(self, user_id: str) -> dict[int, Role]:
        """A user's role in each product: the higher of the product's own and its organization's."""
        rows = self.database.all(
            "SELECT product_id, role FROM team WHERE user_id = ?1 UNION ALL"
            " SELECT products.id, role FROM organization_team JOIN products USING (organization_id) WHERE"
            " organization_team.user_id = ?1",
            user_id,
        )
        roles: dict[int, Role] = {}
        for product_id, role in rows:
            roles[product_id] = max(Role[role], roles.get(product_id, Role.VIEW_ONLY))
        return roles
