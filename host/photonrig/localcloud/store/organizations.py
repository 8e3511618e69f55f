"""Organizations: groups of products with a team."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.eras import Role
from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.slugs import slug_of
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.localcloud.store.teams import Teams


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization; ``slug`` is its dashed name."""

    id: str
    slug: str
    name: str


class Organizations(Teams[str]):
    """Organizations by id or slug, with their teams."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "organization_team", "organization_id")
        self._rows = Rows(database, "organizations", Organization)
        self._now = now

    def add(self, name: str, user_id: str, behind: str = "") -> Organization | None:
        """Create an organization with a user as administrator; None if its slug is taken: ``name`` and ``behind``."""
        made = Organization(new_id(), slug_of(f"{name}{behind}", "organization"), name)
        if not self._rows.add(made, created_at=self._now()):
            return None
        self.set_role(made.id, user_id, Role.ADMINISTRATOR)
        return made

    def find(self, ref: str) -> Organization | None:
        """The organization with this id, or else with this slug."""
        return self._rows.first("WHERE id = ?1 OR slug = ?1 ORDER BY id = ?1 DESC", ref)

    def roles(self, user_id: str) -> dict[str, Role]:
        """A user's role in each organization."""
        rows = self.database.all("SELECT organization_id, role FROM organization_team WHERE user_id = ?", user_id)
        return {organization_id: Role[role] for organization_id, role in rows}
