"""Product firmware: versions, descriptions and releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from photonrig.errors import ModuleError
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.records import Device, Firmware, Product
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid, unknown
from photonrig.localcloud.service.rollout import Rollout
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.product_firmware import Said
from photonrig.particle.module import check_user_part, parse_module

HIGHEST_VERSION = 0xFFFF
_LONGEST_TEXT = 4096


class FirmwareService:
    """Versions of each product's firmware."""

    def __init__(self, store: Store, presence: Presence, rollout: Rollout) -> None:
        self._store = store
        self._presence = presence
        self._rollout = rollout

    def of(self, product: Product) -> list[Firmware]:
        """All versions, highest first."""
        return self._store.firmware.of("version DESC", product_id=product.id)

    def find(self, product: Product, version: int) -> Firmware:
        """One version.

        :raises ServiceRefusal: unknown
        """
        firmware = self._store.firmware.get(product_id=product.id, version=version)
        if firmware is None:
            raise unknown(f"Firmware version {version} not found")
        return firmware

    def image(self, firmware: Firmware) -> bytes | None:
        """The image of a version."""
        return self._store.firmware.image(firmware.product_id, firmware.version)

    def groups(self, firmware: Firmware) -> list[str]:
        """The groups to which a version is released."""
        groups = self._store.groups.of("name", product_id=firmware.product_id)
        return [group.name for group in groups if group.fw_version == firmware.version]

    def uploader(self, firmware: Firmware) -> str | None:
        """The username of a version's uploader."""
        user = None if firmware.uploaded_by is None else self._store.users.get(id=firmware.uploaded_by)
        return None if user is None else user.username

    def running(self, firmware: Firmware) -> int:
        """Number of the product's devices last known to run a version."""
        count = 0
        for device in self._devices(firmware.product_id):
            telemetry = self._presence.of(device.id)
            running = (telemetry.firmware_product_id, telemetry.firmware_version)
            count += running == (firmware.product_id, firmware.version)
        return count

    def add(self, product: Product, version: int, image: bytes, **said: Unpack[Said]) -> Firmware:
        """Add an image as a version; it must state that version, and this product if it states one.

        :raises ServiceRefusal: the image is invalid or states something else, or the version exists
        """
        _check_image(product, version, image)
        _check_texts(title=said["title"], description=said["description"])
        with self._store.write():
            added = self._store.firmware.create(product.id, version, image, **said)
        if not added:
            text = f"Version {version} exists already; build the firmware with a higher PRODUCT_VERSION"
            raise ServiceRefusal(Situation.BUILD_INVALID, text=text)
        return self.find(product, version)

    def edit(self, firmware: Firmware, title: str | None, description: str | None, mandatory: bool | None) -> Firmware:
        """Edit a version's description; None leaves a field.

        :raises ServiceRefusal: a text is too long
        """
        _check_texts(title=title, description=description)
        with self._store.write():
            self._store.firmware.edit(
                firmware,
                title=firmware.title if title is None else title,
                description=firmware.description if description is None else description,
                mandatory=firmware.mandatory if mandatory is None else mandatory,
            )
        edited = self._store.firmware.get(id=firmware.id)
        assert edited is not None
        return edited

    def remove(self, firmware: Firmware) -> None:
        """Delete a version.

        :raises ServiceRefusal: it was released, or a device is locked to it
        """
        if firmware.released:
            raise invalid(f"Version {firmware.version} was released and cannot be deleted")
        for device in self._devices(firmware.product_id):
            if self._store.targets.of(device).desired == firmware.version:
                raise invalid(f"Version {firmware.version} is what device {device.id} is locked to; unlock it first")
        with self._store.write():
            self._store.firmware.remove(id=firmware.id)

    def release(
        self, product: Product, version: int, groups: Sequence[str], *, product_default: bool, at_once: bool
    ) -> Firmware:
        """Release a version to the whole product, to groups, or both.

        Devices are updated when they next come online; with ``at_once`` those that are online are updated now.

        :raises ServiceRefusal: unknown version or group, no target, or the version never ran on a device
        """
        firmware = self.find(product, version)
        if not product_default and not groups:
            raise invalid("Name the target: product_default, or groups")
        found = []
        for name in groups:
            group = self._store.groups.get(product_id=product.id, name=name)
            if group is None:
                raise unknown(f"Group {name} not found")
            found.append(group)
        if not firmware.released and not self.running(firmware):
            raise invalid(f"Version {firmware.version} must run on at least one device of the product before a release")
        with self._store.write():
            self._store.firmware.release(firmware, product_default=product_default)
            for group in found:
                self._store.groups.update(group.key, fw_version=firmware.version)
        if at_once:
            for device in self._devices(product.id):
                self._rollout.consider(device.id)
        return self.find(product, version)

    def _devices(self, product_id: int) -> list[Device]:
        return [device for device in self._store.devices.of_product(product_id) if device.state.product == product_id]


def _check_image(product: Product, version: int, image: bytes) -> None:
    """Check version and product of an image: a mismatched one would be flashed again after every update."""
    try:
        module = parse_module(image)
        check_user_part(module, product.platform_id)
    except ModuleError as error:
        raise ServiceRefusal(Situation.BUILD_INVALID, text=f"The image was refused: {error}") from None
    if module.product_version != version:
        stated = f"The image states PRODUCT_VERSION {module.product_version}, not {version}"
        raise ServiceRefusal(Situation.BUILD_INVALID, text=stated)
    if module.product_id != product.id:
        stated = f"The image states product {module.product_id}; build it with PRODUCT_ID({product.id})"
        raise ServiceRefusal(Situation.BUILD_INVALID, text=stated)


def _check_texts(**texts: str | None) -> None:
    for name, text in texts.items():
        if text is not None and len(text) > _LONGEST_TEXT:
            raise invalid(f"{name} is longer than {_LONGEST_TEXT} characters")
