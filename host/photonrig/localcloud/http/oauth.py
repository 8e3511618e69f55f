"""``POST /oauth/token``: passwords, clients and refresh tokens become access tokens."""

from __future__ import annotations

from datetime import UTC, datetime

from photonrig.localcloud import assumptions
from photonrig.localcloud.http.body import Body
from photonrig.localcloud.http.call import Answer, OpenCall, basic_credentials, open_route
from photonrig.localcloud.http.errors import ApiError, oauth_error
from photonrig.localcloud.http.passwords import password_holds
from photonrig.localcloud.secrets import otp_matches
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.store.accounts import Client, Customer, User
from photonrig.localcloud.store.tokens import GrantedToken, TokenKind

__all__ = ["DEFAULT_SECONDS", "ROUTES", "authenticated_client", "token_body"]

DEFAULT_SECONDS = 7_776_000  # 90 days

# Clients that come with Particle's own programs; what they call their secret is public.
_PUBLIC_CLIENTS = {
    "particle": "particle",
    "particle-api": "particle-api",
    "particle-cli": "particle-cli",
    "CLI2": "client_secret_here",
    "user": "client_secret_here",  # the CLI's token create
}


async def grant(call: OpenCall) -> Answer:
    """All grants; the body must be a form."""
    if call.sent.kind == "json":
        raise oauth_error(400, "invalid_request", "Method must be POST with application/x-www-form-urlencoded encoding")
    body = call.sent
    grant_type = body.text("grant_type")
    client_id, client = authenticated_client(call)
    if grant_type == "password":
        return await _password(call)
    if grant_type == "urn:custom:mfa-otp":
        return _one_time_password(call.cloud, body, client_id)
    if grant_type == "client_credentials":
        return _client_credentials(call.cloud, body, client)
    if grant_type == "refresh_token":
        return _refresh(call.cloud, body, client_id)
    raise oauth_error(400, "invalid_request", "Invalid or missing grant_type parameter")


async def _password(call: OpenCall) -> Answer:
    cloud, body = call.cloud, call.sent
    username, password = body.text("username"), body.text("password")
    if not username or password is None:
        raise oauth_error(400, "invalid_request", 'Missing parameters. "username" and "password" are required')

    def account() -> Customer | User | None:
        _, client = authenticated_client(call)
        customer = None
        if client is not None and client.product_id is not None:
            customer = cloud.store.customers.named(client.product_id, username)
        return cloud.store.users.named(username) if customer is None else customer

    def kept() -> str | None:
        found = account()
        return None if found is None else found.password

    holds = await password_holds(password, kept)
    found = account()
    if not holds or found is None:
        raise oauth_error(400, "invalid_grant", "User credentials are invalid")
    client_id, _ = authenticated_client(call)
    seconds = _lifetime(cloud, body)
    if isinstance(found, User) and found.mfa_key is not None:
        with cloud.store.write():
            asked = cloud.store.challenges.ask("log in", found.id, client=client_id, seconds=seconds)
        required = oauth_error(403, "mfa_required", "Multifactor authentication required")
        raise ApiError(required.status, {**required.body, "mfa_token": asked})
    with cloud.store.write():
        kind: TokenKind = "user" if isinstance(found, User) else "customer"
        granted = cloud.store.tokens.grant(kind, found.id, client_id, seconds)
    return token_body(granted)


def _one_time_password(cloud: Cloud, body: Body, client_id: str) -> Answer:
    """The second half of logging in with MFA."""
    challenge = cloud.store.challenges.find("log in", body.text("mfa_token") or "")
    user = None if challenge is None else cloud.store.users.get(challenge.user_id)
    if challenge is None or user is None or user.mfa_key is None or challenge.facts["client"] != client_id:
        raise oauth_error(400, "invalid_grant", assumptions.MFA_LATE.chosen)
    if not otp_matches(user.mfa_key, body.text("otp") or "", cloud.now()):
        with cloud.store.write():
            cloud.store.challenges.failed(challenge)
        raise oauth_error(400, "invalid_grant", assumptions.MFA_WRONG.chosen)
    with cloud.store.write():
        cloud.store.challenges.answered("log in", user.id)
        return token_body(cloud.store.tokens.grant("user", user.id, client_id, challenge.facts["seconds"]))


