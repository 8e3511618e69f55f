"""API users: programs on a team, with scopes instead of a role."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.slugs import slug_of
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows


@dataclass(frozen=True, slots=True)
class ApiUser:
    """An API user of one product or of one organization."""

    id: str
    username: str
    friendly_name: str
    product_id: int | None
    organization_id: str | None
    scopes: frozenset[str]


class ApiUsers(Rows[ApiUser]):
    """API users by id, and by the product or organization they belong to."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "api_users", ApiUser)
        self._now = now

    def create(
        self, friendly_name: str, scopes: frozenset[str], *, product_id: int | None, organization_id: str | None
    ) -> ApiUser:
        """Create an API user of a product or of an organization."""
        username = f"{slug_of(friendly_name, 'api')}+{secrets.token_hex(5)}@api.particle.io"
        made = ApiUser(new_id(), username, friendly_name, product_id, organization_id, scopes)
        self.add(made, created_at=self._now())
        return made
