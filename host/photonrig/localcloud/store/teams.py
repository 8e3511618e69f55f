"""Team membership: one table each for products and organizations, of the same shape."""

from __future__ import annotations

from typing import Generic, TypeVar

from photonrig.localcloud.eras import Role
from photonrig.localcloud.store.database import Database

_Id = TypeVar("_Id", int, str)


class Teams(Generic[_Id]):
    """The teams in ``table``, whose column ``of`` is the id of the product or organization."""

    def __init__(self, database: Database, table: str, of: str) -> None:
        self.database = database
        self._table, self._of = table, of

    def team(self, of: _Id) -> dict[str, Role]:
        """User id and role of the team's members."""
        sql = f"SELECT user_id, role FROM {self._table} WHERE {self._of} = ?"  # noqa: S608
        return {user_id: Role[role] for user_id, role in self.database.all(sql, of)}

    def set_role(self, of: _Id, user_id: str, role: Role) -> None:
        """Add a user to the team, or change the user's role."""
        self.database.change(
            f"INSERT INTO {self._table} ({self._of}, user_id, role) VALUES (?, ?, ?)"  # noqa: S608
            " ON CONFLICT DO UPDATE SET role = excluded.role",
            *(of, user_id, role.name),
        )

    def remove_member(self, of: _Id, user_id: str) -> None:
        """Remove a user from the team."""
        self.database.change(f"DELETE FROM {self._table} WHERE {self._of} = ? AND user_id = ?", of, user_id)  # noqa: S608
