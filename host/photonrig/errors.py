"""Everything photonrig raises on purpose.

Every class carries a *cause*: the layer that was at fault, as reports and JUnit properties name it.

    PhotonrigError
    ├── UsageError            usage      wrong command, argument or configuration; fix the call
    ├── FirmwareError         firmware   the device answered, and the answer is wrong
    │   └── ModuleError       firmware   a firmware image that no device should be given
    ├── RigError              rig        bench equipment, build or host tool failed
    │   ├── ToolError         rig        a subprocess failed or lied about success
    │   └── LinkLost          rig        serial, SoftAP or control connection went away
    ├── NetworkError          network    no route, no answer, TLS or TCP failure
    ├── CloudError            cloud      the cloud answered with a refusal
    │   └── (see photonrig.particle.cloud for its branches)
    ├── ProtocolError         firmware   bytes on the wire that the protocol does not allow
    └── ExpectationFailed     test       a scenario saw something else than it states
"""

from __future__ import annotations

import re
from typing import ClassVar, Final, Literal

Cause = Literal["firmware", "rig", "network", "cloud", "test", "usage"]

__all__ = [
    "Cause",
    "CloudError",
    "ExpectationFailed",
    "FirmwareError",
    "LinkLost",
    "ModuleError",
    "NetworkError",
    "PhotonrigError",
    "ProtocolError",
    "RigError",
    "ToolError",
    "UsageError",
    "without_passwords",
]


class PhotonrigError(Exception):
    """Root of all errors raised on purpose; ``cause`` names the layer at fault, ``device`` whom it happened to."""

    cause: ClassVar[Cause] = "rig"

    def __init__(self, message: str, *, device: str | None = None) -> None:
        super().__init__(message if device is None else f"{device}: {message}")
        self.device = device


class UsageError(PhotonrigError):
    """The caller asked for something that cannot be; nothing was changed."""

    cause = "usage"


class FirmwareError(PhotonrigError):
    """The device was reached and behaved wrongly."""

    cause = "firmware"


class ModuleError(FirmwareError):
    """A firmware image is damaged, for another platform, or not an image at all."""


class ProtocolError(FirmwareError):
    """A peer sent bytes that the protocol does not allow; the connection is of no further use."""


class RigError(PhotonrigError):
    """Bench equipment, a build or a host tool failed; the device is not to blame."""

    cause = "rig"


class ToolError(RigError):
    """A subprocess failed, was killed by its time limit, or did not print its sentence of success."""


class LinkLost(RigError):
    """A serial, SoftAP or control connection went away; reopen it before going on."""


class NetworkError(PhotonrigError):
    """No answer from the peer: refused, timed out, or the transport failed."""

    cause = "network"


class CloudError(PhotonrigError):
    """The cloud answered and refused."""

    cause = "cloud"


class ExpectationFailed(PhotonrigError):
    """A scenario observed something else than it states."""

    cause = "test"


_PASSWORD: Final = re.compile(r"(?<=://)([^\s/@:]*):\S*@")
_IN_QUERY: Final = re.compile(r"([?&;](?:password|passwd|pwd|secret|(?:access_)?token)=)[^&;\s]+", re.IGNORECASE)


def without_passwords(text: str) -> str:
    """A text with the passwords of the URLs in it replaced by ``***``."""
    return _IN_QUERY.sub(r"\1***", _PASSWORD.sub(r"\1:***@", text))
