"""``/admin``: what staff, the console or a mail did, for whoever runs this cloud. No path of Particle's.

Opened by the token in the state folder's ``admin.token``, and by nothing else.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.routing import Route

from photonrig.localcloud.http.call import Answer, OpenCall, bearer_token, open_route
from photonrig.localcloud.http.errors import oauth_error, refused
from photonrig.localcloud.http.views import owner_name, product_device_view
from photonrig.localcloud.secrets import hash_password
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.store.accounts import User
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.transfers import Transfer
from photonrig.ownership.model import Owner, Refused

__all__ = ["ROUTES"]


async def show(call: OpenCall) -> Answer:
    """A device, whoever owns it, and whether its owner is nobody."""
    return _shown(call, _device(call))


async def repair(call: OpenCall) -> Answer:
    """Give a device whose owner was stored without kind to the customer it was meant for, or to nobody (row 24)."""
    return _shown(call, call.cloud.ownership.repair(_device(call)))


async def unclaim(call: OpenCall) -> Answer:
    """End a claim, as the console of 2016 could (row 7)."""
    return _shown(call, call.cloud.ownership.release(_device(call)))


async def leave_product(call: OpenCall) -> Answer:
    """Take a device out of its product, as the console of 2016 could."""
    device = _device(call)
    product = None if device.state.product is None else call.cloud.store.products.get(device.state.product)
    if product is None:
        raise refused(404, "The device is in no product")
    removed = call.cloud.ownership.remove(device, product, deny=False)
    return _shown(call, removed)


async def list_transfers(call: OpenCall) -> Answer:
    """The pending requests for devices, each of which the real cloud would have mailed to the owner."""
    return {"transfers": [_transfer(call, each) for each in call.cloud.store.transfers.all()]}


async def approve(call: OpenCall) -> Answer:
    """The owner says yes."""
    transfer = _pending(call)
    outcome = call.cloud.ownership.approve(transfer)
    if isinstance(outcome, Refused):
        raise refused(409, outcome.reason.value)
    return {"ok": True, "device": _shown(call, outcome)}


async def deny(call: OpenCall) -> Answer:
    """The owner says no."""
    transfer = _pending(call)
    with call.cloud.store.write():
        call.cloud.store.transfers.deny(transfer.id)
    return {"ok": True}


async def list_resets(call: OpenCall) -> Answer:
    """The users who asked for a new password, to whom the real cloud would have mailed."""
    users = [call.cloud.store.users.get(each.user_id) for each in call.cloud.store.challenges.of("reset password")]
    return {"password_resets": [{"username": user.username} for user in users if user is not None]}


async def set_password(call: OpenCall) -> Answer:
    """The new password of a user who asked for one; all tokens of the account end."""
    _forgetful(call)
    password = call.sent.text("password")
    if not password:
        raise refused(400, "password is required")
    hashed = await asyncio.to_thread(hash_password, password)
    user = _forgetful(call)
    with call.cloud.store.write():
        call.cloud.store.users.set_password(user.id, hashed)
        call.cloud.store.challenges.answered("reset password", user.id)
        call.cloud.tokens.revoke_all("user", user.id)
    return {"ok": True}


def _forgetful(call: OpenCall) -> User:
    user = call.cloud.store.users.named(call.path("username"))
    asked = {each.user_id for each in call.cloud.store.challenges.of("reset password")}
    if user is None or user.id not in asked:
        raise refused(404, "No user of this name asked for a new password")
    return user


async def found(call: OpenCall) -> Answer:
    """Found an organization; ``owner`` is the user who becomes its administrator."""
    name, user = call.sent.text("name") or "", call.cloud.store.users.named(call.sent.text("owner") or "")
    if not name.strip():
        raise refused(400, "name is required")
    if user is None:
        raise refused(404, "owner must be the name of a user")
    with call.cloud.store.write():
        made = call.cloud.store.organizations.add(name.strip(), user.id)
        if made is None:
            raise refused(400, "An organization of this name exists already; choose another name")
    return {"ok": True, "organization": {"id": made.id, "slug": made.slug, "name": made.name}}


async def adopt(call: OpenCall) -> Answer:
    """Put a product into an organization."""
    organization = call.cloud.store.organizations.find(call.path("organization"))
    product = call.cloud.store.products.named(call.path("product"))
    if organization is None or product is None:
        raise refused(404, "Both must exist, and are named by their slugs")
    with call.cloud.store.write():
        call.cloud.store.products.move(product.id, organization.id)
    for each in {organization.id, product.organization_id} - {None}:
        call.cloud.hooks.products_changed(str(each))
    return {"ok": True}


def _device(call: OpenCall) -> Device:
    device = call.cloud.store.devices.get(call.path("device").lower())
    if device is None:
        raise refused(404, "No device has this id")
    return device


def _pending(call: OpenCall) -> Transfer:
    transfer = call.cloud.store.transfers.get(call.path("transfer"))
    if transfer is None:
        raise refused(404, "No request of this id is pending: it was answered, or the device changed hands")
    return transfer


def _shown(call: OpenCall, device: Device) -> dict[str, object]:
    return product_device_view(call.cloud, device) | {"owned_by_nobody": device.untyped}


def _transfer(call: OpenCall, transfer: Transfer) -> dict[str, object]:
    return {
        "transfer_id": transfer.id,
        "device_id": transfer.device_id,
        "from": owner_name(call.cloud, Owner("user", transfer.from_user)),
        "to": owner_name(call.cloud, Owner("user", transfer.to_user)),
        "requested_at": iso_time(transfer.created_at),
    }


def _route(method: str, path: str, handler: Callable[[OpenCall], Awaitable[Answer]]) -> Route:
    return open_route(method, path, handler, _admit)


def _admit(cloud: Cloud, request: Request) -> None:
    token = cloud.settings.admin_token
    if not token:
        raise refused(404, "Not Found")
    if not hmac.compare_digest(token.encode(), (bearer_token(request) or "").encode()):
        raise oauth_error(401, "invalid_token", "This needs the token in the state folder's admin.token")


ROUTES = [
    _route("GET", "/admin/devices/{device}", show),
    _route("POST", "/admin/devices/{device}/repair", repair),
    _route("POST", "/admin/devices/{device}/unclaim", unclaim),
    _route("POST", "/admin/devices/{device}/leave-product", leave_product),
    _route("GET", "/admin/transfers", list_transfers),
    _route("POST", "/admin/transfers/{transfer}/approve", approve),
    _route("POST", "/admin/transfers/{transfer}/deny", deny),
    _route("GET", "/admin/password-resets", list_resets),
    _route("PUT", "/admin/password-resets/{username}", set_password),
    _route("POST", "/admin/organizations", found),
    _route("PUT", "/admin/organizations/{organization}/products/{product}", adopt),
]
