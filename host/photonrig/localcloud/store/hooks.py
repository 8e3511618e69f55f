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


class Hooks(Rows[StoredHook]):
    """Hooks by id and by owner."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "hooks", StoredHook)
        self._now = now

    def create(self, owner_kind: HookOwner, owner_id: str, fields: Mapping[str, Any]) -> StoredHook:
        """Create a hook."""
        hook = StoredHook(new_id(), owner_kind, owner_id, fields, self._now())
        self.add(hook)
        return hook

    def of_owner(self, owner_kind: HookOwner, owner_id: str) -> list[StoredHook]:
        """The hooks of one owner, oldest first."""
        return self.of("created_at, id", owner_kind=owner_kind, owner_id=owner_id)
