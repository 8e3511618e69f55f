"""Webhooks, each kept as the configuration it was created with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database

__all__ = ["HookOwner", "Hooks", "StoredHook"]

HookOwner = Literal["user", "product", "org"]


@dataclass(frozen=True, slots=True)
class StoredHook:
    """A hook as kept: ``owner_kind`` and ``owner_id`` say whose it is, ``fields`` are those of the API."""

    id: str
    owner_kind: HookOwner
    owner_id: str
    fields: Mapping[str, Any]
    created_at: float


class Hooks:
    """Hooks by id and by owner."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now

    def add(self, owner_kind: HookOwner, owner_id: str, fields: Mapping[str, Any]) -> StoredHook:
        """Keep a new hook."""
        hook = StoredHook(new_id(), owner_kind, owner_id, fields, self._now())
        self._database.change(
            "INSERT INTO hooks (id, owner_kind, owner_id, fields, created_at) VALUES (?, ?, ?, ?, ?)",
            *(hook.id, owner_kind, owner_id, json.dumps(fields), hook.created_at),
        )
        return hook

    def replace(self, hook_id: str, fields: Mapping[str, Any]) -> None:
        """Give a hook another configuration."""
        self._database.change("UPDATE hooks SET fields = ? WHERE id = ?", json.dumps(fields), hook_id)

    def remove(self, hook_id: str) -> None:
        """Delete a hook."""
        self._database.change("DELETE FROM hooks WHERE id = ?", hook_id)

    def get(self, hook_id: str) -> StoredHook | None:
        """The hook with this id."""
        row = self._database.one("SELECT * FROM hooks WHERE id = ?", hook_id)
        return None if row is None else _hook(row)

    def of(self, owner_kind: HookOwner, owner_id: str) -> list[StoredHook]:
        """The hooks of one owner, oldest first."""
        rows = self._database.all(
            "SELECT * FROM hooks WHERE owner_kind = ? AND owner_id = ? ORDER BY created_at, id", owner_kind, owner_id
        )
        return [_hook(row) for row in rows]

    def all(self) -> list[StoredHook]:
        """Every hook, oldest first."""
        return [_hook(row) for row in self._database.all("SELECT * FROM hooks ORDER BY created_at, id")]


def _hook(row: sqlite3.Row) -> StoredHook:
    return StoredHook(row["id"], row["owner_kind"], row["owner_id"], json.loads(row["fields"]), row["created_at"])
