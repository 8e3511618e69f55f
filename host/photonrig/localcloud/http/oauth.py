"""``POST /oauth/token``: access tokens by password, client or refresh token."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar

from starlette.requests import Request

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, OpenCall, basic_credentials, open_route
from photonrig.localcloud.http.errors import NOT_STORED
from photonrig.localcloud.http.fields import Fields, says
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.clients import Credentials
from photonrig.localcloud.service.grants import DEFAULT_SECONDS
from photonrig.localcloud.service.records import Customer, GrantedToken
from photonrig.localcloud.service.refusal import ServiceRefusal

_BAD_LIFETIME = "expires_in must be seconds, expires_at a date or null"

# Texts and their order: lib/grant.js of github.com/particle-iot/node-oauth2-server (3.2.3).
_NO_FORM = "Method must be POST with application/x-www-form-urlencoded encoding"
_NO_GRANT = "Invalid or missing grant_type parameter"
_ODD_GRANT = "Invalid grant_type parameter or parameter missing"
_NO_USER_DATA = 'Missing parameters. "username" and "password" are required'
_NO_REFRESH = 'No "refresh_token" parameter'
_NO_OTP = "You must provide otp and mfa token."
_FORM = "application/x-www-form-urlencoded"
_GRANTS = ("password", "refresh_token", "client_credentials", "urn:custom:mfa-otp")


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
    if call.sent.kind != "form" or not call.request.headers.get("content-type", "").lower().startswith(_FORM):
        raise Grant.refused(_NO_FORM)
    asked, grants = call.body, call.cloud.grants
    if asked.grant_type.lower() not in _GRANTS:
        raise Grant.refused(_NO_GRANT)
    by = named_client(call.request, asked.client_id, asked.client_secret)
    call.cloud.clients.authenticated(by)
    customer = None
    match asked.grant_type:
        case "password":
            if not asked.username or not asked.password:
                raise ServiceRefusal(Situation.GRANT_INVALID_CLIENT, text=_NO_USER_DATA)
            granted = await grants.by_password(by, asked.username, asked.password, _lifetime(call))
        case "urn:custom:mfa-otp":
            if not asked.otp or not asked.mfa_token:
                raise Grant.refused(_NO_OTP)
            granted = grants.by_otp(by, asked.mfa_token, asked.otp)
        case "client_credentials":
            granted, customer = grants.by_client(by, asked.scope, _lifetime(call))
        case "refresh_token":
            if not asked.refresh_token:
                raise Grant.refused(_NO_REFRESH)
            granted = grants.by_refresh_token(by, asked.refresh_token, _lifetime(call))
        case _:
            raise Grant.refused(_ODD_GRANT)
    return Json(token_body(granted, customer), headers=NOT_STORED)


def named_client(request: Request, client_id: str | None, secret: str | None) -> Credentials:
    """The client's credentials: those of Basic authorization, or else of the body."""
    return Credentials(*(basic_credentials(request) or (client_id or "", secret or "")))


def token_body(granted: GrantedToken, customer: Customer | None = None) -> dict[str, object]:
    """A grant's response body; ``expires_in`` 0 means never, and such a token has no refresh token."""
    return {
        "token_type": "bearer",
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        **({"refresh_token": granted.refresh_token} if granted.expires_in else {}),
        **({} if customer is None else {"scope": f"customer={customer.email}"}),
    }


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
