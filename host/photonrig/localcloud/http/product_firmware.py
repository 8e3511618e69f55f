"""``/v1/products/:p/firmware``: upload, release and the rest of a version's life."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from photonrig.errors import ModuleError
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import combined, refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.groups import Group
from photonrig.localcloud.store.product_firmware import Firmware
from photonrig.localcloud.store.products import Product
from photonrig.particle.module import check_user_part, parse_module

__all__ = ["ROUTES"]

_HIGHEST_VERSION = 0xFFFF
_LONGEST_TEXT = 4096


async def list_versions(call: Call) -> Answer:
    """All versions of a product's firmware, highest first."""
    product = call.product(Action.FIRMWARE_LIST)
    return [_shown(call, firmware) for firmware in call.cloud.store.firmware.of(product.id)]


async def upload(call: Call) -> Answer:
    """Keep an image as a version; it must state that version, and this product if it states one."""
    product = call.product(Action.FIRMWARE_CREATE)
    version = _version(call.sent.text("version"))
    if len(call.sent.files) != 1:
        raise combined(400, "Upload one firmware image as a file")
    file = call.sent.files[0]
    _check_image(product, version, file.content)
    with call.cloud.store.write():
        added = call.cloud.store.firmware.add(
            product.id,
            version,
            file.content,
            title=_text(call, "title", ""),
            description=_text(call, "description", ""),
            name=file.name.replace("\\", "/").rpartition("/")[2],
            mandatory=call.sent.flag("mandatory") or False,
            uploaded_by=call.principal.id if call.principal.kind == "user" else None,
        )
    if not added:
        raise combined(400, f"Version {version} exists already; build the firmware with a higher PRODUCT_VERSION")
    return Json(_shown(call, _found(call, product, version)), status_code=201)


async def show(call: Call) -> Answer:
    """One version."""
    return _shown(call, _named(call, Action.FIRMWARE_GET))


async def edit(call: Call) -> Answer:
    """Change what is said of a version."""
    firmware = _named(call, Action.FIRMWARE_UPDATE)
    mandatory = call.sent.flag("mandatory")
    with call.cloud.store.write():
        call.cloud.store.firmware.edit(
            firmware,
            title=_text(call, "title", firmware.title),
            description=_text(call, "description", firmware.description),
            mandatory=firmware.mandatory if mandatory is None else mandatory,
        )
    return _shown(call, _named(call, Action.FIRMWARE_UPDATE))


async def remove(call: Call) -> Answer:
    """Delete a version that was never released and to which no device is locked."""
    firmware = _named(call, Action.FIRMWARE_REMOVE)
    if firmware.released:
        raise refused(400, f"Version {firmware.version} was released and cannot be deleted")
    locked = [
        device.id
        for device in _devices(call, firmware.product_id)
        if call.cloud.store.targets.of(device).desired == firmware.version
    ]
    if locked:
        raise refused(400, f"Version {firmware.version} is what device {locked[0]} is locked to; unlock it first")
    with call.cloud.store.write():
        call.cloud.store.firmware.remove(firmware)
    return Response(status_code=204)


async def binary(call: Call) -> Answer:
    """The image of a version."""
    firmware = _named(call, Action.FIRMWARE_BINARY)
    image = call.cloud.store.firmware.image(firmware.product_id, firmware.version)
    return Response(image, media_type="application/octet-stream")


async def release(call: Call) -> Answer:
    """Release a version to the whole product, to groups, or both.

    Devices get it when they next come online; with ``intelligent`` those that are online get it now.
    """
    product = call.product(Action.FIRMWARE_RELEASE)
    firmware = _found(call, product, _version(call.sent.text("version")))
    product_default = call.sent.flag("product_default") or False
    names = call.sent.texts("groups")
    if not product_default and not names:
        raise refused(400, "Say to whom: product_default, or groups")
    groups = [_group(call, product, name) for name in names]
    if not firmware.released and not _running(call, firmware):
        raise refused(
            400, f"Version {firmware.version} must run on at least one device of the product before a release"
        )
    store = call.cloud.store
    with store.write():
        store.firmware.release(firmware, product_default=product_default)
        for group in groups:
            store.groups.release(group, firmware.version)
    if call.sent.flag("intelligent"):
        for device in _devices(call, product.id):
            call.cloud.rollout.consider(device.id)
    return _shown(call, _found(call, product, firmware.version))


