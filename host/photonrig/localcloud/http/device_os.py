"""``/v1/device-os/versions``: Device OS releases and their modules, for the Particle CLI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.responses import StreamingResponse

from photonrig.build.device_os import RELEASES, SystemImage, find_release, system_images
from photonrig.clock import SYSTEM
from photonrig.localcloud.http.call import Answer, OpenCall, open_route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.pages import Page
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM
from photonrig.localcloud.service.refusal import unknown

_END_AFTER: Final = 0.25  # seconds


class Platform(Fields):
    """Platform filter; only the Photon's has releases."""

    platform_id: str = str(PHOTON_PLATFORM)


class PlatformPage(Page):
    """Paging fields, ignored: all fit on one page."""

    platform_id: str = str(PHOTON_PLATFORM)


async def versions(call: OpenCall[object, PlatformPage]) -> Answer:
    """List all releases for a platform."""
    known = RELEASES if call.query.platform_id == str(PHOTON_PLATFORM) else ()
    return {"versions": [_described(call, release) for release in known], "meta": {"total_pages": 1}}


async def version(call: OpenCall[object, Platform]) -> Answer:
    """Show one release: by number, by module version as in ``2302``, or ``latest``."""
    return _described(call, _release(call))


async def download(call: OpenCall[object, Platform]) -> Answer:
    """Download a module of a release."""
    for image in system_images(_release(call)):
        if image.filename == call.path("filename"):
            return StreamingResponse(_unhurried(image.content), media_type="application/octet-stream")
    raise unknown("Device OS module not found")


async def _unhurried(content: bytes) -> AsyncIterator[bytes]:
    # The Particle CLI (3.19.0, device-os-version-util) reads its file when the response ends, without waiting for the
    # write. Over the internet the delay is long enough.
    yield content
    await SYSTEM.pause_async(_END_AFTER)


def _release(call: OpenCall[object, Platform]) -> str:
    release = find_release(call.path("version"))
    if release is None or call.query.platform_id != str(PHOTON_PLATFORM):
        raise unknown("Device OS version not found")
    return release


def _described(call: OpenCall, release: str) -> dict[str, Any]:
    return {
        "version": release,
        "release_state": "stable",
        "base_url": f"{call.base_url}/v1/device-os/versions/{release}/modules",
        "modules": [_described_module(image) for image in system_images(release)],
    }


def _described_module(image: SystemImage) -> dict[str, Any]:
    crc = f"{image.crc:08x}"
    return {
        "filename": image.filename,
        "crc": {"ok": True, "storedCrc": crc, "actualCrc": crc},
        "prefixInfo": {
            "moduleFunction": image.function,
            "moduleIndex": image.index,
            "moduleVersion": image.version,
            "platformID": PHOTON_PLATFORM,
        },
    }


ROUTES = [
    open_route("GET", "/v1/device-os/versions", versions, query=PlatformPage),
    open_route("GET", "/v1/device-os/versions/{version}", version, query=Platform),
    open_route("GET", "/v1/device-os/versions/{version}/modules/{filename}", download, query=Platform),
]
