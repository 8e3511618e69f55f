"""API users: programs on the team of a product or organization, with scopes instead of a role."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.slugs import slug_of
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

__all__ = ["ApiUser", "ApiUsers"]


@dataclass(frozen=True, slots=True)
class ApiUser:
    """An API user of one product or of one organization."""

    id: str
    username: str
    friendly_name: str
    product_id: int | None
    organization_id: str | None
    scopes: frozenset[str]


class ApiUsers:
    """API users by id and by the name this cloud gave them."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._rows = Rows(database, "api_users", ApiUser)
        self._now = now

    def add(
        self, friendly_name: str, scopes: frozenset[str], *, product_id: int | None, organization_id: str | None
    ) -> ApiUser:
        """Create an API user of a product or of an organization."""
        username = f"{slug_of(friendly_name, 'api')}+{secrets.token_hex(5)}@api.particle.io"
        made = ApiUser(new_id(), username, friendly_name, product_id, organization_id, scopes)
        self._rows.add(made, created_at=self._now())
        return made

    def get(self, api_user_id: str) -> ApiUser | None:
        """The API user with this id."""
        return self._rows.get(id=api_user_id)

    def of(self, *, product_id: int | None, organization_id: str | None) -> list[ApiUser]:
        """The API users of a product or of an organization, oldest first."""
        where = "WHERE product_id IS ? AND organization_id IS ? ORDER BY created_at, id"
        return self._rows.all(where, product_id, organization_id)

    def set_scopes(self, api_user_id: str, scopes: frozenset[str]) -> None:
        """Replace what an API user may do."""
        self._rows.update({"id": api_user_id}, scopes=scopes)

    def remove(self, api_user_id: str) -> None:
        """Delete an API user."""
        self._rows.remove(id=api_user_id)
