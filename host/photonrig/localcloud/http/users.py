"""``/v1/users`` and ``/v1/user``: developers' accounts, with optional one-time passwords."""

from __future__ import annotations

from typing import Any

import msgspec
import pyotp

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, OpenCall, open_route, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.service.passwords import hashed, password_holds
from photonrig.localcloud.service.records import User
from photonrig.localcloud.service.refusal import ServiceRefusal, forbidden, invalid


class NewUser(Fields):
    """A new account."""

    username: str
    password: str
    account_info: dict[str, Any] = msgspec.field(default_factory=dict)

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """Refusal when either is missing."""
        return ServiceRefusal(Situation.ACCOUNT_INVALID, text="username and password are required")


class ChangedUser(Fields):
    """New values; name and password require the current password."""

    current_password: str = ""
    username: str | None = None
    password: str | None = None
    account_info: dict[str, Any] | None = None
    invalidate_tokens: bool = False


class Password(Fields):
    """The current password, to delete an account."""

    password: str

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """Refusal of no password: as of a wrong one."""
        return _not_the_password(name)


class CurrentPassword(Password):
    """The current password, to disable one-time passwords."""

    password: str = msgspec.field(name="current_password")


class Forgetful(Fields):
    """The user to reset."""

    SITUATION = Situation.ACCOUNT_INVALID

    username: str


class OneTimePassword(Fields):
    """The token of the offered key, and a password made with it."""

    mfa_token: str
    otp: str
    invalidate_tokens: bool = False


class Tracking(Fields):
    """``1`` leaves out the e-mail."""

    tracking: str = ""


async def create(call: OpenCall[NewUser]) -> Answer:
    """Create a user; no token needed."""
    wanted = call.body
    call.cloud.accounts.create(wanted.username, await hashed(wanted.password), wanted.account_info)
    return {"ok": True}


async def show(call: Call) -> Answer:
    """Show the user."""
    user = _user(call)
    return {
        "username": user.username,
        "subscription_ids": [],
        "tos": {},
        "account_info": user.account_info,
        "mfa": {"enabled": user.mfa_key is not None},
        "memberships": [{"organization_id": each} for each in call.principal.organizations],
        "no_password": False,
        "wifi_device_count": call.cloud.accounts.device_count(user),
        "cellular_device_count": 0,
        "scim_provisioned": False,
    }


async def identify(call: Call[object, Tracking]) -> Answer:
    """Identify the user, for analytics of clients."""
    user = _user(call)
    return {"id": user.id} if call.query.tracking == "1" else {"id": user.id, "email": user.username}


async def update(call: Call[ChangedUser]) -> Answer:
    """Change name, password or account information; the first two require the current password."""
    _user(call)
    wanted = call.body
    if not (wanted.username or wanted.password or wanted.account_info is not None):
        raise invalid("Name at least one of username, password and account_info")
    password = await hashed(wanted.password) if wanted.password else None
    if wanted.username or password:
        await _prove(call, wanted.current_password, "current_password")
    call.cloud.accounts.change(
        _user(call),
        username=wanted.username,
        password=password,
        info=wanted.account_info,
        only=call.token if wanted.invalidate_tokens else None,
    )
    return {"ok": True, "message": "User updated"}


async def remove(call: Call[Password]) -> Answer:
    """Delete the account: devices are released, tokens and webhooks end."""
    _user(call)
    await _prove(call, call.body.password, "password")
    call.cloud.accounts.remove(_user(call))
    return {"ok": True}


async def reset_password(call: OpenCall[Forgetful]) -> Answer:
    """Request a password reset; the answer is the same for unknown users."""
    call.cloud.accounts.forgot(call.body.username)
    return {"ok": True}


async def offer_mfa(call: Call) -> Answer:
    """Offer a key for one-time passwords; enabled by a password made with it.

    Fields of both answers: particle-api-js 12.0.2, src/types/responses.ts (EnableMfaResponse, ConfirmMfaResponse).
    """
    user = _user(call)
    token, key = call.cloud.accounts.offer_mfa(user)
    address = pyotp.TOTP(key).provisioning_uri(name=user.username, issuer_name="photonrig")
    return {"mfa_token": token, "qr_url": address, "secret": key}


async def enable_mfa(call: Call[OneTimePassword]) -> Answer:
    """Enable one-time passwords for logging in."""
    user, given = _user(call), call.body
    only = call.token if given.invalidate_tokens else None
    call.cloud.accounts.enable_mfa(user, given.mfa_token, given.otp, only)
    return {"enrolled": True}


async def disable_mfa(call: Call[CurrentPassword]) -> Answer:
    """Disable one-time passwords."""
    _user(call)
    await _prove(call, call.body.password, "current_password")
    call.cloud.accounts.disable_mfa(_user(call))
    return {"ok": True}


def _user(call: Call) -> User:
    call.require(Action.ACCOUNT)
    return call.cloud.accounts.user(call.user_id)


async def _prove(call: Call, password: str, field: str) -> None:
    if not await password_holds(password, lambda: _user(call).password):
        raise _not_the_password(field)


def _not_the_password(field: str) -> ServiceRefusal:
    return forbidden(f"{field} is not the account's password")


ROUTES = [
    open_route("POST", "/v1/users", create, body=NewUser),
    route("GET", "/v1/user", show),
    route("PUT", "/v1/user", update, body=ChangedUser),
    route("DELETE", "/v1/user", remove, body=Password),
    route("GET", "/v1/user/identify", identify, query=Tracking),
    open_route("POST", "/v1/user/password-reset", reset_password, body=Forgetful),
    route("GET", "/v1/user/mfa-enable", offer_mfa),
    route("POST", "/v1/user/mfa-enable", enable_mfa, body=OneTimePassword),
    route("PUT", "/v1/user/mfa-disable", disable_mfa, body=CurrentPassword),
]
