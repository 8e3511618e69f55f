"""``/v1/products/:p/team``: who works on a product, and in which role."""

from __future__ import annotations

from photonrig.localcloud.eras import Action, Role
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused

__all__ = ["ROUTES"]

_ROLES = {
    "View-only": Role.VIEW_ONLY,
    "Support": Role.SUPPORT,
    "Developer": Role.DEVELOPER,
    "Administrator": Role.ADMINISTRATOR,
}
_NAMES = {role: name for name, role in _ROLES.items()}


async def list_team(call: Call) -> Answer:
    """The members of a product's team."""
    product = call.product(Action.TEAM_LIST)
    members = []
    for user_id, role in call.cloud.store.products.team(product.id).items():
        user = call.cloud.store.users.get(user_id)
        assert user is not None
        members.append({"username": user.username, "role": _NAMES[role], "is_programmatic": False})
    return members


async def invite(call: Call) -> Answer:
    """Put a user on the team, or change the user's role; a choice: without a mail and its confirmation."""
    product = call.product(Action.TEAM_EDIT)
    username = call.path("username") if "username" in call.request.path_params else call.body.text("username") or ""
    wanted = call.body.text("role") or "Developer"
    role = {name.lower(): role for name, role in _ROLES.items()}.get(wanted.lower())
    if role is None:
        raise refused(400, f"role must be one of {', '.join(_ROLES)}")
    user = call.cloud.store.users.named(username)
    if user is None:
        raise refused(404, "User not found")
    if user.id == product.user_id and role is not Role.ADMINISTRATOR:
        raise refused(400, "The product's creator stays its administrator")
    with call.cloud.store.write():
        call.cloud.store.products.set_role(product.id, user.id, role)
    return {"ok": True, "invited": {"username": user.username}}


async def remove(call: Call) -> Answer:
    """Take a user off the team."""
    product = call.product(Action.TEAM_EDIT)
    user = call.cloud.store.users.named(call.path("username"))
    if user is None or user.id not in call.cloud.store.products.team(product.id):
        raise refused(404, "User not found")
    if user.id == product.user_id:
        raise refused(400, "The product's creator stays on its team")
    with call.cloud.store.write():
        call.cloud.store.products.remove_member(product.id, user.id)
    # Streams carry the rights they were opened with: end the user's, so that they are opened anew with what is left.
    for token in call.cloud.store.tokens.of("user", user.id):
        call.cloud.bus.close_token(token.hash)
    return {"ok": True}


ROUTES = [
    route("GET", "/v1/products/{product}/team", list_team),
    route("POST", "/v1/products/{product}/team", invite),
    route("POST", "/v1/products/{product}/team/{username}", invite),
    route("PUT", "/v1/products/{product}/team/{username}", invite),
    route("DELETE", "/v1/products/{product}/team/{username}", remove),
]
