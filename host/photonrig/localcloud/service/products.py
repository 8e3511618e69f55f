"""Products."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.localcloud.eras import Era
from photonrig.localcloud.service.records import Organization, Product
from photonrig.localcloud.service.refusal import invalid
from photonrig.localcloud.store import Store

HARDWARE_VERSION = "v1.0.0"  # of each product, recorded 2018; in 2016 it ended the slug: test-device-v100


class ProductService:
    """Products of users and organizations; ``changed`` is called with the id of an organization that has a new one."""

    def __init__(self, store: Store, era: Era, changed: Callable[[str], None]) -> None:
        self._store = store
        self._era = era
        self._changed = changed

    def of_user(self, user_id: str) -> list[Product]:
        """Products of which a user is a team member."""
        return self._store.products.of_user(user_id)

    def of_organization(self, organization: Organization) -> list[Product]:
        """Products of an organization."""
        return self._store.products.of_organization(organization.id)

    def group_names(self, product: Product) -> list[str]:
        """The names of a product's device groups."""
        return [group.name for group in self._store.groups.of("name", product_id=product.id)]

    def create(
        self, user_id: str, organization: Organization | None, *, name: str, description: str, platform: int
    ) -> Product:
        """Create a product; the user becomes its administrator.

        :raises ServiceRefusal: the name is taken
        """
        behind = f" {HARDWARE_VERSION.replace('.', '')}" if self._era.shapes_of_2016 else ""
        with self._store.write():
            if organization is None and self._era.organization_of_product:
                # None if an organization of that slug exists: the product then belongs to its creator only.
                organization = self._store.organizations.add(name, user_id, behind)
            organization_id = None if organization is None else organization.id
            product = self._store.products.add(name, description, platform, user_id, organization_id, behind)
            if product is None:
                raise invalid("A product of this name exists already; choose another name")
        if organization is not None:
            self._changed(organization.id)
        return product
