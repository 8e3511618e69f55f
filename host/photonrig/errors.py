"""The errors photonrig raises on purpose.

Every class carries a *cause*: the layer at fault, as reports and JUnit properties name it.

    PhotonrigError
    ├── UsageError            usage      wrong command, argument or configuration; fix the call
    ├── FirmwareError         firmware   the device answered, and the answer is wrong
    │   └── ModuleError       firmware   an invalid firmware image
    ├── RigError              rig        bench equipment, build or host tool failed
    │   ├── ToolError         rig        a subprocess failed, or did not print its success message
    │   └── LinkLost          rig        serial, SoftAP or control connection lost
    ├── NetworkError          network    no route, no answer, TLS or TCP failure
    ├── CloudError            cloud      the cloud answered with a refusal
    │   └── (see photonrig.particle.cloud for its branches)
    ├── ProtocolError         firmware   bytes that violate the wire protocol
    └── ExpectationFailed     test       a scenario saw something else than it expects
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, Literal

Cause = Literal["firmware", "rig", "network", "cloud", "test", "usage"]


class PhotonrigError(Exception):
    """Root of the tree; ``cause`` is the layer at fault, ``device`` the device concerned."""

    cause: ClassVar[Cause] = "rig"

    def __init__(self, message: str, *, device: str | None = None) -> None:
        super().__init__(message if device is None else f"{device}: {message}")
        self.device = device


class UsageError(PhotonrigError):
    """The caller asked for something impossible; nothing was changed."""

    cause = "usage"


class FirmwareError(PhotonrigError):
    """The device was reached and behaved wrongly."""

    cause = "firmware"


class ModuleError(FirmwareError):
    """A firmware image is damaged, for another platform, or no image at all."""


class ProtocolError(FirmwareError):
    """A peer sent bytes that violate the protocol; the connection is unusable."""


class RigError(PhotonrigError):
    """Bench equipment, a build or a host tool failed; not the device's fault."""

    cause = "rig"


class ToolError(RigError):
    """A subprocess failed, exceeded its time limit, or did not print its success message."""


class LinkLost(RigError):
    """A serial, SoftAP or control connection was lost; reopen it before going on."""


class NetworkError(PhotonrigError):
    """No answer from the peer: refused, timed out, or transport failure."""

    cause = "network"


class CloudError(PhotonrigError):
    """The cloud answered and refused."""

    cause = "cloud"


class ExpectationFailed(PhotonrigError):
    """A scenario observed something else than it expects."""

    cause = "test"


_PASSWORD: Final = re.compile(r"(?<=://)([^\s/@:]*):\S*@")
_IN_QUERY: Final = re.compile(r"([?&;](?:password|passwd|pwd|secret|(?:access_)?token)=)[^&;\s]+", re.IGNORECASE)


def without_passwords(text: str) -> str:
    """Replace the passwords of URLs in a text by ``***``."""
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))
