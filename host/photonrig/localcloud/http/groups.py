"""``/v1/products/:p/groups``, a device's groups, ``…/impact`` and the bulk form of ``…/devices``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import UNSET, UnsetType, field
from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.groups import GROUP_NAMES
from photonrig.localcloud.service.records import Group
from photonrig.localcloud.service.refusal import invalid


class Part(Fields):
    """Filter by part of the name."""

    name: str = ""


class NewGroup(Fields):
    """A group."""

    MISSING = GROUP_NAMES

    name: str
    description: str = ""
    color: str | None = None


class GroupChange(Fields):
    """New values; fields not sent are unchanged."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET


class Bulk(Fields):
    """An action and its devices."""

    MISSING = "action must be groups, with metadata that holds add or remove"
    KINDS = ("json",)

    action: str
    metadata: dict[str, Any]
    devices: list[str] = field(default_factory=list)

    def names(self, key: str) -> list[str]:
        """Group names in ``metadata`` under a key.

        :raises ServiceRefusal: not a list of texts
        """
        given = self.metadata.get(key)
        if given is None:
            return []
        if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
            raise invalid("add and remove must be lists of group names")
        return given


class Impact(Fields):
    """A hypothetical change: a ``version`` and its targets, or a ``device`` and its ``groups``."""

    version: str = ""
    product_default: str | None = None
    groups: str = ""
    device: str | None = None


async def list_groups(call: Call[object, Part]) -> Answer:
    """List the groups of a product, filtered by ``name`` if given."""
    product = call.product(Action.GROUP_LIST)
    return {"groups": [_shown(call.cloud, group) for group in call.cloud.groups.of(product, call.query.name)]}


async def create(call: Call[NewGroup]) -> Answer:
    """Create a group."""
    product, sent = call.product(Action.GROUP_CREATE), call.body
    made = call.cloud.groups.create(Group(product.id, sent.name, sent.description, sent.color))
    return Json({"group": _shown(call.cloud, made)}, status_code=201)


async def show(call: Call) -> Answer:
    """Show a group."""
    return {"group": _shown(call.cloud, _named(call, Action.GROUP_GET))}


async def edit(call: Call[GroupChange]) -> Answer:
    """Rename or describe a group; its devices stay in it."""
    group, sent = _named(call, Action.GROUP_UPDATE), call.body
    changed = replace(
        group,
        name=group.name if sent.name is UNSET else sent.name or "",
        description=group.description if sent.description is UNSET else sent.description or "",
        color=group.color if sent.color is UNSET else sent.color,
    )
    return {"group": _shown(call.cloud, call.cloud.groups.change(group, changed))}


async def remove(call: Call) -> Answer:
    """Delete a group; its devices stay in the product."""
    call.cloud.groups.remove(_named(call, Action.GROUP_REMOVE))
    return Response(status_code=204)


async def bulk(call: Call[Bulk]) -> Answer:
    """Add many devices to groups, or remove them."""
    product, sent = call.product(Action.PRODUCT_UPDATE), call.body
    if sent.action != "groups":
        raise sent.missing("action")
    call.cloud.groups.move(product, sent.devices, sent.names("add"), sent.names("remove"))
    return {"ok": True}


async def impact(call: Call[object, Impact]) -> Answer:
    """List the devices that a change would update; nothing is changed.

    A choice, the real form being unknown: ``version`` with ``product_default=true`` or ``groups`` is a release,
    ``device`` with ``groups`` a change of one device's groups.
    """
    product, query = call.product(Action.GROUP_IMPACT), call.query
    groups = query.groups.split(",")
    if query.device is not None:
        updates = call.cloud.groups.after_move(product, query.device, groups)
    else:
        to_all = query.product_default == "true"
        updates = call.cloud.groups.after_release(product, query.version, groups, to_all=to_all)
    shown = [
        {"id": each.device.id, "from": each.running, "to": each.version, "online": each.online} for each in updates
    ]
    return {"devices": shown, "device_count": len(shown)}


def _named(call: Call[object], action: Action) -> Group:
    return call.cloud.groups.find(call.product(action), call.path("group"))


def _shown(cloud: Cloud, group: Group) -> dict[str, Any]:
    return {
        "name": group.name,
        "description": group.description,
        "color": group.color,
        "fw_version": group.fw_version,
        "device_count": cloud.groups.size(group),
    }


_BASE = "/v1/products/{product}/groups"

ROUTES = [
    route("GET", _BASE, list_groups, query=Part),
    route("POST", _BASE, create, body=NewGroup),
    route("GET", f"{_BASE}/{{group}}", show),
    route("PUT", f"{_BASE}/{{group}}", edit, body=GroupChange),
    route("DELETE", f"{_BASE}/{{group}}", remove),
    route("GET", "/v1/products/{product}/impact", impact, query=Impact),
    route("PUT", "/v1/products/{product}/devices", bulk, body=Bulk),
]
