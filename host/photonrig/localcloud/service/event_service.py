"""Event service: publishes each event to history, streams, webhooks and subscribed devices."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Era, Principal
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.eras.viewers import DeviceViewer, StreamViewer
from photonrig.localcloud.events import BY_CLIENT, MAX_DATA, Event, asked_by_hook
from photonrig.localcloud.service.bus import Bus, Reader
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.history import History
from photonrig.localcloud.service.records import Device, Organization, Product, Token
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid
from photonrig.localcloud.store import Store
from photonrig.localcloud.system_events import OWNER_CHANGED, SystemEvent, is_reserved
from photonrig.localcloud.webhooks.dispatcher import Webhooks
from photonrig.ownership.model import Owner

_MAX_NAME = 64
NAMES = f"name must be 1 … {_MAX_NAME} printable ASCII characters"
"""Rule for clients' event names."""


class EventService:
    """The only publisher of events. :meth:`Era.may_see` decides on visibility for all viewers."""

    def __init__(
        self,
        store: Store,
        era: Era,
        bus: Bus,
        history: History,
        webhooks: Callable[[Callable[[Event], None]], Webhooks],
        link: DeviceLink,
        now: Callable[[], float],
    ) -> None:
        """``webhooks`` creates the dispatcher from its publish function."""
        self._store = store
        self._era = era
        self._bus = bus
        self._history = history
        self.webhooks = webhooks(self.publish)
        self._link = link
        self._now = now

    # --- publishing --------------------------------------------------------------------------------------------------

    def publish(self, event: Event) -> None:
        """Publish an event to streams, history, webhooks and subscribed devices.

        An event caused by a webhook's request counts as the webhook's own.
        """
        if asked_by_hook.get() and not event.of_hook:
            event = replace(event, of_hook=True)
        self._bus.publish(event)
        self._history.note(event)
        self.webhooks.offer(event)
        self._deliver(event)

    def _deliver(self, event: Event) -> None:
        """Send an event once to each subscribed device that may see it.

        Never queued: a delayed event could reach a device that has changed owner since.
        """
        hub = self._link.hub
        reached: set[str] = set()
        for device_id, scope in list(hub.listeners(event.name)):
            device = None if device_id in reached else self._store.devices.get(device_id)
            if device is None or device.state.quarantine is not None:
                continue
            if self._era.may_see(DeviceViewer(device.state.owner, device.state.product, scope), event):
                reached.add(device_id)
                hub.send_event(
                    device_id, event.name, event.data if event.raw is None else event.raw, private=event.private
                )

    def say(
        self, device_id: str, event: SystemEvent | str, data: str | None, ttl: int = 60, private: bool = True
    ) -> None:
        """Publish an event of a device; ``ttl`` in seconds."""
        device = self._store.devices.get(device_id)
        if device is None or device.state.quarantine is not None:
            return
        name = event if isinstance(event, str) else event.name
        self.publish(self._of_device(device, name, data, ttl, private))

    def owner_changed(self, device: Device, former: Owner | None) -> None:
        """Notify both owners and the product, each once, of a change of owner; other owners are given by kind only."""
        kinds = {"from": former and former.kind, "to": device.state.owner and device.state.owner.kind}
        event = self._of_device(device, OWNER_CHANGED.name, json.dumps(kinds))
        if former is not None:
            self.publish(replace(event, owner=former, product=None))
        self.publish(event)

    def _of_device(self, device: Device, name: str, data: str | None, ttl: int = 60, private: bool = True) -> Event:
        return Event(
            name,
            data,
            coreid=device.id,
            published_at=self._now(),
            device=device.id,
            owner=device.state.owner,
            product=device.state.product,
            ttl=ttl,
            private=private,
        )

    def publish_own(self, by: Principal, name: str, data: str | None, *, ttl: int, private: bool | None) -> None:
        """Publish to the caller and the caller's devices; with a product's token to the product (a choice).

        :raises ServiceRefusal: an invalid or reserved event
        """
        product = by.product if by.kind == "product" else None
        owner = by.owner if product is None else None
        self._publish_of_client(name, data, None, owner, product, ttl, private)

    def publish_in(
        self,
        product: Product,
        by: Principal,
        name: str,
        data: str | None,
        *,
        ttl: int,
        private: bool | None,
        as_device: str | None,
    ) -> None:
        """Publish to a product and its devices, or on behalf of its device ``as_device``.

        :raises ServiceRefusal: as :meth:`publish_own`, or the device is not in the product
        """
        device = None if as_device is None else self._store.devices.get(as_device.lower())
        if as_device is not None and (device is None or device.state.product != product.id):
            raise ServiceRefusal(Situation.NOT_IN_PRODUCT)
        owner = None if device is None else device.state.owner
        self._publish_of_client(name, data, None if device is None else device.id, owner, product.id, ttl, private)

    def _publish_of_client(
        self,
        name: str,
        data: str | None,
        device: str | None,
        owner: Owner | None,
        product: int | None,
        ttl: int,
        private: bool | None,
    ) -> None:
        if not name or len(name) > _MAX_NAME or not (name.isascii() and name.isprintable()):
            raise invalid(NAMES)
        if is_reserved(name):
            raise invalid(assumptions.RESERVED_NAMES.chosen)
        if data is not None and len(data.encode()) > MAX_DATA:
            raise invalid(f"data is longer than {MAX_DATA} bytes")
        private = not self._era.public_events if private is None else private
        coreid = BY_CLIENT if device is None else device
        self.publish(Event(name, data, coreid, self._now(), device, owner, product, ttl, private))

    # --- viewing -----------------------------------------------------------------------------------------------------

    def products_of(self, organization: Organization) -> frozenset[int]:
        """The products shown by an organization's stream, as of its opening."""
        return frozenset(product.id for product in self._store.products.of_organization(organization.id))

    def open(self, viewers: tuple[StreamViewer, ...], token: Token) -> Reader:
        """Open a stream of events visible to any of the viewers, while the token is valid."""
        may_see = self._era.may_see
        wants = [partial(may_see, viewer) for viewer in viewers]
        one = wants[0] if len(wants) == 1 else lambda event: any(want(event) for want in wants)
        return self._bus.subscribe(one, token.hash, audience=viewers)

    async def next(self, reader: Reader, token: Token, silence: float) -> bytes | None:
        """The bytes a stream sends next, see :meth:`Reader.next`; None at its end, or its token's."""
        chunk = await reader.next(silence)
        return None if self._store.tokens.expired(token) else chunk

    def end(self, reader: Reader) -> None:
        """Close a stream whose client has left."""
        self._bus.unsubscribe(reader)

    def latest(self, viewer: StreamViewer, *, since: float, limit: int) -> list[Event]:
        """The last ``limit`` events visible on a stream since a time in Unix seconds, oldest first."""
        return self._history.latest(viewer, self._era.may_see, since=since, limit=limit)
