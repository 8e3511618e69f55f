"""``/v1/access_tokens``: listing and ending tokens."""

from __future__ import annotations

from photonrig.localcloud.http.call import Answer, Call, OpenCall, basic_credentials, open_route, route
from photonrig.localcloud.http.errors import errors_list, oauth_error
from photonrig.localcloud.http.passwords import password_holds
from photonrig.localcloud.secrets import otp_matches
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.store.accounts import User

__all__ = ["ROUTES"]


async def list_tokens(call: OpenCall) -> Answer:
    """A user's tokens, by user name and password.

    The tokens themselves are not kept: what is listed in their place serves to revoke them, and for nothing else.
    """
    credentials = basic_credentials(call.request)
    if credentials is None:
        raise oauth_error(400, "invalid_request", "Listing tokens needs user name and password (Basic authorization)")
    name, password = credentials
    _named(call, name)
    if not await password_holds(password, lambda: _named(call, name).password):
        raise errors_list(401, "Bad password")
    user = _named(call, name)
    otp = call.sent.text("otp") or call.request.query_params.get("otp") or ""
    if user.mfa_key is not None and not otp_matches(user.mfa_key, otp, call.cloud.now()):
        raise errors_list(401, "One-time password required: otp")
    return [
        {
            "token": token.hash[:40],
            "expires_at": None if token.expires_at is None else iso_time(token.expires_at),
            "client": token.client,
        }
        for token in call.cloud.store.tokens.of("user", user.id)
    ]


def _named(call: OpenCall, name: str) -> User:
    user = call.cloud.store.users.named(name)
    if user is None:
        raise errors_list(400, "Unknown user")
    return user


async def current(call: Call) -> Answer:
    """The token that asks."""
    expires_at = call.token.expires_at
    return {
        "expires_at": None if expires_at is None else iso_time(expires_at),
        "client": call.token.client,
        "scopes": sorted(call.principal.scopes),
        "orgs": [],
    }


async def revoke_current(call: Call) -> Answer:
    """End the token that asks."""
    call.cloud.tokens.revoke(call.token)
    return {"ok": True}


async def revoke_all(call: Call) -> Answer:
    """End all tokens of the account."""
    call.cloud.tokens.revoke_all(call.token.kind, call.token.subject)
    return {"ok": True}


async def revoke(call: OpenCall) -> Answer:
    """End the token named in the address; whoever knows it may, and an unknown one is no error."""
    with call.cloud.store.write():
        for token in call.cloud.store.tokens.matching(call.path("token")):
            call.cloud.tokens.revoke(token)
    return {"ok": True}


ROUTES = [
    open_route("GET", "/v1/access_tokens", list_tokens),
    route("DELETE", "/v1/access_tokens", revoke_all),
    route("GET", "/v1/access_tokens/current", current),
    route("DELETE", "/v1/access_tokens/current", revoke_current),
    open_route("DELETE", "/v1/access_tokens/{token}", revoke),
]