def _version(text: str | None) -> int:
    if text is None or not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:6]) <= _HIGHEST_VERSION:
        raise refused(400, f"version must be 1 … {_HIGHEST_VERSION}")
    return int(text)


def _text(call: Call, name: str, otherwise: str) -> str:
    text = call.sent.text(name)
    if text is not None and len(text) > _LONGEST_TEXT:
        raise refused(400, f"{name} is longer than {_LONGEST_TEXT} characters")
    return otherwise if text is None else text


def _check_image(product: Product, version: int, image: bytes) -> None:
    """A wrong image would be flashed over and over: its device would never run the version it is to run."""
    try:
        module = parse_module(image)
        check_user_part(module, product.platform_id)
    except ModuleError as error:
        raise combined(400, f"The image was refused: {error}") from None
    if module.product_version != version:
        raise combined(400, f"The image states PRODUCT_VERSION {module.product_version}, not {version}")
    if module.product_id != product.id:
        raise combined(400, f"The image states product {module.product_id}; build it with PRODUCT_ID({product.id})")


def _found(call: Call, product: Product, version: int) -> Firmware:
    firmware = call.cloud.store.firmware.get(product.id, version)
    if firmware is None:
        raise refused(404, f"Firmware version {version} not found")
    return firmware


def _named(call: Call, action: Action) -> Firmware:
    product = call.product(action)
    return _found(call, product, _version(call.path("version")))


def _group(call: Call, product: Product, name: str) -> Group:
    group = call.cloud.store.groups.get(product.id, name)
    if group is None:
        raise refused(404, f"Group {name} not found")
    return group


def _devices(call: Call, product_id: int) -> list[Device]:
    return [device for device in call.cloud.store.devices.of_product(product_id) if device.state.product == product_id]


def _running(call: Call, firmware: Firmware) -> int:
    """How many of the product's devices run a version, as far as they were heard of."""
    count = 0
    for device in _devices(call, firmware.product_id):
        telemetry = call.cloud.presence.of(device.id)
        running = (telemetry.firmware_product_id, telemetry.firmware_version)
        count += running == (firmware.product_id, firmware.version)
    return count


def _shown(call: Call, firmware: Firmware) -> dict[str, Any]:
    groups = [
        group.name for group in call.cloud.store.groups.of(firmware.product_id) if group.fw_version == firmware.version
    ]
    user = None if firmware.uploaded_by is None else call.cloud.store.users.get(firmware.uploaded_by)
    return {
        "_id": firmware.id,
        "version": firmware.version,
        "title": firmware.title,
        "description": firmware.description,
        "name": firmware.name,
        "size": firmware.size,
        "current": firmware.product_default,
        "product_default": firmware.product_default,
        "groups": groups,
        "mandatory": firmware.mandatory,
        "uploaded_on": iso_time(firmware.uploaded_on),
        "uploaded_by": {"username": None if user is None else user.username},
        "product_id": firmware.product_id,
        "device_count": _running(call, firmware),
        "updated_at": iso_time(firmware.updated_at),
    }


_BASE = "/v1/products/{product}/firmware"
_UPLOAD = 2 << 20

ROUTES = [
    route("GET", _BASE, list_versions),
    route("POST", _BASE, upload, limit=_UPLOAD),
    route("PUT", f"{_BASE}/release", release),
    route("GET", f"{_BASE}/{{version}}", show),
    route("PUT", f"{_BASE}/{{version}}", edit),
    route("DELETE", f"{_BASE}/{{version}}", remove),
    route("GET", f"{_BASE}/{{version}}/binary", binary),
]
