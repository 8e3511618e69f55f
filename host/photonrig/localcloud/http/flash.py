"""``PUT /v1/devices/:id`` and its product form: firmware by file or from sources; without files, other changes."""

from __future__ import annotations

from photonrig.errors import ModuleError
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http import control
from photonrig.localcloud.http.binaries import compile_uploaded
from photonrig.localcloud.http.body import UploadedFile
from photonrig.localcloud.http.call import SOURCES_BODY, Answer, Call, route
from photonrig.localcloud.http.errors import combined
from photonrig.localcloud.rollout import Busy
from photonrig.localcloud.store.devices import Device
from photonrig.particle.module import check_user_part, parse_module

__all__ = ["ROUTES"]

MAX_IMAGE = 1 << 20
_NOT_SOURCES = (".bin", ".zip")


async def put(call: Call) -> Answer:
    """Flash if the request carries firmware, otherwise change name, notes, signal or development mark."""
    if not call.body.files and not {"app", "app_id"} & call.body.fields.keys():
        return await control.update(call)
    device = control.target(call, Action.DEVICE_FLASH, Action.PRODUCT_FLASH)
    if not call.body.files:
        raise combined(400, "The local cloud has no stock applications; upload the firmware as a file")
    if call.body.text("file_type") == "binary" or call.body.files[0].name.lower().endswith(_NOT_SOURCES):
        image = _uploaded_image(call.body.files, device)
        answer: Answer = {"id": device.id, "status": "Update started"}
    else:
        image = (await compile_uploaded(call)).image
        answer = {"ok": True, "message": "Update started"}
    await _flash(call, device, image, call.body.files[0].name.replace("\\", "/").rpartition("/")[2])
    return answer


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


async def _flash(call: Call, device: Device, image: bytes, name: str) -> None:
    if not call.cloud.reachable(device):
        raise combined(500, "Request Timed Out", code=500)
    try:
        await call.cloud.rollout.flash(device, image, name)
    except Busy:
        raise combined(409, "The device is being updated; wait until that has ended") from None
    except FlashRefused as error:
        raise combined(400, f"The device refused the update: {error}") from None
    except (DeviceOffline, DeviceTimeout):
        raise combined(500, "Request Timed Out", code=500) from None


ROUTES = [
    route("PUT", "/v1/devices/{device}", put, limit=SOURCES_BODY),
    route("PUT", "/v1/products/{product}/devices/{device}", put, limit=SOURCES_BODY),
]
