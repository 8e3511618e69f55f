"""``/v1/users`` and ``/v1/user``: developers' accounts, with one-time passwords if they want them."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, OpenCall, open_route, route
from photonrig.localcloud.http.errors import errors_list, oauth_error, refused
from photonrig.localcloud.http.passwords import password_holds
from photonrig.localcloud.secrets import hash_password, new_mfa_key, otp_matches
from photonrig.localcloud.store.accounts import User
from photonrig.ownership.model import Owner

__all__ = ["ROUTES"]


async def create(call: OpenCall) -> Answer:
    """Create a user; anyone may."""
    username, password = call.sent.text("username"), call.sent.text("password")
    info = call.sent.fields.get("account_info")
    account_info: dict[str, Any] = info if isinstance(info, dict) else {}
    if not username or not password:
        raise errors_list(400, "username and password are required")
    hashed = await asyncio.to_thread(hash_password, password)
    with call.cloud.store.write():
        if call.cloud.store.users.add(username, hashed, account_info) is None:
            raise errors_list(400, "username must be unique")
    return {"ok": True}


async def show(call: Call) -> Answer:
    """The user who asks."""
    user = _user(call)
    return {
        "username": user.username,
        "subscription_ids": [],
        "tos": {},
        "account_info": user.account_info,
        "mfa": {"enabled": user.mfa_key is not None},
        "memberships": [{"organization_id": each} for each in call.principal.organizations],
        "no_password": False,
        "wifi_device_count": len(call.cloud.store.devices.of_owner(Owner("user", user.id))),
        "cellular_device_count": 0,
        "scim_provisioned": False,
    }


async def identify(call: Call) -> Answer:
    """Who the user is, for programs that count their users."""
    user = _user(call)
    tracking = call.request.query_params.get("tracking") == "1"
    return {"id": user.id} if tracking else {"id": user.id, "email": user.username}


async def update(call: Call) -> Answer:
    """Change name, password or account information; the first two ask for the present password."""
    _user(call)
    username, password = call.sent.text("username"), call.sent.text("password")
    info = call.sent.fields.get("account_info")
    if not (username or password or isinstance(info, dict)):
        raise refused(400, "Name at least one of username, password and account_info")
    hashed = await asyncio.to_thread(hash_password, password) if password else None
    if username or password:
        await _check_password(call, "current_password")
    users = call.cloud.store.users
    with call.cloud.store.write():
        user = _user(call)
        if username and not users.rename(user.id, username):
            raise errors_list(400, "username must be unique")
        if hashed is not None:
            users.set_password(user.id, hashed)
        if isinstance(info, dict):
            users.set_account_info(user.id, info)
        if call.sent.flag("invalidate_tokens"):
            call.cloud.tokens.revoke_all("user", user.id, keep=call.token)
    return {"ok": True, "message": "User updated"}


async def remove(call: Call) -> Answer:
    """Delete the account: devices are released, tokens and webhooks end."""
    await _check_password(call, "password")
    user = _user(call)
    if any(product.user_id == user.id for product in call.cloud.store.products.of_user(user.id)):
        raise refused(400, "The user founded a product; an account without products can be deleted")
    hooks = call.cloud.store.hooks.of("user", user.id)
    with call.cloud.store.write():
        call.cloud.tokens.revoke_all("user", user.id)
        for hook in hooks:
            call.cloud.store.hooks.remove(hook.id)
        call.cloud.ownership.remove_user(user)
    for hook in hooks:
        call.cloud.hooks.changed(hook.id)
    return {"ok": True}


async def reset_password(call: OpenCall) -> Answer:
    """Ask for a new password; the answer is the same whether or not there is such a user."""
    username = call.sent.text("username")
    if not username:
        raise errors_list(400, "username is required")
    user = call.cloud.store.users.named(username)
    if user is not None:
        with call.cloud.store.write():
            call.cloud.store.challenges.answered("reset password", user.id)
            call.cloud.store.challenges.ask("reset password", user.id)
    return {"ok": True}


async def offer_mfa(call: Call) -> Answer:
    """A key for an authenticator; it takes effect once a one-time password made with it has come back."""
    user = _user(call)
    if user.mfa_key is not None:
        raise refused(400, "Multifactor authentication is already enabled")
    key = new_mfa_key()
    with call.cloud.store.write():
        call.cloud.store.challenges.answered("enable mfa", user.id)
        token = call.cloud.store.challenges.ask("enable mfa", user.id, key=key)
    return {
        "mfa_token": token,
        "key": key,
        "otpauth": pyotp.TOTP(key).provisioning_uri(name=user.username, issuer_name="photonrig"),
    }


async def enable_mfa(call: Call) -> Answer:
    """From now on, logging in takes a one-time password."""
    user = _user(call)
    challenge = call.cloud.store.challenges.find("enable mfa", call.sent.text("mfa_token") or "")
    if challenge is None or challenge.user_id != user.id:
        raise refused(400, "This mfa_token is not valid any more; ask for another key")
    key = challenge.facts["key"]
    if not otp_matches(key, call.sent.text("otp") or "", call.cloud.now()):
        with call.cloud.store.write():
            call.cloud.store.challenges.failed(challenge)
        raise refused(400, "This is not the key's one-time password")
    with call.cloud.store.write():
        call.cloud.store.users.set_mfa_key(user.id, key)
        call.cloud.store.challenges.answered("enable mfa", user.id)
        if call.sent.flag("invalidate_tokens"):
            call.cloud.tokens.revoke_all("user", user.id, keep=call.token)
    return {"ok": True}


async def disable_mfa(call: Call) -> Answer:
    """The password alone suffices again."""
    await _check_password(call, "current_password")
    with call.cloud.store.write():
        call.cloud.store.users.set_mfa_key(_user(call).id, None)
    return {"ok": True}


def _user(call: Call) -> User:
    call.require(Action.ACCOUNT)
    user = call.cloud.store.users.get(call.user_id)
    if user is None:
        raise oauth_error(401, "invalid_token", "The access token provided is invalid.")
    return user


async def _check_password(call: Call, field: str) -> None:
    if not await password_holds(call.sent.text(field) or "", lambda: _user(call).password):
        raise refused(403, f"{field} is not the account's password")


ROUTES = [
    open_route("POST", "/v1/users", create),
    route("GET", "/v1/user", show),
    route("PUT", "/v1/user", update),
    route("DELETE", "/v1/user", remove),
    route("GET", "/v1/user/identify", identify),
    open_route("POST", "/v1/user/password-reset", reset_password),
    route("GET", "/v1/user/mfa-enable", offer_mfa),
    route("POST", "/v1/user/mfa-enable", enable_mfa),
    route("PUT", "/v1/user/mfa-disable", disable_mfa),
]
