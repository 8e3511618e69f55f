"""``/v1/build_targets``: supported compile targets."""

from __future__ import annotations

from photonrig.build.device_os import LATEST, RELEASES
from photonrig.localcloud.http.call import Answer, OpenCall, open_route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM


class Featured(Fields):
    """All targets are featured."""

    featured: bool | None = None


async def build_targets(_: OpenCall[object, Featured]) -> Answer:
    """List the Device OS versions that firmware can be compiled for."""
    return {
        "targets": [
            {"platforms": [PHOTON_PLATFORM], "prereleases": [], "firmware_vendor": "Particle", "version": version}
            for version in RELEASES
        ],
        "platforms": {"Photon": PHOTON_PLATFORM},
        "default_versions": {str(PHOTON_PLATFORM): LATEST},
    }


ROUTES = [
    open_route("GET", "/v1/build_targets", build_targets, query=Featured),
]
