"""Viewers of events: streams and the history, devices that listen, webhooks; and what each of them asked for.

Whether a viewer may see an event is one question, :meth:`photonrig.localcloud.eras.Era.may_see`: what it asked for is
here, what it is entitled to is the era's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from photonrig.localcloud.eras.principal import Principal
from photonrig.localcloud.events import Event
from photonrig.localcloud.system_events import SAID_BY_DEVICES
from photonrig.ownership.model import Owner

__all__ = ["DeviceViewer", "HookViewer", "StreamKind", "StreamOf", "StreamViewer", "Viewer"]

StreamKind = Literal["own", "all", "device", "product", "product device", "organization"]


class StreamOf(TypedDict, total=False):
    """What a stream is of, as its kind has it."""

    device: str | None
    product: int | None
    products: frozenset[int]


@dataclass(frozen=True, slots=True)
class StreamViewer:
    """A reader of a stream, or of what it has shown: who reads, which events, and the beginning of their names.

    The stream is of the reader's own devices, of whatever it may see, of a device, a product or an organization, whose
    ``products`` are those of when it was opened.
    """

    reader: Principal
    kind: StreamKind
    prefix: str = ""
    device: str | None = None
    product: int | None = None
    products: frozenset[int] = frozenset()

    def asks_for(self, event: Event) -> bool:
        """Whether the event has the name that the reader asked for."""
        return event.name.startswith(self.prefix)


@dataclass(frozen=True, slots=True)
class DeviceViewer:
    """A device that listens: who owns it, in which product it is, and to whom it listens: "mine", "all" or a device id.

    After a device reconnected, the one it listens to is named by its first digits alone.
    """

    owner: Owner | None
    product: int | None
    scope: str = "mine"

    def asks_for(self, event: Event) -> bool:
        """Whether the device listens to who published the event.

        What Device OS says of its own device is for no other one: some of it another would act on.
        """
        if event.name in SAID_BY_DEVICES:
            return False
        return self.scope in ("mine", "all") or (event.device or "").startswith(self.scope)


@dataclass(frozen=True, slots=True)
class HookViewer:
    """A webhook: a user's, or that of one product or of all products of an organization; and what fires it.

    ``device`` is the one device that fires a user's hook; the others heed none.
    """

    owner: Owner | None = None
    products: frozenset[int] = frozenset()
    prefix: str = ""
    device: str | None = None

    def asks_for(self, event: Event) -> bool:
        """Whether the event fires the hook; what webhooks publish fires none."""
        if event.of_hook or not event.name.startswith(self.prefix):
            return False
        return self.device is None or self.owner is None or event.device == self.device


Viewer = StreamViewer | DeviceViewer | HookViewer
