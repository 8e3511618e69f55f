"""``/admin``: the part of Particle's staff, console and mails, for the administrator of this cloud. Not a Particle API.

Requires the token in the state folder's ``admin.token``.
"""

from __future__ import annotations

import hmac
from typing import Annotated

from starlette.requests import Request

from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http import organizations
from photonrig.localcloud.http.call import Answer, OpenCall, bearer_token, open_route
from photonrig.localcloud.http.errors import oauth_error
from photonrig.localcloud.http.fields import Fields, Stripped, says
from photonrig.localcloud.http.views import product_device_view
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.passwords import hashed
from photonrig.localcloud.service.records import Device, Transfer
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.ownership.model import Owner


class Password(Fields):
    """A new password."""

    password: str


class Since(Fields):
    """Number of the first entry wanted: ``next`` of the answer before."""

    since: Annotated[int, says("since must be the number of an entry", ge=0)] = 0


class NewOrganization(Fields):
    """Its name, and the user who becomes its administrator."""

    name: Stripped
    owner: str

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """Refusal of a request without a user: as for an unknown one."""
        return invalid("name is required") if name == "name" else unknown("owner must be the name of a user")


async def show(call: OpenCall) -> Answer:
    """Show a device, whoever owns it, and whether its owner matches no account."""
    return _shown(call, _device(call))


async def repair(call: OpenCall) -> Answer:
    """Assign a device whose owner was stored without kind to the intended customer, or free it (row 24)."""
    return _shown(call, call.cloud.ownership.repair(_device(call)))


async def unclaim(call: OpenCall) -> Answer:
    """End a claim, as the console of 2016 could (row 7)."""
    return _shown(call, call.cloud.ownership.release(_device(call)))


async def leave_product(call: OpenCall) -> Answer:
    """Remove a device from its product, as the console of 2016 could."""
    return _shown(call, call.cloud.administration.leave_product(_device(call)))


async def audit(call: OpenCall[object, Since]) -> Answer:
    """List what happened to devices since an entry: owners that changed, who asked, webhooks' answers."""
    entries, end = call.cloud.audit.after(call.query.since)
    return {"entries": entries, "next": end}


async def list_transfers(call: OpenCall) -> Answer:
    """List pending transfer requests, which the real cloud would mail to the owner."""
    return {"transfers": [_transfer(call, each) for each in call.cloud.administration.transfers()]}


async def approve(call: OpenCall) -> Answer:
    """Approve a transfer request on the owner's behalf."""
    return {"ok": True, "device": _shown(call, call.cloud.administration.approve(call.path("transfer")))}


async def deny(call: OpenCall) -> Answer:
    """Deny a transfer request on the owner's behalf."""
    call.cloud.administration.deny(call.path("transfer"))
    return {"ok": True}


async def list_resets(call: OpenCall) -> Answer:
    """List users who requested a password reset, whom the real cloud would mail."""
    return {"password_resets": [{"username": user.username} for user in call.cloud.accounts.forgetful()]}


async def set_password(call: OpenCall[Password]) -> Answer:
    """Set the password of a user who requested a reset; all tokens of the account end."""
    call.cloud.accounts.who_forgot(call.path("username"))
    call.cloud.accounts.reset_password(call.path("username"), await hashed(call.body.password))
    return {"ok": True}


async def found(call: OpenCall[NewOrganization]) -> Answer:
    """Create an organization; ``owner`` is the user who becomes its administrator."""
    made = call.cloud.organizations.create(call.body.name, call.body.owner)
    return {"ok": True, "organization": organizations.shown(made)}


async def adopt(call: OpenCall) -> Answer:
    """Move a product into an organization."""
    call.cloud.organizations.adopt(call.path("organization"), call.path("product"))
    return {"ok": True}


def _device(call: OpenCall) -> Device:
    return call.cloud.administration.device(call.path("device"))


def _shown(call: OpenCall, device: Device) -> dict[str, object]:
    return product_device_view(call.cloud, device) | {"owned_by_nobody": device.untyped}


def _transfer(call: OpenCall, transfer: Transfer) -> dict[str, object]:
    return {
        "transfer_id": transfer.id,
        "device_id": transfer.device_id,
        "from": call.cloud.accounts.name_of(Owner("user", transfer.from_user)),
        "to": call.cloud.accounts.name_of(Owner("user", transfer.to_user)),
        "requested_at": iso_time(transfer.created_at),
    }


def _admit(cloud: Cloud, request: Request) -> None:
    token = cloud.settings.admin_token
    if not token:
        raise unknown("Not Found")
    if not hmac.compare_digest(token.encode(), (bearer_token(request) or "").encode()):
        raise oauth_error(401, "invalid_token", "This needs the token in the state folder's admin.token")


ROUTES = [
    open_route("GET", "/admin/devices/{device}", show, _admit),
    open_route("POST", "/admin/devices/{device}/repair", repair, _admit),
    open_route("POST", "/admin/devices/{device}/unclaim", unclaim, _admit),
    open_route("POST", "/admin/devices/{device}/leave-product", leave_product, _admit),
    open_route("GET", "/admin/audit", audit, _admit, query=Since),
    open_route("GET", "/admin/transfers", list_transfers, _admit),
    open_route("POST", "/admin/transfers/{transfer}/approve", approve, _admit),
    open_route("POST", "/admin/transfers/{transfer}/deny", deny, _admit),
    open_route("GET", "/admin/password-resets", list_resets, _admit),
    open_route("PUT", "/admin/password-resets/{username}", set_password, _admit, body=Password),
    open_route("POST", "/admin/organizations", found, _admit, body=NewOrganization),
    open_route("PUT", "/admin/organizations/{organization}/products/{product}", adopt, _admit),
]
