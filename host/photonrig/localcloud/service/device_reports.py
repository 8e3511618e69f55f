"""Reports of devices: the :class:`DeviceCallbacks` of the device service."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

from photonrig.localcloud.device.contract import Describe, Hello, PublishedEvent
from photonrig.localcloud.service.audit import on_behalf_of
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.event_service import EventService
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.provisioning import PHOTON_PLATFORM
from photonrig.localcloud.service.rollout import Rollout
from photonrig.localcloud.store import Store
from photonrig.localcloud.system_events import (
    APP_HASH,
    DEVICE_NAMES,
    FLASH_STATUS,
    SAFE_MODE,
    SAFE_MODE_MODULES,
    SAID_BY_DEVICES,
    STATUS,
    UPDATES_ENABLED,
    UPDATES_FORCED,
    is_reserved,
)

_log = logging.getLogger(__name__)

_NAME_QUESTIONS = frozenset(row.name for row in DEVICE_NAMES)


class DeviceReports:
    """Handles device callbacks in order."""

    def __init__(
        self,
        store: Store,
        ownership: OwnershipService,
        presence: Presence,
        events: EventService,
        rollout: Rollout,
        link: DeviceLink,
        now: Callable[[], float],
        *,
        admit_unknown: bool,
    ) -> None:
        self._store = store
        self._ownership = ownership
        self._presence = presence
        self._events = events
        self._rollout = rollout
        self._link = link
        self.now = now
        self._admit_unknown = admit_unknown
        self._online: set[str] = set()
        self._in_safe_mode: set[str] = set()  # devices in safe mode whose modules are not published yet
        self._modules: dict[str, tuple[dict[str, Any], ...]] = {}  # of devices described in their session

    @property
    def online_count(self) -> int:
        """Number of devices with a session."""
        return len(self._online)

    def public_key(self, device_id: str) -> bytes | None:
        """The enrolled key of a device."""
        device = self._store.devices.get(device_id)
        return None if device is None else device.public_key

    def admit(self, device_id: str, public_key: bytes) -> bool:
        """Enrol an unknown device under the key it presents, if the cloud's settings allow it."""
        if not self._admit_unknown:
            _log.info("device %s is unknown and was not admitted", device_id)
            return False
        with self._store.write():
            self._store.devices.add(device_id, public_key, PHOTON_PLATFORM)
        _log.info("device %s was unknown and is now enrolled", device_id)
        return True

    async def came_online(self, device_id: str, hello: Hello) -> None:
        """Handle the begin of a session."""
        device = self._store.devices.get(device_id)
        if device is None:
            return
        self._presence.said_hello(device_id, hello)
        self._modules.pop(device_id, None)
        self._in_safe_mode.discard(device_id)
        self._online.add(device_id)
        if device.state.platform != hello.platform_id and device.state.product is None:
            with self._store.write():
                device = self._store.devices.set_platform(device_id, hello.platform_id)
        self._ownership.firmware_names_product(device, hello.product_id)
        self._events.say(device_id, STATUS, "online")
        if self._store.targets.of(device).forced:
            self._link.hub.send_event(device_id, UPDATES_FORCED.name, "true")

    async def went_offline(self, device_id: str) -> None:
        """Handle the end of a session."""
        self._online.discard(device_id)
        self._in_safe_mode.discard(device_id)
        self._modules.pop(device_id, None)
        self._events.say(device_id, STATUS, "offline")

    async def described(self, device_id: str, describe: Describe) -> None:
        """Handle a new describe."""
        self._presence.was_described(device_id, describe)
        self._modules[device_id] = describe.modules
        if device_id in self._in_safe_mode:
            self._report_safe_mode(device_id)
        app_hash = next((each.get("u") for each in describe.modules if each.get("f") == "u"), None)
        if isinstance(app_hash, str) and self._presence.runs(device_id, app_hash):
            self._events.say(device_id, APP_HASH, app_hash)
        self._rollout.consider(device_id)

    def _report_safe_mode(self, device_id: str) -> None:
        """Publish the modules of a device in safe mode, once per session."""
        self._in_safe_mode.discard(device_id)
        self._events.say(device_id, SAFE_MODE_MODULES, json.dumps({"m": list(self._modules[device_id])}))

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        """Publish a device's event; reserved names are dropped."""
        self._presence.heard(device_id)
        if event.name not in SAID_BY_DEVICES and is_reserved(event.name):
            _log.info("device %s: dropped an event of the reserved name %r", device_id, event.name)
            return
        if event.name in _NAME_QUESTIONS and not event.data:
            # A query to the cloud; published, it would reach the querying device as an empty answer.
            self._answer_name(device_id, event.name)
            return
        if event.name == SAFE_MODE.name:
            self._in_safe_mode.add(device_id)
            if device_id in self._modules:
                self._report_safe_mode(device_id)
        if event.name == UPDATES_ENABLED.name:
            self._presence.takes_updates(device_id, event.data == "true")
            self._rollout.consider(device_id)
        self._events.say(device_id, event.name, event.data, event.ttl, event.private)

    def _answer_name(self, device_id: str, name: str) -> None:
        """Answer an application's query, an event without data, with an event of the same name: the device's name."""
        device = self._store.devices.get(device_id)
        if device is not None and device.name is not None:
            self._link.hub.send_event(device_id, name, device.name)

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        """Claim by the presented code; True if the device may clear it."""
        device = self._store.devices.get(device_id)
        with on_behalf_of("the device, by claim code"):
            return device is not None and self._ownership.claim_by_code(device, code)

    async def update_progress(self, device_id: str, status: str) -> None:
        """Publish the begin or end of an update."""
        self._events.say(device_id, FLASH_STATUS, status)