def _client_credentials(cloud: Cloud, body: Body, client: Client | None) -> Answer:
    if client is None or client.product_id is None:
        raise oauth_error(400, "unauthorized_client", "The client belongs to no product; create it in the product")
    if client.scope not in (None, "*:*"):
        raise oauth_error(400, "unauthorized_client", "The client may only create customers; it needs full permission")
    seconds = _lifetime(cloud, body)
    scope = body.text("scope")
    if not scope:
        with cloud.store.write():
            return token_body(cloud.store.tokens.grant("product", str(client.product_id), client.id, seconds))
    for spelling in ("customer=", *assumptions.SCOPE_SPELLINGS.chosen):
        if scope.startswith(spelling):
            email = scope.removeprefix(spelling)
            break
    else:
        raise oauth_error(400, "invalid_scope", "The scope must be customer=EMAIL")
    customer = cloud.store.customers.named(client.product_id, email)
    if customer is None:
        raise oauth_error(
            400, "invalid_grant", "No customer of this product has that e-mail; create the customer first"
        )
    with cloud.store.write():
        granted = cloud.store.tokens.grant("customer", customer.id, client.id, seconds)
    return token_body(granted, scope=f"customer={customer.email}")


def _refresh(cloud: Cloud, body: Body, client_id: str) -> Answer:
    token = cloud.store.tokens.find_refresh(body.text("refresh_token") or "")
    if token is None or token.client != client_id:
        raise oauth_error(400, "invalid_grant", "Invalid refresh token")
    seconds = _lifetime(cloud, body)
    with cloud.store.write():
        granted = cloud.store.tokens.grant(token.kind, token.subject, token.client, seconds)
        cloud.tokens.revoke(token)
    return token_body(granted)


def authenticated_client(call: OpenCall) -> tuple[str, Client | None]:
    """The client that asks, by Basic authorization or by fields: its id, and its record unless it is a public one.

    :raises ApiError: no client, or the secret is wrong
    """
    named = basic_credentials(call.request)
    in_body = call.sent.text("client_id"), call.sent.text("client_secret")
    if named and any(given not in (None, other) for given, other in zip(in_body, named, strict=True)):
        raise oauth_error(400, "invalid_request", "The Authorization header and the body name clients that differ")
    client_id, secret = named or (in_body[0], in_body[1] or "")
    if not client_id:
        raise oauth_error(400, "invalid_client", "Invalid or missing client_id parameter")
    if _PUBLIC_CLIENTS.get(client_id) == secret:
        return client_id, None
    client = call.cloud.store.clients.get(client_id)
    if client is None or not client.has_secret(secret):
        raise oauth_error(*assumptions.BAD_CLIENT.chosen)
    return client_id, client


def token_body(granted: GrantedToken, **more: str) -> dict[str, object]:
    """A grant as the API returns it; ``expires_in`` 0 means never."""
    return {
        "token_type": "bearer",
        "access_token": granted.access_token,
        "expires_in": granted.expires_in,
        "refresh_token": granted.refresh_token,
        **more,
    }


def _lifetime(cloud: Cloud, body: Body) -> int:
    """Seconds the token shall live: ``expires_in`` (0 = never), or ``expires_at`` (ISO date, null = never)."""
    bad: ApiError = oauth_error(400, "invalid_request", "expires_in must be seconds, expires_at a date or null")
    expires_in, expires_at = body.text("expires_in"), body.text("expires_at")
    if expires_in is not None:
        if not (expires_in.isascii() and expires_in.isdecimal()) or len(expires_in) > 10:
            raise bad
        return int(expires_in)
    if expires_at is None:
        return DEFAULT_SECONDS
    if expires_at in ("null", ""):
        return 0
    try:
        moment = datetime.fromisoformat(expires_at)
    except ValueError:
        raise bad from None
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - cloud.now())
    if seconds <= 0:
        raise oauth_error(400, "invalid_request", "expires_at is in the past")
    return seconds


ROUTES = [open_route("POST", "/oauth/token", grant)]
