"""Who holds a token, with the rights of this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from photonrig.ownership.model import Owner

__all__ = ["Principal", "Role"]


class Role(IntEnum):
    """What a team member may do; each role includes those below it."""

    VIEW_ONLY = 1
    SUPPORT = 2
    DEVELOPER = 3
    ADMINISTRATOR = 4


@dataclass(frozen=True, slots=True)
class Principal:
    """Who holds the token: a user or API user with roles, a customer of a product, or a product itself.

    ``roles`` are those in products, own or by way of their organization; ``organizations`` those in organizations. An
    API user has ``scopes``, and a role only as the sign of where it belongs. ``owner`` is the account that devices may
    belong to; None for a product's token and an API user.
    """

    kind: Literal["user", "customer", "product", "api user"]
    id: str
    product: int | None = None
    roles: Mapping[int, Role] = field(default_factory=dict)
    organizations: Mapping[str, Role] = field(default_factory=dict)
    scopes: frozenset[str] = frozenset()
    owner: Owner | None = field(init=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.kind, self.id, self.product))

    def __post_init__(self) -> None:
        owner = Owner(self.kind, self.id) if self.kind in ("user", "customer") else None
        object.__setattr__(self, "owner", owner)
