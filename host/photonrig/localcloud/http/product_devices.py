"""``/v1/products/:p/devices``: import, list, release and removal by a product's team."""

from __future__ import annotations

from msgspec import field
from starlette.responses import Response

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.pages import Page, paged
from photonrig.localcloud.http.views import product_device_view
from photonrig.localcloud.service.devices import Wanted
from photonrig.localcloud.service.refusal import invalid


class Listed(Page):
    """Filters and order; a device matches that is in one of the ``groups``."""

    device_id: str = field(name="deviceId", default="")
    device_name: str = field(name="deviceName", default="")
    serial_number: str = field(name="serialNumber", default="")
    groups: list[str] = field(default_factory=list)
    quarantined: str | None = None
    sort_by: str | None = field(name="sortAttr", default=None)
    sort_direction: str | None = field(name="sortDir", default=None)

    @property
    def wanted(self) -> Wanted:
        """The filters as service value."""
        quarantined = None if self.quarantined is None else self.quarantined == "true"
        return Wanted(self.device_id, self.device_name, self.serial_number, frozenset(self.groups), quarantined)


class Imported(Fields):
    """Devices by id or serial number, in fields or a file, one per line; ``claim_user`` gets the unowned ones."""

    KINDS = ("json", "form", "files")

    id: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    file: list[UploadedFile] = field(default_factory=list)
    claim_user: str | None = None

    def named(self) -> list[str]:
        """All ids and serial numbers sent.

        :raises ServiceRefusal: none, or a file is not text
        """
        named = [*self.id, *self.ids]
        for file in self.file:
            try:
                named += file.content.decode("utf-8-sig").replace(",", "\n").split()
            except UnicodeDecodeError:
                raise invalid("The file must be text with one device id per line") from None
        if not named:
            raise invalid("Name at least one device: id, ids or a file")
        return named


class Removal(Fields):
    """``deny`` keeps a quarantined device out permanently."""

    deny: bool = False


async def list_devices(call: Call[object, Listed]) -> Answer:
    """List the devices of a product and of its quarantine, by page."""
    product, query, cloud = call.product(Action.PRODUCT_DEVICES), call.query, call.cloud
    devices = cloud.devices.of_product(product, query.wanted, query.sort_by, descending=query.sort_direction == "desc")
    page, pages = paged(query, devices)
    return {
        "devices": [product_device_view(cloud, device) for device in page],
        "customers": [{"id": each, "username": email} for each, email in cloud.devices.customers_owning(page).items()],
        "meta": {"total_pages": pages},
    }


async def import_devices(call: Call[Imported]) -> Answer:
    """Import devices into the product: ``id``, ``ids`` or a file with one id or serial number per line, in any case."""
    product = call.product(Action.PRODUCT_IMPORT)
    done = call.cloud.ownership.import_devices(product, call.body.named(), call.body.claim_user)
    return {
        "updated": len(done.updated),
        "updatedDeviceIds": done.updated,
        "existingDeviceIds": done.existing,
        "nonmemberDeviceIds": done.nonmember,
        "invalidDeviceIds": done.invalid,
        "protectedDeviceIds": [],
    }


async def release(call: Call) -> Answer:
    """End the claim on a device, whoever owns it."""
    _, device = call.product_device(Action.PRODUCT_RELEASE)
    call.cloud.ownership.release(device)
    return Json({"ok": True}, status_code=assumptions.OWNER_RELEASE_STATUS.chosen)


async def remove(call: Call[Removal]) -> Answer:
    """Remove a device from the product, or with ``deny`` refuse a quarantined one."""
    product, device = call.product_device(Action.PRODUCT_REMOVE)
    call.cloud.ownership.remove(device, product, deny=call.body.deny)
    return Response(status_code=204)


_BASE = "/v1/products/{product}/devices"

ROUTES = [
    route("GET", _BASE, list_devices, query=Listed),
    route("GET", "/v1/orgs/{organization}/products/{product}/devices", list_devices, query=Listed),
    route("POST", _BASE, import_devices, body=Imported),
    route("DELETE", f"{_BASE}/{{device}}", remove, body=Removal),
    route("DELETE", f"{_BASE}/{{device}}/owner", release),
]
