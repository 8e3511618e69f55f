"""Client for the local cloud's /admin API: staff's repairs, the console of 2016, answers to transfer requests.

with LocalCloud(state, era="2016-before") as local, local.admin() as admin:
    admin.repair(device_id)
"""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.particle.cloud_http import CloudHttp
from photonrig.particle.cloud_types import CloudDevice, device_ref

__all__ = ["LocalAdmin", "PendingTransfer"]


@dataclass(frozen=True, slots=True)
class PendingTransfer:
    """A user's request for another user's device; the users by their names."""

    id: str
    device: str
    from_user: str
    to_user: str


class LocalAdmin(CloudHttp):
    """The administration of one local cloud, which Particle's cloud has no like of."""

    def device(self, device: str) -> CloudDevice:
        """A device, whoever owns it."""
        return CloudDevice.parse(self.request("GET", self._path(device), device=device))

    def owned_by_nobody(self, device: str) -> bool:
        """Whether the owner was stored without its kind, as in 2016 (claim thread, row 5)."""
        return bool(self.request("GET", self._path(device), device=device)["owned_by_nobody"])

    def repair(self, device: str) -> CloudDevice:
        """Give such a device to the customer it was meant for, or to nobody."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/repair", device=device))

    def unclaim(self, device: str) -> CloudDevice:
        """End a claim, whoever holds it."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/unclaim", device=device))

    def leave_product(self, device: str) -> CloudDevice:
        """Take a device out of its product."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/leave-product", device=device))

    def transfers(self) -> tuple[PendingTransfer, ...]:
        """The requests that wait for their owners' answers, oldest first."""
        return tuple(
            PendingTransfer(each["transfer_id"], each["device_id"], each["from"], each["to"])
            for each in self.request("GET", "/admin/transfers")["transfers"]
        )

    def approve(self, transfer: str) -> CloudDevice:
        """Answer a request with yes.

        :raises NotFound: it was answered, or the device changed hands
        :raises RequestRefused: the new owner may not have it, or has one of that name
        """
        return CloudDevice.parse(self.request("POST", f"/admin/transfers/{transfer}/approve")["device"])

    def deny(self, transfer: str) -> None:
        """Answer a request with no.

        :raises NotFound: it was answered, or the device changed hands
        """
        self.request("POST", f"/admin/transfers/{transfer}/deny")

    def found_organization(self, name: str, owner: str) -> str:
        """Found an organization with a user, by name, as administrator; returns its slug."""
        body = self.request("POST", "/admin/organizations", json_body={"name": name, "owner": owner})
        return str(body["organization"]["slug"])

    def adopt(self, organization: str, product: str) -> None:
        """Put a product into an organization, both by slug."""
        self.request("PUT", f"/admin/organizations/{organization}/products/{product}")

    @staticmethod
    def _path(device: str) -> str:
        return f"/admin/devices/{device_ref(device)}"
