"""Organizations: what products belong to, with a team of their own."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.eras import Role
from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database

__all__ = ["Organization", "Organizations"]


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization; ``slug`` is its dashed name."""

    id: str
    slug: str
    name: str


class Organizations:
    """Organizations by id or slug, and who is on their teams."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def add(self, name: str, user_id: str) -> Organization | None:
        """Found an organization with a user as its administrator; None if the slug of its name is taken."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "organization"
        made = Organization(new_id(), slug, name)
        try:
            self._database.change(
                "INSERT INTO organizations (id, slug, name, created_at) VALUES (?, ?, ?, ?)",
                *(made.id, slug, name, self._now()),
            )
        except sqlite3.IntegrityError:
            return None
        self.set_role(made.id, user_id, Role.ADMINISTRATOR)
        return made

    def find(self, ref: str) -> Organization | None:
        """The organization with this id, or else with this slug: a name that looks like another's id finds that one."""
        sql = "SELECT id, slug, name FROM organizations WHERE id = ?1 OR slug = ?1 ORDER BY id = ?1 DESC"
        row = self._database.one(sql, ref)
        return None if row is None else Organization(*row)

    def roles(self, user_id: str) -> dict[str, Role]:
        """A user's role in each organization."""
        rows = self._database.all("SELECT organization_id, role FROM organization_team WHERE user_id = ?", user_id)
        return {row["organization_id"]: Role[row["role"]] for row in rows}

    def team(self, organization_id: str) -> dict[str, Role]:
        """User id and role of an organization's team members."""
        rows = self._database.all(
            "SELECT user_id, role FROM organization_team WHERE organization_id = ?", organization_id
        )
        return {row["user_id"]: Role[row["role"]] for row in rows}

    def set_role(self, organization_id: str, user_id: str, role: Role) -> None:
        """Put a user on the team, or change the user's role."""
        self._database.change(
            "INSERT INTO organization_team (organization_id, user_id, role) VALUES (?, ?, ?)"
            " ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role",
            *(organization_id, user_id, role.name),
        )

    def remove_member(self, organization_id: str, user_id: str) -> None:
        """Take a user off the team."""
        self._database.change(
            "DELETE FROM organization_team WHERE organization_id = ? AND user_id = ?", organization_id, user_id
        )
