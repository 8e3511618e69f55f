"""Interface between the device service and the rest of the local cloud.

The device service (:mod:`photonrig.localcloud.device.hub`) handles connections, handshakes and messages, independent
of owners, products and tokens; the services handle those, independent of bytes. Ids are 24 lower-case hex digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

VariableType = Literal["bool", "int32", "string", "double"]

Permit = Callable[[], object]
"""Permission check, called right before each message sent for a caller; raises if permission has ended.

A request may wait: for its turn, for the device's describe, for a chunk to be sent. In between the device may change
owner, or the token be revoked. The exception ends the request and reaches the caller.
"""


def always() -> None:
    """The permit of the cloud's own requests."""


@dataclass(frozen=True, slots=True)
class Hello:
    """A device's first message: 16-bit ids as sent, 0xFFFF where the firmware sets none."""

    product_id: int
    product_version: int
    platform_id: int
    flags: int
    address: str


@dataclass(frozen=True, slots=True)
class Describe:
    """Variables and functions of the application, and ``modules``, the JSON list as sent."""

    variables: dict[str, VariableType] = field(default_factory=dict)
    functions: tuple[str, ...] = ()
    modules: tuple[dict[str, Any], ...] = ()
    system_version: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An event a device published: ``data`` is None when it carried none; ``ttl`` in seconds."""

    name: str
    data: str | None
    ttl: int
    private: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """A name prefix a device subscribes to; ``scope`` is "mine", "all" or a device id."""

    prefix: str
    scope: str


class DeviceOffline(Exception):
    """The device has no session."""


class DeviceTimeout(Exception):
    """The device has a session but did not answer in time."""


class VariableUnknown(Exception):
    """The device answered 4.04 for the variable."""


class FunctionUnknown(Exception):
    """The device's describe does not list the function."""


class FlashRefused(Exception):
    """The device refused the update or reported a negative result, which the text names."""


class Withdrawn(Exception):
    """The request's permission has ended; no further message of it is sent."""


class DeviceCallbacks(Protocol):
    """Callbacks from the device service to the services; on the event loop, in the order of events."""

    def now(self) -> float:
        """Unix time in seconds."""

    def public_key(self, device_id: str) -> bytes | None:
        """The enrolled key of a device as 162-byte SubjectPublicKeyInfo DER; None for an unknown device."""

    def admit(self, device_id: str, public_key: bytes) -> bool:
        """An unknown device presented this key: enrol it and return True, or return False."""

    async def came_online(self, device_id: str, hello: Hello) -> None:
        """A session began: Hello received and answered."""

    async def went_offline(self, device_id: str) -> None:
        """The session ended; not called when a newer session of the device replaced it."""

    async def described(self, device_id: str, describe: Describe) -> None:
        """The merged describe changed."""

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        """The device published an event that is not a claim code."""

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        """The device presented its claim code; True makes the service confirm it, and the device clear the code."""

    async def update_progress(self, device_id: str, status: str) -> None:
        """``started``, ``success`` or ``failed`` with a text, for ``spark/flash/status``."""
