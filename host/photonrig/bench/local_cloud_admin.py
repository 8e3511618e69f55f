"""Client for the local cloud's /admin API: staff's repairs, the console of 2016, answers to transfer requests.

with LocalCloud(state, era="2016-before") as local, local.admin() as admin:
    admin.repair(device_id)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photonrig.particle.cloud_http import CloudHttp
from photonrig.particle.cloud_types import CloudDevice, device_ref


@dataclass(frozen=True, slots=True)
class PendingTransfer:
    """A user's request for another user's device; the users by their names."""

    id: str
    device: str
    from_user: str
    to_user: str


class LocalAdmin(CloudHttp):
    """Client for the /admin API of one local cloud."""

    def device(self, device: str) -> CloudDevice:
        """A device, whoever owns it."""
        return CloudDevice.parse(self.request("GET", self._path(device), device=device))

    def owned_by_nobody(self, device: str) -> bool:
        """Whether the owner was stored without its kind, the corrupt claim of 2016 (forum thread of 2016, row 5)."""
        return bool(self.request("GET", self._path(device), device=device)["owned_by_nobody"])

    def repair(self, device: str) -> CloudDevice:
        """Repair a corrupt claim: give the device to the intended customer, or make it unowned."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/repair", device=device))

    def unclaim(self, device: str) -> CloudDevice:
        """End a claim, whoever holds it."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/unclaim", device=device))

    def leave_product(self, device: str) -> CloudDevice:
        """Take a device out of its product."""
        return CloudDevice.parse(self.request("POST", f"{self._path(device)}/leave-product", device=device))

    def audit(self, since: int = 0) -> tuple[list[dict[str, Any]], int]:
        """What happened to devices from entry ``since`` on, as far as it is kept, and the number of the next entry.

        Each entry has ``kind``, ``at`` and ``device``: *owner* with ``before``, ``owner`` and ``by``; *asked* with
        ``who``, ``token`` (of its hash), ``request`` and ``status``; *webhook* with ``event``, ``status``, ``error``.
        """
        body = self.request("GET", "/admin/audit", params={"since": str(since)})
        return body["entries"], body["next"]

    def transfers(self) -> tuple[PendingTransfer, ...]:
        """Requests that wait for their owners' answers, oldest first."""
        return tuple(
            PendingTransfer(each["transfer_id"], each["device_id"], each["from"], each["to"])
            for each in self.request("GET", "/admin/transfers")["transfers"]
        )

    def approve(self, transfer: str) -> CloudDevice:
        """Approve a request.

        :raises NotFound: it was answered, or the device changed hands
        :raises RequestRefused: the new owner may not have the device, or has one of that name
        """
        return CloudDevice.parse(self.request("POST", f"/admin/transfers/{transfer}/approve")["device"])

    def deny(self, transfer: str) -> None:
        """Deny a request.

        :raises NotFound: it was answered, or the device changed hands
        """
        self.request("POST", f"/admin/transfers/{transfer}/deny")

    @staticmethod
    def _path(device: str) -> str:
        return f"/admin/devices/{device_ref(device)}"
