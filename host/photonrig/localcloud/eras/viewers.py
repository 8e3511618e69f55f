"""Viewers of events: streams, history, subscribed devices and webhooks, with the selection each asked for.

:meth:`photonrig.localcloud.eras.Era.may_see` combines the selection, defined here, with the era's entitlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from photonrig.localcloud.eras.principal import Principal
from photonrig.localcloud.events import Event
from photonrig.localcloud.system_events import SAID_BY_DEVICES
from photonrig.ownership.model import Owner

StreamKind = Literal["own", "all", "device", "product", "product device", "organization"]


class StreamOf(TypedDict, total=False):
    """Kind of a stream."""

    device: str | None
    product: int | None
    products: frozenset[int]


@dataclass(frozen=True, slots=True)
class StreamViewer:
    """A reader of a stream or of its history: principal, kind of stream, name prefix.

    The stream covers the reader's own devices, everything visible, a device, a product, or an organization, whose
    ``products`` are those at the time of opening.
    """

    reader: Principal
    kind: StreamKind
    prefix: str = ""
    device: str | None = None
    product: int | None = None
    products: frozenset[int] = frozenset()

    def asks_for(self, event: Event) -> bool:
        """Whether the event's name has the requested prefix."""
        return event.name.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class DeviceViewer:
    """A subscribed device: its owner, its product, and the scope: "mine", "all" or a device id.

    After a reconnection the device id in a scope is only its first digits.
    """

    owner: Owner | None
    product: int | None
    scope: str = "mine"

    def asks_for(self, event: Event) -> bool:
        """Whether the event's publisher is within the subscription's scope.

        Events of Device OS about its own device are never forwarded: other devices would act on some of them.
        """
        if event.name in SAID_BY_DEVICES:
            return False
        return self.scope in ("mine", "all") or (event.device or "").startswith(self.scope)


@dataclass(frozen=True, slots=True)
class HookViewer:
    """A webhook of a user, a product, or all products of an organization, and its trigger.

    ``device`` restricts a user's hook to one device; other hooks ignore it.
    """

    owner: Owner | None = None
    products: frozenset[int] = frozenset()
    prefix: str = ""
    device: str | None = None

    def asks_for(self, event: Event) -> bool:
        """Whether the event triggers the hook; events from webhooks trigger none."""
        if event.of_hook or not event.name.startswith(self.prefix):
            return False
        return self.device is None or self.owner is None or event.device == self.device


Viewer = StreamViewer | DeviceViewer | HookViewer
