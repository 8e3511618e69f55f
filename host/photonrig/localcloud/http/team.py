"""``/v1/products/:p/team`` and ``/v1/orgs/:o/team``: members and roles.

Members include API users: programs with scopes instead of a role, and one token that never expires.
"""

from __future__ import annotations

from typing import Any

import msgspec

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields, Stripped
from photonrig.localcloud.service.records import ApiUser
from photonrig.localcloud.service.refusal import invalid
from photonrig.localcloud.service.teams import ROLE_NAMES, Place


class Member(Fields):
    """A user's role, or an API user's ``scopes``."""

    role: str = ""
    scopes: list[str] = msgspec.field(default_factory=list)


class NewMember(Member):
    """A user by name, or an API user with a friendly name."""

    username: str = ""
    friendly_name: Stripped = ""


async def list_team(call: Call) -> Answer:
    """List the members of the team, users and API users."""
    place = _place(call, Action.TEAM_LIST)
    members: list[dict[str, Any]] = [
        {"username": user.username, "role": ROLE_NAMES[role], "is_programmatic": False}
        for user, role in call.cloud.teams.members(place)
    ]
    return members + [
        {
            "username": each.username,
            "friendly_name": each.friendly_name,
            "is_programmatic": True,
            "scopes": sorted(each.scopes),
            "product_id": each.product_id,
        }
        for each in call.cloud.teams.programs(place)
    ]


async def invite(call: Call[NewMember]) -> Answer:
    """Add a user to the team, at once and without a mail; or with ``scopes``, create an API user."""
    if "scopes" in call.sent.fields:
        place, wanted = _place(call, Action.API_USERS), call.body
        if not wanted.friendly_name:
            raise invalid("friendly_name is required")
        made = call.cloud.teams.add_program(place, wanted.friendly_name, wanted.scopes)
        return {"ok": True, "created": _with_token(*made)}
    place, wanted = _place(call, Action.TEAM_INVITE), call.body
    user = call.cloud.teams.set_role(place, wanted.username, wanted.role or "Developer")
    return {"ok": True, "invited": {"username": user.username}}


async def update(call: Call[Member]) -> Answer:
    """Change a user's role, or an API user's ``scopes``."""
    username = call.path("username")
    if "scopes" in call.sent.fields:
        place = _place(call, Action.API_USERS)
        return {"ok": True, "updated": _with_token(*call.cloud.teams.rescope(place, username, call.body.scopes))}
    place = _place(call, Action.TEAM_UPDATE)
    call.cloud.teams.set_role(place, username, call.body.role or "Developer")
    return {"ok": True}


async def remove(call: Call) -> Answer:
    """Remove a user from the team, or delete an API user."""
    call.cloud.teams.remove(_place(call, Action.TEAM_REMOVE), call.path("username"))
    return {"ok": True}


async def renew_token(call: Call) -> Answer:
    """Replace an API user's token; the old one ends."""
    place = _place(call, Action.API_USERS)
    return {"ok": True, "created": _with_token(*call.cloud.teams.renew_token(place, call.path("username")))}


def _place(call: Call, action: Action) -> Place:
    """The product or organization in the path, if the caller may do this there."""
    return call.product(action) if "product" in call.request.path_params else call.organization(action)


def _with_token(user: ApiUser, token: str) -> dict[str, Any]:
    return {"username": user.username, "is_programmatic": True, "tokens": [{"token": token}]}


ROUTES = [
    each
    for base in ("/v1/products/{product}/team", "/v1/orgs/{organization}/team")
    for each in (
        route("GET", base, list_team),
        route("POST", base, invite, body=NewMember),
        route("POST", f"{base}/{{username}}", update, body=Member),
        route("PUT", f"{base}/{{username}}", update, body=Member),
        route("DELETE", f"{base}/{{username}}", remove),
        route("PUT", f"{base}/{{username}}/token", renew_token),
    )
]
