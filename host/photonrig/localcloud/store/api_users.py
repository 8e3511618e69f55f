"""API users: programs on the team of a product or organization, with scopes instead of a role."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database

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
        self._database = database
        self._now = now

    def add(
        self, friendly_name: str, scopes: frozenset[str], *, product_id: int | None, organization_id: str | None
    ) -> ApiUser:
        """Create an API user of a product or of an organization."""
        stem = re.sub(r"[^a-z0-9]+", "-", friendly_name.lower()).strip("-") or "api"
        username = f"{stem}+{secrets.token_hex(5)}@api.particle.io"
        made = ApiUser(new_id(), username, friendly_name, product_id, organization_id, scopes)
        self._database.change(
            "INSERT INTO api_users (id, username, friendly_name, product_id, organization_id, scopes, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(made.id, username, friendly_name, product_id, organization_id, json.dumps(sorted(scopes)), self._now()),
        )
        return made

    def get(self, api_user_id: str) -> ApiUser | None:
        """The API user with this id."""
        return self._made_of(self._database.one("SELECT * FROM api_users WHERE id = ?", api_user_id))

    def named(self, username: str) -> ApiUser | None:
        """The API user with this name."""
        return self._made_of(self._database.one("SELECT * FROM api_users WHERE username = ?", username.lower()))

    def of(self, *, product_id: int | None, organization_id: str | None) -> list[ApiUser]:
        """The API users of a product or of an organization, oldest first."""
        rows = self._database.all(
            "SELECT * FROM api_users WHERE product_id IS ? AND organization_id IS ? ORDER BY created_at, id",
            *(product_id, organization_id),
        )
        return [found for row in rows if (found := self._made_of(row)) is not None]

    def set_scopes(self, api_user_id: str, scopes: frozenset[str]) -> None:
        """Replace what an API user may do."""
        self._database.change("UPDATE api_users SET scopes = ? WHERE id = ?", json.dumps(sorted(scopes)), api_user_id)

    def remove(self, api_user_id: str) -> None:
        """Delete an API user."""
        self._database.change("DELETE FROM api_users WHERE id = ?", api_user_id)

    @staticmethod
    def _made_of(row: sqlite3.Row | None) -> ApiUser | None:
        if row is None:
            return None
        return ApiUser(
            *(row["id"], row["username"], row["friendly_name"], row["product_id"], row["organization_id"]),
            scopes=frozenset(json.loads(row["scopes"])),
        )
