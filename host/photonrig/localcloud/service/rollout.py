"""Firmware rollout: the version each device should run, and its update: by hand, on connection, or at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from photonrig.localcloud.background import Tasks
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused, Permit, Withdrawn
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.records import Device, Targeting
from photonrig.localcloud.store import Store
from photonrig.localcloud.system_events import STATUS, UPDATES_PENDING, SystemEvent

_log = logging.getLogger(__name__)

AT_ONCE = 16  # concurrent automatic updates
TRIES = 3  # per version and device, then none for RETRY_SECONDS
RETRY_SECONDS = 3600.0


class Busy(Exception):
    """The device is being updated."""


def target_version(
    device: Device, targeting: Targeting, default: int | None, released: Mapping[str, int | None]
) -> int | None:
    """The product firmware version a device should run; None when no update applies.

    Development devices, and those outside products, are exempt. A lock takes precedence over releases to the device's
    groups, and those over the product's default. Of several groups' versions the highest counts (a choice).

    :param default: the version released to the whole product
    :param released: the version released to each group, by name
    """
    if device.state.product is None or device.state.quarantine is not None or device.development:
        return None
    if targeting.desired is not None:
        return targeting.desired
    versions = [version for name in targeting.groups if (version := released.get(name)) is not None]
    return max(versions, default=default)


@dataclass(slots=True)
class _Tries:
    version: int
    count: int = 0
    last: float = 0.0


class Rollout:
    """Updates of devices, at most one per device at a time."""

    def __init__(
        self,
        store: Store,
        presence: Presence,
        link: DeviceLink,
        now: Callable[[], float],
        say: Callable[[str, SystemEvent, str], None],
    ) -> None:
        """``say`` publishes an event of a device: its id, the event and its data."""
        self._store = store
        self._presence = presence
        self._link = link
        self._now = now
        self._say = say
        self._flashing: set[str] = set()
        self._tries: dict[str, _Tries] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[bool]] = {}
        self._updates: Tasks[bool] = Tasks("an automatic update")

    @property
    def running(self) -> int:
        """Number of running updates."""
        return len(self._flashing)

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        """Update a device now, while ``permit`` holds.

        :raises Busy: an update of it is running
        :raises DeviceOffline, DeviceTimeout, FlashRefused: from the device service
        """
        if device_id in self._flashing:
            raise Busy(device_id)
        self._flashing.add(device_id)
        try:
            await self._link.hub.flash(device_id, image, name, permit)
        finally:
            self._flashing.discard(device_id)

    def target(self, device: Device) -> int | None:
        """The product firmware version a device should run."""
        product = device.state.product
        if product is None:
            return None
        released = {group.name: group.fw_version for group in self._store.groups.of("name", product_id=product)}
        default = self._store.firmware.default(product)
        return target_version(device, self._store.targets.of(device), default, released)

    def pending(self, device: Device) -> int | None:
        """The version a device should be updated to; None when it is up to date."""
        target = self.target(device)
        telemetry = self._presence.of(device.id)
        if (device.state.product, target) == (telemetry.firmware_product_id, telemetry.firmware_version):
            return None
        return target

    def consider(self, device_id: str) -> None:
        """Start a due update if the device accepts it; never blocks."""
        device = self._store.devices.get(device_id)
        if device is None or device_id in self._tasks or not self._link.hub.online(device_id):
            return
        version = self.pending(device)
        if version is None:
            self._tries.pop(device_id, None)
            return
        tries = self._tries.get(device_id)
        if tries is None or tries.version != version or self._now() - tries.last >= RETRY_SECONDS:
            tries = self._tries[device_id] = _Tries(version)
        if tries.count >= TRIES:
            return
        if not (self._presence.of(device_id).updates_enabled or self._store.targets.of(device).forced):
            # Updates are disabled on the device: notify it that one is pending.
            self._link.hub.send_event(device_id, UPDATES_PENDING.name, "true")
            return
        task = self._tasks[device_id] = self._updates.start(self._update(device, tries))
        task.add_done_callback(lambda done: self._updated(device_id, done))

    async def idle(self) -> None:
        """Wait until no automatic update is running."""
        await self._updates.idle()

    async def close(self) -> None:
        """Stop all automatic updates."""
        await self._updates.close()

    def _updated(self, device_id: str, done: asyncio.Task[bool]) -> None:
        """Handle the end of an update; if the target has changed meanwhile, start the next."""
        del self._tasks[device_id]
        if not done.cancelled() and done.exception() is None and done.result():
            self.consider(device_id)

    async def _update(self, device: Device, tries: _Tries) -> bool:
        """Update a device; True if skipped, because its target has changed."""
        product = device.state.product
        assert product is not None

        def permit() -> None:
            """Raise Withdrawn unless the device is still in the product and this version its target."""
            now = self._store.devices.get(device.id)
            if now is None or now.state.product != product or self.target(now) != tries.version:
                raise Withdrawn(f"version {tries.version} of product {product} is no longer its target")

        async with self._slots:
            try:
                permit()
                image = self._store.firmware.image(product, tries.version)
                if image is None:
                    return False
                tries.count += 1
                tries.last = self._now()
                self._say(device.id, STATUS, "auto-update")
                await self.flash(device.id, image, f"v{tries.version}.bin", permit)
            except (Busy, DeviceOffline, DeviceTimeout, FlashRefused, Withdrawn) as error:
                _log.info(
                    "%s: automatic update to version %d failed: %s",
                    device.id,
                    tries.version,
                    error or type(error).__name__,
                )
                return isinstance(error, Withdrawn)
        return False
