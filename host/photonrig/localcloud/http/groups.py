"""``/v1/products/:p/groups``, the groups of devices, ``…/impact`` and the bulk form of ``…/devices``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.rollout import target_version
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.groups import Group, Targeting, in_groups
from photonrig.localcloud.store.products import Product

__all__ = ["ROUTES", "check_group_name", "put_in_groups"]

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


async def list_groups(call: Call) -> Answer:
    """The groups of a product, those whose name contains ``name`` if given."""
    product = call.product(Action.GROUP_LIST)
    wanted = call.request.query_params.get("name", "").lower()
    groups = [group for group in call.cloud.store.groups.of(product.id) if wanted in group.name.lower()]
    return {"groups": [_shown(call, group) for group in groups]}


async def create(call: Call) -> Answer:
    """Create a group."""
    product = call.product(Action.GROUP_CREATE)
    group = Group(
        product.id,
        check_group_name(call.sent.text("name")),
        call.sent.text("description") or "",
        call.sent.text("color"),
    )
    with call.cloud.store.write():
        if not call.cloud.store.groups.add(group):
            raise refused(400, f"The group {group.name} exists already")
    return Json({"group": _shown(call, group)}, status_code=201)


async def show(call: Call) -> Answer:
    """One group."""
    return {"group": _shown(call, _named(call, Action.GROUP_GET))}


async def edit(call: Call) -> Answer:
    """Rename or describe a group; its devices stay in it."""
    group = _named(call, Action.GROUP_UPDATE)
    fields = call.sent.fields
    changed = replace(
        group,
        name=check_group_name(call.sent.text("name")) if "name" in fields else group.name,
        description=(call.sent.text("description") or "") if "description" in fields else group.description,
        color=call.sent.text("color") if "color" in fields else group.color,
    )
    with call.cloud.store.write():
        if not call.cloud.store.groups.describe(
            group, name=changed.name, description=changed.description, color=changed.color
        ):
            raise refused(400, f"The group {changed.name} exists already")
        call.cloud.store.targets.rename_group(group.product_id, group.name, changed.name)
    return {"group": _shown(call, changed)}


async def remove(call: Call) -> Answer:
    """Delete a group; its devices stay in the product."""
    group = _named(call, Action.GROUP_REMOVE)
    with call.cloud.store.write():
        call.cloud.store.groups.remove(group)
        call.cloud.store.targets.rename_group(group.product_id, group.name, None)
    return Response(status_code=204)


async def bulk(call: Call) -> Answer:
    """Do the same to many devices: put them into groups, or take them out."""
    product = call.product(Action.PRODUCT_UPDATE)
    metadata = call.sent.fields.get("metadata")
    if call.sent.text("action") != "groups" or not isinstance(metadata, dict):
        raise refused(400, "action must be groups, with metadata that holds add or remove")
    add, remove_from = (_names(metadata.get(key)) for key in ("add", "remove"))
    devices = [_device(call, product, each) for each in call.sent.texts("devices")]
    if not devices:
        raise refused(400, "devices must name at least one device")
    with call.cloud.store.write():
        for device in devices:
            before = call.cloud.store.targets.of(device)
            put_in_groups(call, product, device, in_groups(before, add=add, remove=remove_from).groups)
    return {"ok": True}


async def impact(call: Call) -> Answer:
    """Which devices a change would update; nothing is changed.

    A choice, as the real form is not known: ``version`` with ``product_default=true`` or ``groups`` asks about a
    release, ``device`` with ``groups`` about other groups of one device.
    """
    product = call.product(Action.GROUP_IMPACT)
    query = call.request.query_params
    names = [check_group_name(name) for name in query.get("groups", "").split(",") if name]
    store = call.cloud.store
    default = store.firmware.default(product.id)
    released = {group.name: group.fw_version for group in store.groups.of(product.id)}
    devices = [each for each in store.devices.of_product(product.id) if each.state.product == product.id]
    moved: dict[str, Targeting] = {}
    if "device" in query:
        device = _device(call, product, query["device"])
        moved[device.id] = replace(store.targets.of(device), groups=tuple(names))
    else:
        version = query.get("version", "")
        if not (version.isascii() and version.isdecimal()) or store.firmware.get(product.id, int(version[:6])) is None:
            raise refused(404, "Firmware version not found")
        if query.get("product_default") == "true":
            default = int(version)
        released |= dict.fromkeys(names, int(version))
    changes = []
    for device in devices:
        targeting = moved.get(device.id) or store.targets.of(device)
        after = target_version(device, targeting, default, released)
        before = call.cloud.rollout.target(device)
        telemetry = call.cloud.presence.of(device.id)
        running = telemetry.firmware_version if telemetry.firmware_product_id == product.id else None
        if after is not None and after not in (before, running):
            changes.append({"id": device.id, "from": running, "to": after, "online": call.cloud.reachable(device)})
    return {"devices": changes, "device_count": len(changes)}


def check_group_name(name: str | None) -> str:
    """A group's name, if it may be one.

    :raises ApiError: it may not
    """
    if name is None or not _NAME.fullmatch(name):
        raise refused(400, "A group's name must be 1 … 64 letters, digits, dots, dashes or underscores")
    return name


def put_in_groups(call: Call, product: Product, device: Device, groups: tuple[str, ...]) -> None:
    """Write a device's groups, creating those that do not exist yet; within a transaction."""
    known = {group.name for group in call.cloud.store.groups.of(product.id)}
    for name in groups:
        if name not in known:
            call.cloud.store.groups.add(Group(product.id, check_group_name(name)))
    call.cloud.store.targets.put_in_groups(device, groups)


def _names(given: Any) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise refused(400, "add and remove must be lists of group names")
    return [check_group_name(each) for each in given]


def _device(call: Call, product: Product, device_id: str) -> Device:
    device = call.cloud.store.devices.get(device_id.lower())
    if device is None or device.state.product != product.id:
        raise refused(404, f"Device not found for this product: {device_id}")
    return device


def _named(call: Call, action: Action) -> Group:
    product = call.product(action)
    group = call.cloud.store.groups.get(product.id, call.path("group"))
    if group is None:
        raise refused(404, "Group not found")
    return group


def _shown(call: Call, group: Group) -> dict[str, Any]:
    devices = call.cloud.store.devices.of_product(group.product_id)
    return {
        "name": group.name,
        "description": group.description,
        "color": group.color,
        "fw_version": group.fw_version,
        "device_count": sum(group.name in call.cloud.store.targets.of(device).groups for device in devices),
    }


_BASE = "/v1/products/{product}/groups"

ROUTES = [
    route("GET", _BASE, list_groups),
    route("POST", _BASE, create),
    route("GET", f"{_BASE}/{{group}}", show),
    route("PUT", f"{_BASE}/{{group}}", edit),
    route("DELETE", f"{_BASE}/{{group}}", remove),
    route("GET", "/v1/products/{product}/impact", impact),
    route("PUT", "/v1/products/{product}/devices", bulk),
]
