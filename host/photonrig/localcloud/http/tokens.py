"""``/v1/access_tokens``: list and revoke tokens."""

from __future__ import annotations

from photonrig.localcloud.http.call import Answer, Call, OpenCall, basic_credentials, open_route, route
from photonrig.localcloud.http.errors import oauth_error
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.views import timestamp


class Otp(Fields):
    """A one-time password, if the user has them."""

    otp: str = ""


async def list_tokens(call: OpenCall[object, Otp]) -> Answer:
    """List a user's tokens, by user name and password.

    The tokens themselves are not stored: the listed values only serve to revoke them.
    """
    credentials = basic_credentials(call.request)
    if credentials is None:
        raise oauth_error(400, "invalid_request", "Listing tokens needs user name and password (Basic authorization)")
    return [
        {"token": token.hash[:40], "expires_at": timestamp(token.expires_at), "client": token.client}
        for token in await call.cloud.grants.tokens_of(*credentials, call.query.otp)
    ]


async def current(call: Call) -> Answer:
    """Show the token in use."""
    return {
        "expires_at": timestamp(call.token.expires_at),
        "client": call.token.client,
        "scopes": sorted(call.principal.scopes),
        "orgs": [],
    }


async def revoke_current(call: Call) -> Answer:
    """Revoke the token in use."""
    call.cloud.tokens.revoke(call.token)
    return {"ok": True}


async def revoke_all(call: Call) -> Answer:
    """Revoke all tokens of the account."""
    call.cloud.tokens.revoke_all(call.token.kind, call.token.subject)
    return {"ok": True}


async def revoke(call: OpenCall) -> Answer:
    """Revoke the token in the path, known to any caller; an unknown one is not an error."""
    call.cloud.tokens.revoke_named(call.path("token"))
    return {"ok": True}


ROUTES = [
    open_route("GET", "/v1/access_tokens", list_tokens, query=Otp),
    route("DELETE", "/v1/access_tokens", revoke_all),
    route("GET", "/v1/access_tokens/current", current),
    route("DELETE", "/v1/access_tokens/current", revoke_current),
    open_route("DELETE", "/v1/access_tokens/{token}", revoke),
]
