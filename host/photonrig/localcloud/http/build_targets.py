"""``/v1/build_targets`` and ``/v1/device-os/versions``: what can be compiled for."""

from __future__ import annotations

from photonrig.localcloud.core import PHOTON_PLATFORM
from photonrig.localcloud.http.call import Answer, OpenCall, open_route
from photonrig.localcloud.http.errors import refused

__all__ = ["ROUTES", "VERSIONS"]

VERSIONS = ("2.3.1",)


async def build_targets(_: OpenCall) -> Answer:
    """The Device OS versions that native firmware is built against."""
    return {
        "targets": [
            {"platforms": [PHOTON_PLATFORM], "prereleases": [], "firmware_vendor": "Particle", "version": version}
            for version in VERSIONS
        ],
        "platforms": {"Photon": PHOTON_PLATFORM},
        "default_versions": {str(PHOTON_PLATFORM): VERSIONS[0]},
    }


async def versions(_: OpenCall) -> Answer:
    """The same as a list of releases."""
    return {"versions": [_release(version) for version in VERSIONS], "meta": {"total_pages": 1}}


async def version(call: OpenCall) -> Answer:
    """One release, by its number or as ``latest``."""
    wanted = call.path("version")
    if wanted not in (*VERSIONS, "latest"):
        raise refused(404, "Device OS version not found")
    return _release(VERSIONS[0])


def _release(number: str) -> dict[str, object]:
    # No modules: the local cloud hands out no system firmware.
    return {"version": number, "release_state": "stable", "modules": []}


ROUTES = [
    open_route("GET", "/v1/build_targets", build_targets),
    open_route("GET", "/v1/device-os/versions", versions),
    open_route("GET", "/v1/device-os/versions/{version}", version),
]
