"""Device records: listing, facts, and fields written by owner and team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypedDict

from photonrig.localcloud.eras import Action, Era, Principal, Subject
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.groups import GroupService
from photonrig.localcloud.service.presence import Presence, Telemetry
from photonrig.localcloud.service.records import Device, Notes, Product, Targeting
from photonrig.localcloud.service.refusal import invalid, unknown
from photonrig.localcloud.service.rollout import Rollout
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.devices import LONGEST_NAME
from photonrig.localcloud.system_events import UPDATES_FORCED
from photonrig.ownership.model import Owner


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """Facts about a device beside its record; ``target`` is the firmware version it should run."""

    telemetry: Telemetry
    online: bool
    targeting: Targeting
    serial_number: str | None
    target: int | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filter for a product's devices: parts of id, name and serial number, and groups, of which one must match."""

    device_id: str = ""
    name: str = ""
    serial_number: str = ""
    groups: frozenset[str] = frozenset()
    quarantined: bool | None = None


class Targeted(TypedDict, total=False):
    """Firmware targeting in a request; groups and lock only within products."""

    firmware_updates_forced: bool
    groups: list[str]
    desired_firmware_version: str | None


class DeviceService:
    """Devices of accounts and products. Owners are changed by the ownership service only."""

    def __init__(
        self, store: Store, era: Era, presence: Presence, link: DeviceLink, rollout: Rollout, groups: GroupService
    ) -> None:
        self._store = store
        self._era = era
        self._presence = presence
        self._link = link
        self._rollout = rollout
        self._groups = groups

    # --- finding -----------------------------------------------------------------------------------------------------

    def of_owner(self, owner: Owner) -> list[Device]:
        """The devices of an account, last seen first."""
        devices = self._store.devices.of_owner(owner)
        devices.sort(key=lambda device: self._presence.of(device.id).last_handshake_at or 0.0, reverse=True)
        return devices

    def of_product(self, product: Product, wanted: Wanted, order: str | None, *, descending: bool) -> list[Device]:
        """The devices of a product and of its quarantine, in ``order``: deviceName, firmwareVersion, lastConnection."""
        devices = [device for device in self._store.devices.of_product(product.id) if not device.untyped]
        if wanted != _ALL:
            devices = [device for device in devices if self._matches(device, wanted)]
        telemetry = self._presence.of
        match order:
            case "deviceName":
                devices.sort(key=lambda device: device.name or "")
            case "firmwareVersion":
                devices.sort(key=lambda device: telemetry(device.id).firmware_version or 0)
            case "lastConnection":
                devices.sort(key=lambda device: telemetry(device.id).last_handshake_at or 0.0)
        return devices[::-1] if descending else devices

    def _matches(self, device: Device, wanted: Wanted) -> bool:
        if wanted.device_id.lower() not in device.id or wanted.name.lower() not in (device.name or "").lower():
            return False
        serial_number = wanted.serial_number.upper()
        if serial_number and serial_number not in (self._store.serial_numbers.of(device.id) or ""):
            return False
        if wanted.groups and wanted.groups.isdisjoint(self._store.targets.of(device).groups):
            return False
        return wanted.quarantined in (None, device.state.quarantine is not None)

    def seen_by(self, by: Principal) -> list[Device]:
        """The caller's own devices, and those of products where the caller may list devices, by id."""
        found: dict[str, Device] = {}
        if by.owner is not None and self._era.allows(by, Action.LIST_OWN_DEVICES):
            found |= {device.id: device for device in self._store.devices.of_owner(by.owner)}
        for product_id in self.products_of(by, Action.PRODUCT_DEVICES):
            inside = self._store.devices.of_product(product_id)
            found |= {device.id: device for device in inside if device.state.product == product_id}
        return [found[device_id] for device_id in sorted(found) if not found[device_id].untyped]

    def products_of(self, by: Principal, action: Action) -> list[int]:
        """The products in which the caller may do this."""
        known = {*by.roles, *([] if by.product is None else [by.product])}
        return sorted(product for product in known if self._era.allows(by, action, Subject(product=product)))

    def with_serial_number(self, serial_number: str) -> str:
        """The id of the device with a serial number, in any case.

        :raises ServiceRefusal: unknown
        """
        device_id = self._store.serial_numbers.device(serial_number)
        if device_id is None:
            raise unknown("Serial number not found")
        return device_id

    # --- what is known -----------------------------------------------------------------------------------------------

    def facts(self, device: Device) -> DeviceFacts:
        """Current facts about a device."""
        return DeviceFacts(
            self._presence.of(device.id),
            self._link.reachable(device),
            self._store.targets.of(device),
            self._store.serial_numbers.of(device.id),
            self._rollout.target(device),
        )

    async def described(self, device: Device) -> None:
        """Wait until an online device has described itself; the caller looks it up again afterwards."""
        if self._link.reachable(device):
            await self._presence.description(device.id)

    def customers_owning(self, devices: Iterable[Device]) -> dict[str, str]:
        """Id and e-mail of the customers who own any of the devices."""
        owners = {device.state.owner for device in devices}
        ids = [each.id for each in owners if each is not None and each.kind == "customer"]
        found = [self._store.customers.get(id=each) for each in ids]
        return {customer.id: customer.email for customer in found if customer is not None}

    # --- what is written ---------------------------------------------------------------------------------------------

    def update(self, device: Device, notes: Notes, targeted: Targeted, *, flash: bool) -> tuple[Device, dict[str, Any]]:
        """Write the given fields, notify the device, and with ``flash`` update it at once.

        Returns the device and the written fields under the API's names.

        :raises ServiceRefusal: no fields, or an invalid name, group or version
        """
        if "name" in notes:
            notes = {**notes, "name": self._new_name(device, notes["name"])}
        forced_before = self._store.targets.of(device).forced
        with self._store.write():
            written = self._write_targeting(device, targeted)
            if not notes and not written:
                raise invalid("Nothing to do?")
            changed = self._store.devices.annotate(device.id, **notes)
        if written:
            self._act_on_targeting(device, forced_before, flash=flash)
        return changed, {**notes, **written}

    def _new_name(self, device: Device, name: str | None) -> str:
        name = (name or "").strip()
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise invalid(f"name must be 1 … {LONGEST_NAME} printable characters")
        owner = device.state.owner
        if owner is not None and self._store.devices.has_name(owner, name, beside=device.id):
            raise invalid("Another device of this account has that name")
        return name

    def _write_targeting(self, device: Device, targeted: Targeted) -> dict[str, Any]:
        written: dict[str, Any] = {}
        targets, product_id = self._store.targets, device.state.product
        if "firmware_updates_forced" in targeted:
            written["firmware_updates_forced"] = targeted["firmware_updates_forced"]
            targets.force(device, targeted["firmware_updates_forced"])
        if product_id is not None and "groups" in targeted:
            written["groups"] = list(dict.fromkeys(targeted["groups"]))
            self._groups.put_in(product_id, device, tuple(written["groups"]))
        if product_id is not None and "desired_firmware_version" in targeted:
            written["desired_firmware_version"] = self._version(product_id, targeted["desired_firmware_version"])
            targets.lock(device, written["desired_firmware_version"])
        return written

    def _version(self, product_id: int, text: str | None) -> int | None:
        if text is None or text in ("", "null"):
            return None
        known = (
            text.isascii()
            and text.isdecimal()
            and self._store.firmware.get(product_id=product_id, version=int(text[:6])) is not None
        )
        if not known:
            raise unknown(f"Firmware version {text} not found")
        return int(text)

    def _act_on_targeting(self, device: Device, forced_before: bool, *, flash: bool) -> None:
        forced = self._store.targets.of(device).forced
        if forced != forced_before:
            self._link.hub.send_event(device.id, UPDATES_FORCED.name, "true" if forced else "false")
        if flash or (forced and not forced_before):
            self._rollout.consider(device.id)


_ALL = Wanted()
