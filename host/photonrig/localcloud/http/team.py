"""``/v1/products/:p/team`` and ``/v1/orgs/:o/team``: who works on a product or organization, and in which role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from photonrig.localcloud.eras import Action, Role
from photonrig.localcloud.http import api_users
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.store.accounts import User

__all__ = ["ROUTES"]

_ROLES = {
    "View-only": Role.VIEW_ONLY,
    "Support": Role.SUPPORT,
    "Developer": Role.DEVELOPER,
    "Administrator": Role.ADMINISTRATOR,
}
_NAMES = {role: name for name, role in _ROLES.items()}


@dataclass(frozen=True, slots=True)
class _Team:
    """The team of the path's product or organization; ``founder`` always stays on it."""

    members: Mapping[str, Role]
    set_role: Callable[[str, Role], None]
    remove: Callable[[str], None]
    founder: str | None


def _team(call: Call, action: Action) -> _Team:
    if "product" in call.request.path_params:
        product, products = call.product(action), call.cloud.store.products
        return _Team(
            products.team(product.id),
            lambda user, role: products.set_role(product.id, user, role),
            lambda user: products.remove_member(product.id, user),
            product.user_id,
        )
    organization, organizations = call.organization(action), call.cloud.store.organizations
    members = organizations.team(organization.id)
    administrators = [user for user, role in members.items() if role is Role.ADMINISTRATOR]
    return _Team(
        members,
        lambda user, role: organizations.set_role(organization.id, user, role),
        lambda user: organizations.remove_member(organization.id, user),
        administrators[0] if len(administrators) == 1 else None,
    )


async def list_team(call: Call) -> Answer:
    """The members of the team, users and API users."""
    members: list[dict[str, Any]] = []
    for user_id, role in _team(call, Action.TEAM_LIST).members.items():
        user = call.cloud.store.users.get(user_id)
        assert user is not None
        members.append({"username": user.username, "role": _NAMES[role], "is_programmatic": False})
    return members + api_users.list_all(call, api_users.place(call, Action.TEAM_LIST))


async def invite(call: Call) -> Answer:
    """Put a user on the team, at once and without a mail; or with ``scopes``, create an API user."""
    if "scopes" in call.sent.fields:
        return api_users.create(call)
    user = _set_role(call, _team(call, Action.TEAM_INVITE), call.sent.text("username") or "")
    return {"ok": True, "invited": {"username": user.username}}


async def update(call: Call) -> Answer:
    """Change a user's role, or with ``scopes``, what an API user may do."""
    if "scopes" in call.sent.fields:
        return api_users.rescope(call)
    _set_role(call, _team(call, Action.TEAM_UPDATE), call.path("username"))
    return {"ok": True}


def _set_role(call: Call, team: _Team, username: str) -> User:
    wanted = call.sent.text("role") or "Developer"
    role = {name.lower(): role for name, role in _ROLES.items()}.get(wanted.lower())
    if role is None:
        raise refused(400, f"role must be one of {', '.join(_ROLES)}")
    user = call.cloud.store.users.named(username)
    if user is None:
        raise refused(404, "User not found")
    if user.id == team.founder and role is not Role.ADMINISTRATOR:
        raise refused(400, "Its creator stays its administrator")
    with call.cloud.store.write():
        team.set_role(user.id, role)
    _end_streams(call, user)
    return user


async def remove(call: Call) -> Answer:
    """Take a user off the team, or delete an API user."""
    where = api_users.place(call, Action.TEAM_REMOVE)
    program = call.cloud.store.api_users.named(call.path("username"))
    if program is not None and (program.product_id, program.organization_id) == (
        where.product_id,
        where.organization_id,
    ):
        api_users.remove(call, program)
        return {"ok": True}
    team = _team(call, Action.TEAM_REMOVE)
    user = call.cloud.store.users.named(call.path("username"))
    if user is None or user.id not in team.members:
        raise refused(404, "User not found")
    if user.id == team.founder:
        raise refused(400, "Its creator stays on the team")
    with call.cloud.store.write():
        team.remove(user.id)
    _end_streams(call, user)
    return {"ok": True}


async def renew_token(call: Call) -> Answer:
    """Another token for an API user."""
    return api_users.renew(call)


def _end_streams(call: Call, user: User) -> None:
    """Streams carry the rights they were opened with: end the user's, to be opened anew with what is left."""
    for token in call.cloud.store.tokens.of("user", user.id):
        call.cloud.bus.close_token(token.hash)


ROUTES = [
    route(method, base + suffix, handler)
    for base in ("/v1/products/{product}/team", "/v1/orgs/{organization}/team")
    for method, suffix, handler in (
        ("GET", "", list_team),
        ("POST", "", invite),
        ("POST", "/{username}", update),
        ("PUT", "/{username}", update),
        ("DELETE", "/{username}", remove),
        ("PUT", "/{username}/token", renew_token),
    )
]
