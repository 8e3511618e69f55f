"""Webhooks, stored as the configuration they were created with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from photonrig.localcloud.secrets import new_id
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

HookOwner = Literal["user", "product", "org"]


@dataclass(frozen=True, slots=True)
class StoredHook:
    """A stored hook: its owner by ``owner_kind`` and ``owner_id``, and the API's ``fields``."""

    id: str
    owner_kind: HookOwner
    owner_id: str
    fields: Mapping[str, Any]
    created_at: float


class Hooks:
    """Hooks by id and by owner."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._rows = Rows(database, "hooks", StoredHook)
        self._now = now

    def add(self, owner_kind: HookOwner, owner_id: str, fields: Mapping[str, Any]) -> StoredHook:
        """Add a hook."""
        hook = StoredHook(new_id(), owner_kind, owner_id, fields, self._now())
        self._rows.add(hook)
        return hook

    def replace(self, hook_id: str, fields: Mapping[str, Any]) -> None:
        """Replace a hook's configuration."""
        self._rows.update({"id": hook_id}, fields=fields)

    def remove(self, hook_id: str) -> None:
        """Delete a hook."""
        self._rows.remove(id=hook_id)

    def get(self, hook_id: str) -> StoredHook | None:
        """The hook with this id."""
        return self._rows.get(id=hook_id)

    def of(self, owner_kind: HookOwner, owner_id: str) -> list[StoredHook]:
        """The hooks of one owner, oldest first."""
        return self._rows.of("created_at, id", owner_kind=owner_kind, owner_id=owner_id)

    def all(self) -> list[StoredHook]:
        """Every hook, oldest first."""
        return self._rows.all("ORDER BY created_at, id")
