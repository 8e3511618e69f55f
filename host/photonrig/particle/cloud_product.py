"""Product management calls: firmware releases, webhooks, vitals. A base class of :class:`Cloud`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from photonrig.particle.cloud_http import CloudHttp
from photonrig.particle.cloud_types import USER, FirmwareVersion, Scope, Webhook, product

_ASK_DEVICE: Final = 40.0
_UPLOAD: Final = 60.0


class ProductCalls(CloudHttp):
    """Firmware of products, webhooks and vitals."""

    # --- firmware ---------------------------------------------------------------------------------------------------

    def upload_firmware(self, ref: int | str, version: int, image: bytes, *, title: str = "") -> None:
        """Upload firmware as a version, 1 to 65535; the image must state the same product and version."""
        form = {"version": str(version), "title": title or f"v{version}"}
        files = [("file", ("firmware.bin", image))]
        self.request("POST", f"/v1/products/{_part(ref)}/firmware", data=form, files=files, timeout=_UPLOAD)

    def firmware_versions(self, ref: int | str) -> tuple[FirmwareVersion, ...]:
        """All versions of a product's firmware."""
        found = self.request("GET", f"/v1/products/{_part(ref)}/firmware")
        return tuple(
            FirmwareVersion(
                int(each["version"]),
                bool(each.get("product_default")),
                tuple(each.get("groups") or ()),
                int(each.get("device_count") or 0),
            )
            for each in found
        )

    def release_firmware(
        self, ref: int | str, version: int, *, groups: Sequence[str] = (), at_once: bool = False
    ) -> None:
        """Release a version to groups, or without groups to the whole product.

        Devices are updated when they next come online; with ``at_once`` those that are online are updated now.
        """
        fields: dict[str, Any] = {"version": version, "product_default": not groups, "intelligent": at_once}
        if groups:
            fields["groups"] = list(groups)
        self.request("PUT", f"/v1/products/{_part(ref)}/firmware/release", json=fields)

    def lock_firmware(self, device: str, version: int | None, scope: Scope, *, at_once: bool = False) -> None:
        """Lock a product's device to a version, overriding releases; None ends the lock."""
        fields = {"desired_firmware_version": version} | ({"flash": True} if at_once else {})
        self.request("PUT", scope.device(device), json=fields, device=device)

    def set_groups(self, device: str, groups: Sequence[str], scope: Scope) -> None:
        """Set the groups of a product's device; missing groups are created."""
        self.request("PUT", scope.device(device), json={"groups": list(groups)}, device=device)

    # --- webhooks ---------------------------------------------------------------------------------------------------

    def create_webhook(
        self, event: str, url: str, *, scope: Scope = USER, settings: Mapping[str, Any] | None = None
    ) -> Webhook:
        """Create a webhook for events whose name begins with ``event``; ``settings`` as the API names them."""
        fields = {"integration_type": "Webhook", "event": event, "url": url, **(settings or {})}
        return Webhook.parse(self.request("POST", _hooks(scope), json=fields))

    def webhooks(self, scope: Scope = USER) -> tuple[Webhook, ...]:
        """The webhooks of the caller, or of a product."""
        return tuple(Webhook.parse(each) for each in self.request("GET", _hooks(scope)))

    def delete_webhook(self, hook_id: str, scope: Scope = USER) -> None:
        """Delete a webhook."""
        self.request("DELETE", f"{_hooks(scope)}/{_part(hook_id)}")

    # --- vitals -----------------------------------------------------------------------------------------------------

    def vitals(self, device: str, scope: Scope = USER) -> Mapping[str, Any]:
        """Request the device's diagnostics now: uptime, connections, signal.

        :raises DeviceOffline: it does not answer
        """
        path = scope.device(device).replace("/devices/", "/diagnostics/", 1)
        self.request("POST", f"{path}/update", json={}, timeout=_ASK_DEVICE, device=device)
        found: Mapping[str, Any] = self.request("GET", f"{path}/last", device=device)["diagnostics"]["payload"][
            "device"
        ]
        return found


def _hooks(scope: Scope) -> str:
    return "/v1/integrations" if scope.product is None else f"/v1/products/{scope.product}/integrations"


def _part(ref: int | str) -> str:
    return str(product(ref).product)
