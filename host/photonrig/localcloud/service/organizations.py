"""Organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from photonrig.localcloud.service.records import Organization
from photonrig.localcloud.service.refusal import invalid, unknown
from photonrig.localcloud.store import Store


class OrganizationService:
    """Organizations; ``changed`` is called with the id of one whose products changed."""

    def __init__(self, store: Store, changed: Callable[[str], None]) -> None:
        self._store = store
        self._changed = changed

    def all_of(self, ids: Iterable[str]) -> list[Organization]:
        """The organizations with these ids, unknown ones left out."""
        return [found for each in ids if (found := self._store.organizations.find(each)) is not None]

    def create(self, name: str, administrator: str) -> Organization:
        """Create an organization; ``administrator`` names a user.

        :raises ServiceRefusal: unknown user, or the name is taken
        """
        user = self._store.users.named(administrator)
        if user is None:
            raise unknown("owner must be the name of a user")
        with self._store.write():
            made = self._store.organizations.add(name, user.id)
            if made is None:
                raise invalid("An organization of this name exists already; choose another name")
        return made

    def adopt(self, organization: str, product: str) -> None:
        """Move a product into an organization; both are named by their slugs.

        :raises ServiceRefusal: unknown
        """
        to, moved = self._store.organizations.find(organization), self._store.products.named(product)
        if to is None or moved is None:
            raise unknown("Both must exist, and are named by their slugs")
        with self._store.write():
            self._store.products.move(moved.id, to.id)
        for each in {to.id, moved.organization_id} - {None}:
            self._changed(str(each))
