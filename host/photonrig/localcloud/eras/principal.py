"""Principals: the holder of a token, with current rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from photonrig.ownership.model import Owner


class Role(IntEnum):
    """Team roles; each includes those below it."""

    VIEW_ONLY = 1
    SUPPORT = 2
    DEVELOPER = 3
    ADMINISTRATOR = 4


@dataclass(frozen=True, slots=True)
class Principal:
    """The holder of a token: a user or API user with roles, a customer of a product, or a product itself.

    ``roles``: by product, direct or through its organization; ``organizations``: roles by organization. An API user has
    ``scopes``; its role only marks the team it belongs to. ``owner`` is the account that devices may belong to; None
    for a product's token and an API user.
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
