"""``/v1/build_targets``: what can be compiled for."""

from __future__ import annotations

from photonrig.localcloud.core import PHOTON_PLATFORM
from photonrig.localcloud.http.call import Answer, OpenCall, open_route

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


ROUTES = [
    open_route("GET", "/v1/build_targets", build_targets),
]
