"""Flashing on request: choice and check of the image, update of the device."""

from __future__ import annotations

from photonrig.errors import ModuleError
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout, FlashRefused
from photonrig.localcloud.eras import Principal
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.control import ControlService, Named
from photonrig.localcloud.service.records import Device
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.localcloud.service.rollout import Busy, Rollout
from photonrig.localcloud.store import Store
from photonrig.particle.module import check_user_part, parse_module

_MAX_IMAGE = 1 << 20


class FlashService:
    """Updates requested by users."""

    def __init__(self, store: Store, control: ControlService, rollout: Rollout) -> None:
        self._store = store
        self._control = control
        self._rollout = rollout

    def compiled(self, by: Principal, binary_id: str) -> bytes:
        """A binary the user compiled earlier (a choice: no known client requests it).

        :raises ServiceRefusal: unknown
        """
        image = self._store.binaries.get(binary_id, by.id) if by.kind == "user" else None
        if image is None:
            text = f"There is no binary {binary_id} of yours; binaries are kept for a day"
            raise ServiceRefusal(Situation.FLASH_UNKNOWN, text=text)
        return image

    async def flash(self, named: Named, device: Device, image: bytes, name: str) -> None:
        """Update ``device``, which ``named`` must still return; returns when the device has accepted the image.

        :raises ServiceRefusal: offline, being updated, or it refuses the image; as ``named``
        """
        permit = self._control.permit(named, device)
        try:
            permit()
            await self._rollout.flash(device.id, image, name, permit)
        except Busy:
            raise ServiceRefusal(Situation.FLASH_BUSY) from None
        except FlashRefused as error:
            raise ServiceRefusal(Situation.BUILD_INVALID, text=f"The device refused the update: {error}") from None
        except (DeviceOffline, DeviceTimeout):
            raise ServiceRefusal(Situation.FLASH_OFFLINE) from None


def check_image(image: bytes, device: Device) -> bytes:
    """Check that an uploaded image is intact and for the device's platform; clients do not check.

    :raises ServiceRefusal: it is not
    """
    if len(image) > _MAX_IMAGE:
        raise ServiceRefusal(Situation.FLASH_TOO_LARGE, text=f"The image is larger than {_MAX_IMAGE} bytes")
    try:
        check_user_part(parse_module(image), device.state.platform)
    except ModuleError as error:
        raise ServiceRefusal(Situation.BUILD_INVALID, text=f"The image was refused: {error}") from None
    return image
