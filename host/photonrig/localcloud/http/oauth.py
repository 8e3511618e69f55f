"""``POST /oauth/token``: access tokens by password, client or refresh token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from starlette.requests import Request

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, OpenCall, basic_credentials, open_route
from photonrig.localcloud.http.fields import Fields, says
from photonrig.localcloud.service.clients import Credentials
from photonrig.localcloud.service.grants import DEFAULT_SECONDS
from photonrig.localcloud.service.records import Customer, GrantedToken

_BAD_LIFETIME = "expires_in must be seconds, expires_at a date or null"
_NO_GRANT = "Invalid or missing grant_type parameter"


class Grant(Fields):
    """Fields of all grants: ``expires_in`` in seconds (0 = never), or ``expires_at`` an ISO date (null = never)."""

    SITUATION = Situation.GRANT_INVALID_REQUEST
    MISSING = _NO_GRANT
    KINDS: ClassVar[tuple[str, ...]] = ("form",)

    grant_type: str
    username: str = ""
    password: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    scope: str = ""
    refresh_token: str = ""
    expires_in: Annotated[int, says(_BAD_LIFETIME, le=10**10 - 1)] | None = None
    expires_at: str | None = None
    mfa_token: str = ""
    otp: str = ""


async def grant(call: OpenCall[Grant]) -> Answer:
    """Grant a token; the body must be a form."""
    if call.sent.kind == "json":
        raise Grant.refused("Method must be POST with application/x-www-form-urlencoded encoding")
    asked, grants = call.body, call.cloud.grants
    by = named_client(call.request, asked.client_id, asked.client_secret)
    match asked.grant_type:
        case "password":
            if not asked.username or asked.password is None:
                raise Grant.refused('Missing parameters. "username" and "password" are required')
            return token_body(await grants.by_password(by, asked.username, asked.password, _lifetime(call)))
        case "urn:custom:mfa-otp":
            return token_body(grants.by_otp(by, asked.mfa_token, asked.otp))
        case "client_credentials":
            return token_body(*grants.by_client(by, asked.scope, _lifetime(call)))
        case "refresh_token":
            return token_body(grants.by_refresh_token(by, asked.refresh_token, _lifetime(call)))
    call.cloud.clients.authenticated(by)
    raise Grant.refused(_NO_GRANT)


def named_client(request: Request, client_id: str | None, secret: str | None) -> Credentials:
    """The client's credentials, from Basic authorization or the body.

    :raises ServiceRefusal: both name a client
    """
    named = basic_credentials(request)
    if named and any(given not in (None, other) for given, other in zip((client_id, secret), named, strict=True)):
        raise Grant.refused("The Authorization header and the body name clients that differ")
    return Credentials(*(named or (client_id or "", secret or "")))


def token_body(granted: GrantedToken, customer: Customer | None = None) -> dict[str, object]:
    """A grant's response body; ``expires_in`` 0 means never."""
    return {
        "token_type": "bearer",
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        "refresh_token": granted.refresh_token,
    } | ({} if customer is None else {"scope": f"customer={customer.email}"})


def _lifetime(call: OpenCall[Grant]) -> int:
    """Lifetime of the token in seconds, 0 for ever."""
    asked = call.body
    if asked.expires_in is not None:
        return asked.expires_in
    if asked.expires_at is None:
        return DEFAULT_SECONDS
    if asked.expires_at in ("null", ""):
        return 0
    try:
        moment = datetime.fromisoformat(asked.expires_at)
    except ValueError:
        raise Grant.refused(_BAD_LIFETIME) from None
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - call.cloud.now())
    if seconds <= 0:
        raise Grant.refused("expires_at is in the past")
    return seconds


ROUTES = [open_route("POST", "/oauth/token", grant, body=Grant)]
