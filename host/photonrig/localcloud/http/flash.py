"""``PUT /v1/devices/:id`` and its product form: firmware by file or from sources; without files, other changes."""

from __future__ import annotations

from photonrig.build.compile import tinker
from photonrig.errors import ModuleError
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused, Permit
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http import control
from photonrig.localcloud.http.binaries import compile_uploaded, run_compiler
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.errors import combined
from photonrig.localcloud.service.rollout import Busy
from photonrig.localcloud.store.devices import Device
from photonrig.particle.module import check_user_part, parse_module

__all__ = ["ROUTES"]

MAX_IMAGE = 1 << 20
_NOT_SOURCES = (".bin", ".zip")


async def put(call: Call) -> Answer:
    """Flash if the request carries or names firmware, otherwise change name, notes, signal or what targets firmware."""
    if not call.sent.files and not {"app", "app_id", "binary_id"} & call.sent.fields.keys():
        return await control.update(call)
    target = control.Target(call, Action.DEVICE_FLASH, Action.PRODUCT_FLASH)
    device = target.now()
    started: Answer = {"id": device.id, "status": "Update started"}
    if call.sent.files and not _is_binary(call):
        image, name = (await compile_uploaded(call)).image, _base_name(call.sent.files[0])
        started = {"ok": True, "message": "Update started"}
    elif call.sent.files:
        image, name = _uploaded_image(call.sent.files, device), _base_name(call.sent.files[0])
    elif binary_id := call.sent.text("binary_id"):
        image, name = _compiled(call, binary_id), f"{binary_id}.bin"
    else:
        image, name = await _stock_application(call), "tinker.bin"
    await _flash(call, device, image, name, target.permit(device))
    return started


def _is_binary(call: Call) -> bool:
    return call.sent.text("file_type") == "binary" or call.sent.files[0].name.lower().endswith(_NOT_SOURCES)


def _base_name(file: UploadedFile) -> str:
    return file.name.replace("\\", "/").rpartition("/")[2]


def _compiled(call: Call, binary_id: str) -> bytes:
    """What the user compiled before; a choice, as no client was seen to ask for it."""
    image = None
    if call.principal.kind == "user":
        image = call.cloud.store.binaries.get(binary_id, call.principal.id)
    if image is None:
        raise combined(404, f"There is no binary {binary_id} of yours; binaries are kept for a day")
    return image


async def _stock_application(call: Call) -> bytes:
    """The only stock application there is, for virtual Photons; the Particle CLI brings its own for real ones."""
    name = call.sent.text("app") or call.sent.text("app_id")
    if name != "tinker":
        raise combined(404, f"There is no stock application {name}; there is tinker")
    sdk = call.cloud.settings.sdk
    if sdk is None:
        raise combined(400, "This cloud was started without --sdk and cannot compile tinker")
    return await run_compiler(call, lambda _: tinker(sdk))


def _uploaded_image(files: list[UploadedFile], device: Device) -> bytes:
    """The one image that was sent, if it is whole and of the device's platform; clients do not check."""
    if len(files) != 1:
        raise combined(400, "One firmware image at a time")
    image = files[0].content
    if len(image) > MAX_IMAGE:
        raise combined(413, f"The image is larger than {MAX_IMAGE} bytes")
    try:
        check_user_part(parse_module(image), device.state.platform)
    except ModuleError as error:
        raise combined(400, f"The image was refused: {error}") from None
    return image


async def _flash(call: Call, device: Device, image: bytes, name: str, permit: Permit) -> None:
    try:
        permit()
        await call.cloud.rollout.flash(device.id, image, name, permit)
    except Busy:
        raise combined(409, "The device is being updated; wait until that has ended") from None
    except FlashRefused as error:
        raise combined(400, f"The device refused the update: {error}") from None
    except (DeviceOffline, DeviceTimeout):
        raise combined(500, "Request Timed Out", code=500) from None


ROUTES = [
    route("PUT", "/v1/devices/{device}", put, limit=SOURCES_BODY),
    route("PUT", "/v1/products/{product}/devices/{device}", put, limit=SOURCES_BODY),
    route("PUT", "/v1/orgs/{organization}/devices/{device}", put, limit=SOURCES_BODY),
]
