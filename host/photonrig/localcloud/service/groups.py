"""Device groups of products, and the devices a release or a change of groups would update."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.records import Device, Group, Product, Targeting
from photonrig.localcloud.service.refusal import invalid, unknown
from photonrig.localcloud.service.rollout import Rollout, target_version
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.groups import in_groups

GROUP_NAMES = "A group's name must be 1 … 64 lower-case letters, digits, dashes or underscores"
_NAME = re.compile(r"[a-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Update:
    """A device that a change would update, from a version (None: not the product's firmware) to another."""

    device: Device
    running: int | None
    version: int
    online: bool


class GroupService:
    """Groups by product and name."""

    def __init__(self, store: Store, presence: Presence, link: DeviceLink, rollout: Rollout) -> None:
        self._store = store
        self._presence = presence
        self._link = link
        self._rollout = rollout

    def of(self, product: Product, part: str = "") -> list[Group]:
        """The groups of a product whose name contains a text, in any case; by name."""
        return [
            group
            for group in self._store.groups.of("name", product_id=product.id)
            if part.lower() in group.name.lower()
        ]

    def find(self, product: Product, name: str) -> Group:
        """A group.

        :raises ServiceRefusal: unknown
        """
        group = self._store.groups.get(product_id=product.id, name=name)
        if group is None:
            raise unknown("Group not found")
        return group

    def size(self, group: Group) -> int:
        """Number of devices in a group."""
        devices = self._store.devices.of_product(group.product_id)
        return sum(group.name in self._store.targets.of(device).groups for device in devices)

    def create(self, group: Group) -> Group:
        """Create a group.

        :raises ServiceRefusal: the name is taken or invalid
        """
        _checked(group.name)
        with self._store.write():
            if not self._store.groups.add(group):
                raise invalid(f"The group {group.name} exists already")
        return group

    def change(self, group: Group, to: Group) -> Group:
        """Rename or describe a group; its devices stay in it.

        :raises ServiceRefusal: as :meth:`create`
        """
        _checked(to.name)
        with self._store.write():
            if not self._store.groups.update(group.key, name=to.name, description=to.description, color=to.color):
                raise invalid(f"The group {to.name} exists already")
            self._store.targets.rename_group(group.product_id, group.name, to.name)
        return to

    def remove(self, group: Group) -> None:
        """Delete a group; its devices stay in the product."""
        with self._store.write():
            self._store.groups.remove(**group.key)
            self._store.targets.rename_group(group.product_id, group.name, None)

    def put_in(self, product_id: int, device: Device, groups: Sequence[str]) -> None:
        """Set a device's groups, creating missing ones; within a transaction.

        :raises ServiceRefusal: an invalid name
        """
        known = {group.name for group in self._store.groups.of("name", product_id=product_id)}
        for name in groups:
            if name not in known:
                self._store.groups.add(Group(product_id, _checked(name)))
        self._store.targets.put_in_groups(device, tuple(groups))

    def move(self, product: Product, device_ids: Iterable[str], add: list[str], remove: list[str]) -> None:
        """Add many devices to groups and remove them from others; all or none.

        :raises ServiceRefusal: no devices, one not in the product, or an invalid name
        """
        add, remove = ([_checked(name) for name in names] for names in (add, remove))
        devices = [self._device(product, device_id) for device_id in device_ids]
        if not devices:
            raise invalid("devices must name at least one device")
        with self._store.write():
            for device in devices:
                self.put_in(
                    product.id, device, in_groups(self._store.targets.of(device), add=add, remove=remove).groups
                )

    def after_release(self, product: Product, version: str, groups: Iterable[str], *, to_all: bool) -> list[Update]:
        """Devices a release of a version to groups, or to the whole product, would update.

        :raises ServiceRefusal: unknown version, or an invalid group name
        """
        names = [_checked(name) for name in groups if name]
        if not (version.isascii() and version.isdecimal()) or not self._has_firmware(product, int(version[:6])):
            raise unknown("Firmware version not found")
        default = int(version) if to_all else self._store.firmware.default(product.id)
        return self._updates(product, default, dict.fromkeys(names, int(version)), {})

    def after_move(self, product: Product, device_id: str, groups: Iterable[str]) -> list[Update]:
        """Updates that would follow if one device were in exactly these groups.

        :raises ServiceRefusal: the device is not in the product, or an invalid group name
        """
        names = [_checked(name) for name in groups if name]
        device = self._device(product, device_id)
        moved = {device.id: replace(self._store.targets.of(device), groups=tuple(names))}
        return self._updates(product, self._store.firmware.default(product.id), {}, moved)

    def _updates(
        self, product: Product, default: int | None, released: dict[str, int], moved: dict[str, Targeting]
    ) -> list[Update]:
        versions = {group.name: group.fw_version for group in self.of(product)} | released
        updates = []
        for device in self._store.devices.of_product(product.id):
            if device.state.product != product.id:
                continue
            targeting = moved.get(device.id) or self._store.targets.of(device)
            after = target_version(device, targeting, default, versions)
            telemetry = self._presence.of(device.id)
            running = telemetry.firmware_version if telemetry.firmware_product_id == product.id else None
            if after is not None and after not in (self._rollout.target(device), running):
                updates.append(Update(device, running, after, self._link.reachable(device)))
        return updates

    def _has_firmware(self, product: Product, version: int) -> bool:
        return self._store.firmware.get(product_id=product.id, version=version) is not None

    def _device(self, product: Product, device_id: str) -> Device:
        device = self._store.devices.get(device_id.lower())
        if device is None or device.state.product != product.id:
            raise unknown(f"Device not found for this product: {device_id}")
        return device


def _checked(name: str) -> str:
    """Check a group's name.

    :raises ServiceRefusal: invalid
    """
    if not _NAME.fullmatch(name):
        raise invalid(GROUP_NAMES)
    return name
