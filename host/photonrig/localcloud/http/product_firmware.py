"""``/v1/products/:p/firmware``: upload, release, edit and deletion of versions."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import field
from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields, says
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.product_firmware import HIGHEST_VERSION
from photonrig.localcloud.service.records import Firmware
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid

_VERSION = f"version must be 1 … {HIGHEST_VERSION}"
_ONE_IMAGE = "Upload one firmware image as a file"

Version = Annotated[int, says(_VERSION, ge=1, le=HIGHEST_VERSION)]
"""A version number."""


class Upload(Fields):
    """An image, its version, and its description."""

    KINDS = ("files",)

    version: Version
    file: list[UploadedFile]
    title: str = ""
    description: str = ""
    mandatory: bool = False

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """Refusal of an upload without a version or an image."""
        return invalid(_VERSION) if name == "version" else ServiceRefusal(Situation.BUILD_INVALID, text=_ONE_IMAGE)


class Edit(Fields):
    """New description; fields not sent are unchanged."""

    title: str | None = None
    description: str | None = None
    mandatory: bool | None = None


class Release(Fields):
    """A version and its targets; ``intelligent`` updates devices at once."""

    MISSING = _VERSION

    version: Version
    product_default: bool = False
    groups: list[str] = field(default_factory=list)
    intelligent: bool = False


async def list_versions(call: Call) -> Answer:
    """List all versions of a product's firmware, highest first."""
    product = call.product(Action.FIRMWARE_LIST)
    return [_shown(call.cloud, firmware) for firmware in call.cloud.firmware.of(product)]


async def upload(call: Call[Upload]) -> Answer:
    """Upload an image as a version; it must state that version, and this product if it states one."""
    product, sent = call.product(Action.FIRMWARE_CREATE), call.body
    if len(sent.file) != 1:
        raise sent.missing("file")
    added = call.cloud.firmware.add(
        product,
        sent.version,
        sent.file[0].content,
        title=sent.title,
        description=sent.description,
        name=sent.file[0].name.replace("\\", "/").rpartition("/")[2],
        mandatory=sent.mandatory,
        uploaded_by=call.principal.id if call.principal.kind == "user" else None,
    )
    return Json(_shown(call.cloud, added), status_code=201)


async def show(call: Call) -> Answer:
    """Show a version."""
    return _shown(call.cloud, _named(call, Action.FIRMWARE_GET))


async def edit(call: Call[Edit]) -> Answer:
    """Edit a version's description."""
    firmware, sent = _named(call, Action.FIRMWARE_UPDATE), call.body
    return _shown(call.cloud, call.cloud.firmware.edit(firmware, sent.title, sent.description, sent.mandatory))


async def remove(call: Call) -> Answer:
    """Delete a version that was never released and that no device is locked to."""
    call.cloud.firmware.remove(_named(call, Action.FIRMWARE_REMOVE))
    return Response(status_code=204)


async def binary(call: Call) -> Answer:
    """Download the image of a version."""
    image = call.cloud.firmware.image(_named(call, Action.FIRMWARE_BINARY))
    return Response(image, media_type="application/octet-stream")


async def release(call: Call[Release]) -> Answer:
    """Release a version to the whole product, to groups, or both.

    Devices are updated when they next come online; with ``intelligent`` those that are online are updated now.
    """
    product, sent = call.product(Action.FIRMWARE_RELEASE), call.body
    released = call.cloud.firmware.release(
        product, sent.version, sent.groups, product_default=sent.product_default, at_once=sent.intelligent
    )
    return _shown(call.cloud, released)


def _named(call: Call[object], action: Action) -> Firmware:
    """The version in the path."""
    product, version = call.product(action), call.path("version")
    if not (version.isascii() and version.isdecimal()) or not 1 <= int(version[:6]) <= HIGHEST_VERSION:
        raise invalid(_VERSION)
    return call.cloud.firmware.find(product, int(version))


def _shown(cloud: Cloud, firmware: Firmware) -> dict[str, Any]:
    return {
        "_id": firmware.id,
        "version": firmware.version,
        "title": firmware.title,
        "description": firmware.description,
        "name": firmware.name,
        "size": firmware.size,
        "current": firmware.product_default,
        "product_default": firmware.product_default,
        "groups": cloud.firmware.groups(firmware),
        "mandatory": firmware.mandatory,
        "uploaded_on": iso_time(firmware.uploaded_on),
        "uploaded_by": {"username": cloud.firmware.uploader(firmware)},
        "product_id": firmware.product_id,
        "device_count": cloud.firmware.running(firmware),
        "updated_at": iso_time(firmware.updated_at),
    }


_BASE = "/v1/products/{product}/firmware"
_UPLOAD = 2 << 20

ROUTES = [
    route("GET", _BASE, list_versions),
    route("POST", _BASE, upload, body=Upload, limit=_UPLOAD),
    route("PUT", f"{_BASE}/release", release, body=Release),
    route("GET", f"{_BASE}/{{version}}", show),
    route("PUT", f"{_BASE}/{{version}}", edit, body=Edit),
    route("DELETE", f"{_BASE}/{{version}}", remove),
    route("GET", f"{_BASE}/{{version}}/binary", binary),
]
