"""What the device service and the rest of the local cloud ask of each other.

The device service (:mod:`photonrig.localcloud.device.hub`) knows connections, handshakes and messages; it knows nothing
of owners, products or tokens. The cloud's core knows those and nothing of bytes. Ids are 24 lower-case hex digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

__all__ = [
    "Describe",
    "DeviceCallbacks",
    "DeviceOffline",
    "DeviceTimeout",
    "FlashRefused",
    "FunctionUnknown",
    "Hello",
    "Permit",
    "PublishedEvent",
    "Subscription",
    "VariableType",
    "VariableUnknown",
    "Withdrawn",
    "always",
]

VariableType = Literal["bool", "int32", "string", "double"]

Permit = Callable[[], object]
"""Asked right before anything is sent to a device on somebody's behalf; raises when that may no longer be.

A request may wait: for its turn, for the device to describe itself, for a chunk to be taken. Meanwhile the device may
have gone to another owner, or the token been revoked. What the permit raises ends the request and goes to the caller.
"""


def always() -> None:
    """The permit of what the cloud itself does, on nobody's behalf."""


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
    """What the application offers and which modules the device carries; ``modules`` is the JSON list as sent."""

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
    """A prefix a device listens to; ``scope`` is "mine", "all" or a device id."""

    prefix: str
    scope: str


class DeviceOffline(Exception):
    """The device has no session."""


class DeviceTimeout(Exception):
    """The device has a session and did not answer in time."""


class VariableUnknown(Exception):
    """The device answered 4.04 for the variable."""


class FunctionUnknown(Exception):
    """The device's describe does not list the function."""


class FlashRefused(Exception):
    """The device refused the update or reported a negative result; the text says which."""


class Withdrawn(Exception):
    """What was asked of the device may no longer be done; nothing more of it is sent."""


class DeviceCallbacks(Protocol):
    """The cloud's core, as the device service sees it; called on the event loop, in the order things happened."""

    def now(self) -> float:
        """Time of day, in seconds since 1970."""

    def public_key(self, device_id: str) -> bytes | None:
        """The enrolled key of a device as 162-byte SubjectPublicKeyInfo DER; None for an unknown device."""

    def admit(self, device_id: str, public_key: bytes) -> bool:
        """An unknown device presented this key: enrol it and return True, or refuse."""

    async def came_online(self, device_id: str, hello: Hello) -> None:
        """A session is up: Hello received and answered."""

    async def went_offline(self, device_id: str) -> None:
        """The session ended; not called when a newer session of the same device has replaced it."""

    async def described(self, device_id: str, describe: Describe) -> None:
        """The merged describe changed."""

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        """The device published an event that is not a claim code."""

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        """The device sent its claim code; True makes the service confirm it, so that the device clears the code."""

    async def update_progress(self, device_id: str, status: str) -> None:
        """``started``, ``success`` or ``failed`` with a text, for ``spark/flash/status``."""
