"""Devices on user, product and organization paths: show, change, flash; and ``GET /v1/devices``."""

from __future__ import annotations

from msgspec import UNSET, UnsetType, field

from photonrig.build.compile import tinker
from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.binaries import compile_uploaded, run_compiler
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.control import FORMS
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.views import device_view, product_device_view
from photonrig.localcloud.service.devices import Targeted
from photonrig.localcloud.service.flashing import check_image
from photonrig.localcloud.service.records import Notes
from photonrig.localcloud.service.refusal import ServiceRefusal

_NOT_SOURCES = (".bin", ".zip")


class DeviceChange(Fields):
    """Name, notes, signal and update flags of a device; or its firmware, as files or by name."""

    KINDS = ("json", "form", "files")

    name: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    signal: bool | None = None
    firmware_updates_forced: bool | UnsetType | None = UNSET
    flash: bool = False
    binary_id: str | None = None
    app: str | None = None
    app_id: str | None = None
    file: list[UploadedFile] = field(default_factory=list)
    file_type: str | None = None
    build_target_version: str | None = None


class ProductDeviceChange(DeviceChange):
    """Further fields for a product's team."""

    development: bool | UnsetType | None = UNSET
    groups: list[str] | UnsetType = UNSET
    desired_firmware_version: str | UnsetType | None = UNSET


async def list_devices(call: Call) -> Answer:
    """List the devices claimed by the caller, last seen first."""
    call.require(Action.LIST_OWN_DEVICES)
    owner = call.principal.owner
    assert owner is not None
    return [device_view(call.cloud, device) for device in call.cloud.devices.of_owner(owner)]


async def show(call: Call) -> Answer:
    """Show a device."""
    named = call.named(Action.DEVICE_GET, Action.PRODUCT_DEVICE)
    await call.cloud.devices.described(named())
    view = device_view if call.request.path_params.keys() == {"device"} and not call.extended else product_device_view
    return view(call.cloud, named())


async def put(call: Call[DeviceChange]) -> Answer:
    """Flash if the request has or names firmware; otherwise change name, notes, signal or firmware target."""
    if not call.sent.files and not {"app", "app_id", "binary_id"} & call.sent.fields.keys():
        return await change(call)
    named = call.named(Action.DEVICE_FLASH, Action.PRODUCT_FLASH)
    device, sent = named(), call.body
    started: Answer = {"id": device.id, "status": "Update started"}
    if sent.file and not _is_binary(sent):
        image, name = (await compile_uploaded(call)).image, _base_name(sent.file[0])
        started = {"ok": True, "message": "Update started"}
    elif sent.file:
        image, name = check_image(_only(sent.file).content, device), _base_name(sent.file[0])
    elif sent.binary_id:
        image, name = call.cloud.flashing.compiled(call.principal, sent.binary_id), f"{sent.binary_id}.bin"
    else:
        image, name = await _stock_application(call, sent.app or sent.app_id), "tinker.bin"
    await call.cloud.flashing.flash(named, device, image, name)
    return started


async def change(call: Call[DeviceChange]) -> Answer:
    """Rename, annotate, signal, mark as development device, or set firmware lock and groups."""
    named = call.named(Action.DEVICE_UPDATE, Action.PRODUCT_UPDATE)
    device, sent = named(), call.body
    if sent.signal is not None:
        device = await call.cloud.control.signal(named, sent.signal)
        return {"id": device.id, "connected": True, "signaling": sent.signal}
    notes, targeted = _given(sent)
    changed, written = call.cloud.devices.update(device, notes, targeted, flash=sent.flash)
    return {"id": device.id, **written, "updated_at": iso_time(changed.updated_at)}


def _given(sent: DeviceChange) -> tuple[Notes, Targeted]:
    """The fields sent; those reserved for a product's team only on its paths."""
    notes: Notes = {}
    targeted: Targeted = {}
    if sent.name is not UNSET:
        notes["name"] = sent.name
    if sent.notes is not UNSET:
        notes["notes"] = sent.notes
    if sent.firmware_updates_forced is not UNSET:
        targeted["firmware_updates_forced"] = sent.firmware_updates_forced or False
    if isinstance(sent, ProductDeviceChange):
        if sent.development is not UNSET:
            notes["development"] = sent.development or False
        if sent.groups is not UNSET:
            targeted["groups"] = sent.groups
        if sent.desired_firmware_version is not UNSET:
            targeted["desired_firmware_version"] = sent.desired_firmware_version
    return notes, targeted


def _is_binary(sent: DeviceChange) -> bool:
    return sent.file_type == "binary" or sent.file[0].name.lower().endswith(_NOT_SOURCES)


def _only(files: list[UploadedFile]) -> UploadedFile:
    if len(files) != 1:
        raise ServiceRefusal(Situation.BUILD_INVALID, text="One firmware image at a time")
    return files[0]


def _base_name(file: UploadedFile) -> str:
    return file.name.replace("\\", "/").rpartition("/")[2]


async def _stock_application(call: Call[DeviceChange], name: str | None) -> bytes:
    """The stock application for virtual Photons; for real ones the Particle CLI has its own."""
    if name != "tinker":
        raise ServiceRefusal(Situation.FLASH_UNKNOWN, text=f"There is no stock application {name}; there is tinker")
    sdk = call.cloud.settings.sdk
    if sdk is None:
        text = "This cloud was started without --sdk and cannot compile tinker"
        raise ServiceRefusal(Situation.BUILD_INVALID, text=text)
    return await run_compiler(call, lambda _: tinker(sdk))


ROUTES = [
    route("GET", "/v1/devices", list_devices),
    *(route("GET", form, show) for form in FORMS),
    route("PUT", FORMS[0], put, body=DeviceChange, limit=SOURCES_BODY),
    *(route("PUT", form, put, body=ProductDeviceChange, limit=SOURCES_BODY) for form in FORMS[1:]),
]
