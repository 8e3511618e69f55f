"""The fields of ``PUT …/devices/:id`` that decide over a device's firmware."""

from __future__ import annotations

from typing import Any

from photonrig.localcloud.http.call import Call
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.groups import put_in_groups
from photonrig.localcloud.service.system_events import UPDATES_FORCED
from photonrig.localcloud.store.devices import Device

__all__ = ["act", "write"]


def write(call: Call, device: Device) -> dict[str, Any]:
    """Change groups, lock and forced updates as the request says, within a transaction; what was changed.

    Groups and lock exist in products alone.
    """
    fields = call.sent.fields
    store = call.cloud.store
    changed: dict[str, Any] = {}
    if "firmware_updates_forced" in fields:
        changed["firmware_updates_forced"] = call.sent.flag("firmware_updates_forced") or False
        store.targets.force(device, changed["firmware_updates_forced"])
    product = None if device.state.product is None else store.products.get(device.state.product)
    if product is not None and call.request.path_params.keys() != {"device"}:
        if "groups" in fields:
            changed["groups"] = list(dict.fromkeys(call.sent.texts("groups")))
            put_in_groups(call, product, device, tuple(changed["groups"]))
        if "desired_firmware_version" in fields:
            changed["desired_firmware_version"] = _version(call, product.id)
            store.targets.lock(device, changed["desired_firmware_version"])
    return changed


def act(call: Call, device: Device, *, forced_before: bool) -> None:
    """Tell the device what was written; with ``flash``, or forced anew, it is brought to its version at once."""
    forced = call.cloud.store.targets.of(device).forced
    if forced != forced_before:
        call.cloud.devices.send_event(device.id, UPDATES_FORCED.name, "true" if forced else "false")
    if call.sent.flag("flash") or (forced and not forced_before):
        call.cloud.rollout.consider(device.id)


def _version(call: Call, product_id: int) -> int | None:
    text = call.sent.text("desired_firmware_version")
    if text is None or text in ("", "null"):
        return None
    if not (text.isascii() and text.isdecimal()) or call.cloud.store.firmware.get(product_id, int(text[:6])) is None:
        raise refused(404, f"Firmware version {text} not found")
    return int(text)
