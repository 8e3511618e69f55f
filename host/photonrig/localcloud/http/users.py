"""``/v1/users`` and ``/v1/user``: developers' accounts."""

from __future__ import annotations

import asyncio
from typing import Any

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, OpenCall, open_route, route
from photonrig.localcloud.http.errors import errors_list
from photonrig.localcloud.secrets import hash_password

__all__ = ["ROUTES"]


async def create(call: OpenCall) -> Answer:
    """Create a user; anyone may."""
    username, password = call.body.text("username"), call.body.text("password")
    info = call.body.fields.get("account_info")
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
    call.require(Action.ACCOUNT)
    user = call.cloud.store.users.get(call.user_id)
    assert user is not None
    return {
        "username": user.username,
        "subscription_ids": [],
        "tos": {},
        "account_info": user.account_info,
        "mfa": {"enabled": False},
        "memberships": [],
        "no_password": False,
        "wifi_device_count": 0,
        "cellular_device_count": 0,
        "scim_provisioned": False,
    }


ROUTES = [open_route("POST", "/v1/users", create), route("GET", "/v1/user", show)]
