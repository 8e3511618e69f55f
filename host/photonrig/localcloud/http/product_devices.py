"""``/v1/products/:p/devices``: import, list, release and removal by a product's team."""

from __future__ import annotations

from starlette.responses import Response

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.views import paged, product_device_view
from photonrig.localcloud.store.accounts import User
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.products import Product
from photonrig.ownership.model import Refused

__all__ = ["ROUTES"]

_FILTERS = frozenset(("deviceId", "deviceName", "serialNumber", "groups", "quarantined"))


async def list_devices(call: Call) -> Answer:
    """The devices of a product and of its quarantine, a page at a time."""
    product = call.product(Action.PRODUCT_DEVICES)
    query = dict(call.request.query_params)
    devices = [device for device in call.cloud.store.devices.of_product(product.id) if not device.untyped]
    if not _FILTERS.isdisjoint(query):
        devices = [device for device in devices if _matches(call, device, query)]
    _sort(call, devices, query.get("sortAttr", ""))
    if query.get("sortDir") == "desc":
        devices.reverse()
    page, pages = paged(call, devices)
    owners = {device.state.owner for device in page}
    customers = [
        {"id": customer.id, "username": customer.email}
        for owner in owners
        if owner is not None and owner.kind == "customer"
        if (customer := call.cloud.store.customers.get(owner.id)) is not None
    ]
    return {
        "devices": [product_device_view(call.cloud, device) for device in page],
        "customers": customers,
        "meta": {"total_pages": pages},
    }


def _sort(call: Call, devices: list[Device], by: str) -> None:
    telemetry = call.cloud.presence.of
    match by:
        case "deviceName":
            devices.sort(key=lambda device: device.name or "")
        case "firmwareVersion":
            devices.sort(key=lambda device: telemetry(device.id).firmware_version or 0)
        case "lastConnection":
            devices.sort(key=lambda device: telemetry(device.id).last_handshake_at or 0.0)


def _matches(call: Call, device: Device, wanted: dict[str, str]) -> bool:
    if wanted.get("deviceId", "").lower() not in device.id:
        return False
    if wanted.get("deviceName", "").lower() not in (device.name or "").lower():
        return False
    serial_number = wanted.get("serialNumber", "").upper()
    if serial_number and serial_number not in (call.cloud.store.serial_numbers.of(device.id) or ""):
        return False
    groups = {name for name in wanted.get("groups", "").split(",") if name}
    if groups and not groups & set(call.cloud.store.targets.of(device).groups):
        return False
    quarantined = device.state.quarantine is not None
    return "quarantined" not in wanted or quarantined == (wanted["quarantined"] == "true")


async def show(call: Call) -> Answer:
    """One device of a product."""
    _, device = call.product_device(Action.PRODUCT_DEVICE)
    if call.cloud.reachable(device):
        await call.cloud.presence.description(device.id)
    return product_device_view(call.cloud, call.product_device(Action.PRODUCT_DEVICE)[1])


async def import_devices(call: Call) -> Answer:
    """Bring devices into the product: ``id``, ``ids`` or a file with one id or serial number per line, in any case."""
    product = call.product(Action.PRODUCT_IMPORT)
    ids = call.sent.texts("id") + call.sent.texts("ids")
    for file in call.sent.files:
        try:
            ids += file.content.decode("utf-8-sig").replace(",", "\n").split()
        except UnicodeDecodeError:
            raise refused(400, "The file must be text with one device id per line") from None
    if not ids:
        raise refused(400, "Name at least one device: id, ids or a file")
    claim_for = _member(call, product, call.sent.text("claim_user"))
    known = call.cloud.store.serial_numbers
    done = call.cloud.ownership.import_devices(product, [known.device(each) or each.lower() for each in ids], claim_for)
    return {
        "updated": len(done.updated),
        "updatedDeviceIds": done.updated,
        "existingDeviceIds": done.existing,
        "nonmemberDeviceIds": done.nonmember,
        "invalidDeviceIds": done.invalid,
        "protectedDeviceIds": [],
    }


def _member(call: Call, product: Product, username: str | None) -> User | None:
    """The team member that ``claim_user`` names; customers are refused (a choice)."""
    if not username:
        return None
    user = call.cloud.store.users.named(username)
    if user is None or user.id not in call.cloud.store.products.team(product.id):
        raise refused(400, "claim_user must be a member of the product's team")
    return user


async def release(call: Call) -> Answer:
    """End the claim on a device, whoever holds it."""
    _, device = call.product_device(Action.PRODUCT_RELEASE)
    call.cloud.ownership.release(device)
    return Json({"ok": True}, status_code=assumptions.OWNER_RELEASE_STATUS.chosen)


async def remove(call: Call) -> Answer:
    """Take a device out of the product, or with ``deny`` refuse a quarantined one."""
    product, device = call.product_device(Action.PRODUCT_REMOVE)
    removed = call.cloud.ownership.remove(device, product, deny=call.sent.flag("deny") or False)
    if isinstance(removed, Refused):
        raise refused(404, removed.reason.value)
    return Response(status_code=204)


_BASE = "/v1/products/{product}/devices"

ROUTES = [
    route("GET", _BASE, list_devices),
    route("GET", "/v1/orgs/{organization}/products/{product}/devices", list_devices),
    route("GET", "/v1/orgs/{organization}/devices/{device}", show),
    route("POST", _BASE, import_devices),
    route("GET", f"{_BASE}/{{device}}", show),
    route("DELETE", f"{_BASE}/{{device}}", remove),
    route("DELETE", f"{_BASE}/{{device}}/owner", release),
]
