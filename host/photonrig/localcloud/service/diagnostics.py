"""Vitals: device diagnostics, requested and stored."""

from __future__ import annotations

import json

from photonrig.localcloud.service.control import ControlService, Named
from photonrig.localcloud.service.event_service import EventService
from photonrig.localcloud.service.records import Device, Vitals
from photonrig.localcloud.service.vitals import payload_of
from photonrig.localcloud.store import Store
from photonrig.localcloud.system_events import VITALS


class DiagnosticsService:
    """Vitals of each device."""

    def __init__(self, store: Store, control: ControlService, events: EventService) -> None:
        self._store = store
        self._control = control
        self._events = events

    def of(self, device: Device) -> list[Vitals]:
        """The stored reports of a device, newest first."""
        return self._store.vitals.of("number DESC", device_id=device.id)

    async def ask(self, named: Named) -> None:
        """Request a report from the device, store and publish it.

        :raises ServiceRefusal: see :meth:`ControlService.metrics`
        """
        device, metrics = await self._control.metrics(named)
        payload = payload_of(metrics)
        with self._store.write():
            self._store.vitals.note(device.id, payload)
        self._events.say(device.id, VITALS, json.dumps(payload))
