"""Administration: the part of Particle's staff, console and mails."""

from __future__ import annotations

from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.records import Device, Transfer
from photonrig.localcloud.service.refusal import conflict, unknown
from photonrig.localcloud.store import Store
from photonrig.ownership.model import Refused


class Administration:
    """Any device, and the pending transfer requests."""

    def __init__(self, store: Store, ownership: OwnershipService) -> None:
        self._store = store
        self._ownership = ownership

    def device(self, device_id: str) -> Device:
        """A device, whoever owns it.

        :raises ServiceRefusal: unknown id
        """
        device = self._store.devices.get(device_id.lower())
        if device is None:
            raise unknown("No device has this id")
        return device

    def leave_product(self, device: Device) -> Device:
        """Remove a device from its product.

        :raises ServiceRefusal: it is in none
        """
        product = None if device.state.product is None else self._store.products.get(device.state.product)
        if product is None:
            raise unknown("The device is in no product")
        return self._ownership.remove(device, product, deny=False)

    def transfers(self) -> list[Transfer]:
        """Pending transfer requests, oldest first."""
        return self._store.transfers.all("ORDER BY created_at")

    def approve(self, transfer_id: str) -> Device:
        """Approve a transfer request on the owner's behalf.

        :raises ServiceRefusal: not pending, or the device cannot be transferred
        """
        outcome = self._ownership.approve(self._pending(transfer_id))
        if isinstance(outcome, Refused):
            raise conflict(outcome.reason.value)
        return outcome

    def deny(self, transfer_id: str) -> None:
        """Deny a transfer request on the owner's behalf.

        :raises ServiceRefusal: not pending
        """
        transfer = self._pending(transfer_id)
        with self._store.write():
            self._store.transfers.remove(id=transfer.id)

    def _pending(self, transfer_id: str) -> Transfer:
        transfer = self._store.transfers.get(id=transfer_id)
        if transfer is None:
            raise unknown("No request of this id is pending: it was answered, or the device changed owner")
        return transfer
