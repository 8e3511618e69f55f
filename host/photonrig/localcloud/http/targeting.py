"""The fields of ``PUT …/devices/:id`` that decide over a device's firmware."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from photonrig.localcloud.http.call import Call
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.groups import put_in_groups
from photonrig.localcloud.store.devices import Device

__all__ = ["update"]


async def update(call: Call, device: Device) -> dict[str, Any]:
    """Change groups, lock and forced updates as the request says; what was changed.

    Groups and lock exist in products alone. With ``flash`` a device that is online is brought to its version at once.
    """
    fields = call.body.fields
    store = call.cloud.store
    before = after = store.targets.of(device)
    changed: dict[str, Any] = {}
    if "firmware_updates_forced" in fields:
        after = replace(after, forced=call.body.flag("firmware_updates_forced") or False)
        changed["firmware_updates_forced"] = after.forced
    product = None if device.state.product is None else store.products.get(device.state.product)
    if product is not None and call.request.path_params.keys() != {"device"}:
        if "groups" in fields:
            after = replace(after, groups=tuple(dict.fromkeys(call.body.texts("groups"))))
            changed["groups"] = list(after.groups)
        if "desired_firmware_version" in fields:
            after = replace(after, desired=_version(call, product.id))
            changed["desired_firmware_version"] = after.desired
    if not changed:
        return {}
    with store.write():
        if product is None:
            store.targets.save(device, after)
        else:
            put_in_groups(call, product, device, after)
    if after.forced != before.forced:
        await call.cloud.devices.send_event(
            device.id, "particle/device/updates/forced", "true" if after.forced else "false"
        )
    if call.body.flag("flash") or (after.forced and not before.forced):
        call.cloud.rollout.consider(device.id)
    return changed


def _version(call: Call, product_id: int) -> int | None:
    text = call.body.text("desired_firmware_version")
    if text is None or text in ("", "null"):
        return None
    if not (text.isascii() and text.isdecimal()) or call.cloud.store.firmware.get(product_id, int(text[:6])) is None:
        raise refused(404, f"Firmware version {text} not found")
    return int(text)
