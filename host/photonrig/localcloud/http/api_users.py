"""API users of a team: programs with scopes instead of a role, and one token that never expires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.scopes import known
from photonrig.localcloud.http.call import Call
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.store.api_users import ApiUser

__all__ = ["Place", "create", "list_all", "place", "remove", "renew", "rescope"]

_CLIENT = "__API_USER__"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API user belongs: a product, or an organization."""

    product_id: int | None = None
    organization_id: str | None = None


def place(call: Call, action: Action) -> Place:
    """The product or organization of the path, if the caller may do this there.

    :raises ApiError: unknown, or the caller may not
    """
    if "product" in call.request.path_params:
        return Place(product_id=call.product(action).id)
    return Place(organization_id=call.organization(action).id)


def list_all(call: Call, where: Place) -> list[dict[str, Any]]:
    """The API users of a place, as its team list shows them."""
    return [
        {
            "username": each.username,
            "friendly_name": each.friendly_name,
            "is_programmatic": True,
            "scopes": sorted(each.scopes),
            "product_id": each.product_id,
        }
        for each in _of(call, where)
    ]


def create(call: Call) -> dict[str, Any]:
    """Create an API user; the token is shown this once."""
    where = place(call, Action.API_USERS)
    name = (call.sent.text("friendly_name") or "").strip()
    if not name:
        raise refused(400, "friendly_name is required")
    scopes = _scopes(call)
    with call.cloud.store.write():
        made = call.cloud.store.api_users.add(
            name, scopes, product_id=where.product_id, organization_id=where.organization_id
        )
        return {"ok": True, "created": _with_token(call, made)}


def rescope(call: Call) -> dict[str, Any]:
    """Change what an API user may do; its token changes with it."""
    found = _found(call)
    scopes = _scopes(call)
    with call.cloud.store.write():
        call.cloud.store.api_users.set_scopes(found.id, scopes)
        return {"ok": True, "updated": _with_token(call, found)}


def renew(call: Call) -> dict[str, Any]:
    """A new token; the old one ends."""
    found = _found(call)
    with call.cloud.store.write():
        return {"ok": True, "created": _with_token(call, found)}


def remove(call: Call, found: ApiUser) -> None:
    """Delete an API user with its token."""
    with call.cloud.store.write():
        call.cloud.tokens.revoke_all("api user", found.id)
        call.cloud.store.api_users.remove(found.id)


def _found(call: Call) -> ApiUser:
    where = place(call, Action.API_USERS)
    for each in _of(call, where):
        if each.username == call.path("username").lower():
            return each
    raise refused(404, "API user not found")


def _of(call: Call, where: Place) -> list[ApiUser]:
    return call.cloud.store.api_users.of(product_id=where.product_id, organization_id=where.organization_id)


def _scopes(call: Call) -> frozenset[str]:
    scopes = call.sent.texts("scopes")
    unknown = [scope for scope in scopes if not known(scope)]
    if unknown or not scopes:
        raise refused(400, f"There is no scope {unknown[0]}" if unknown else "scopes must name at least one scope")
    return frozenset(scopes)


def _with_token(call: Call, user: ApiUser) -> dict[str, Any]:
    call.cloud.tokens.revoke_all("api user", user.id)
    granted = call.cloud.store.tokens.grant("api user", user.id, _CLIENT, 0)
    return {"username": user.username, "is_programmatic": True, "tokens": [{"token": granted.access_token}]}
