"""Response bodies of devices."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from photonrig.localcloud.events import iso_time
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.devices import DeviceFacts
from photonrig.localcloud.service.records import Device
from photonrig.ownership.model import Owner


@lru_cache(maxsize=1024)
def timestamp(seconds: float | None) -> str | None:
    """A time in the API's format; None stays None."""
    return None if seconds is None else iso_time(seconds)


def owner_field(owner: Owner | None) -> dict[str, str]:
    """The owner as ``user_id`` or ``customer_id``; empty for an unowned device."""
    return {} if owner is None else {f"{owner.kind}_id": owner.id}


def device_view(cloud: Cloud, device: Device) -> dict[str, Any]:
    """A device as shown to its owner; a sandbox device's product id is its platform id."""
    return _view(device, cloud.devices.facts(device))


def _view(device: Device, facts: DeviceFacts) -> dict[str, Any]:
    telemetry = facts.telemetry
    return {
        "id": device.id,
        "name": device.name,
        "last_app": "",
        "last_ip_address": telemetry.address,
        "last_heard": timestamp(telemetry.last_heard),
        "last_handshake_at": timestamp(telemetry.last_handshake_at),
        "product_id": shown_product(device),
        "connected": facts.online,
        "online": facts.online,
        "platform_id": device.state.platform,
        "cellular": False,
        "notes": device.notes,
        "functions": telemetry.functions,
        "variables": telemetry.variables,
        "status": "normal",
        "serial_number": facts.serial_number,
        "system_firmware_version": telemetry.system_version,
        "current_build_target": telemetry.system_version,
        "default_build_target": "2.3.1",
        "pinned_build_target": None,
        "firmware_updates_enabled": telemetry.updates_enabled,
        "firmware_updates_forced": facts.targeting.forced,
        "firmware_product_id": telemetry.firmware_product_id,
        "firmware_version": telemetry.firmware_version,
        "groups": list(facts.targeting.groups),
        "targeted_firmware_release_version": facts.target,
        **owner_field(device.state.owner),
    }


def product_device_view(cloud: Cloud, device: Device) -> dict[str, Any]:
    """A device as shown to its product's team; ``owner`` is the owner's e-mail or None."""
    state, facts = device.state, cloud.devices.facts(device)
    return _view(device, facts) | {
        "owner": cloud.accounts.name_of(state.owner),
        "development": device.development,
        "quarantined": state.quarantine is not None and not state.quarantine.denied,
        "denied": state.quarantine is not None and state.quarantine.denied,
        "desired_firmware_version": facts.targeting.desired,
        "mobile_secret": None,
        "updated_at": iso_time(device.updated_at),
    }


def shown_product(device: Device) -> int:
    """The product id shown for a device: its platform's if it is in none."""
    return device.state.platform if device.state.product is None else device.state.product
