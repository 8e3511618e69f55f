"""One firmware image for one device: out of the product's automatic updates, flashed, seen running; and the way back.

A device marked for development keeps what it is given until the mark is taken away; then its product's release rules
it again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from photonrig.clock import Clock
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.files import file_error
from photonrig.fleet.plan import Image
from photonrig.ownership.engine import Flow, NotYet, Step
from photonrig.particle.cloud import Cloud, CloudDevice, product
from photonrig.particle.cloud_errors import NotFound
from photonrig.particle.module import parse_module

__all__ = ["EXPERIMENT", "RETURN", "Trial", "read_image"]

_UPDATE: Final = 120.0  # seconds from the upload until the device is back with the new version


def read_image(path: Path) -> Image:
    """Look into an image.

    :raises UsageError: no such file, or it names no product and version
    :raises ModuleError: no firmware image of a Photon
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise file_error(path, "read", error) from error
    module = parse_module(data)
    if module.product_id is None or module.product_version is None:
        raise UsageError(f"{path} names no product and version; compile it with PRODUCT_ID and PRODUCT_VERSION")
    return Image(str(path), hashlib.sha256(data).hexdigest(), module.product_id, module.product_version)


@dataclass(slots=True)
class Trial:
    """Shared by the steps; ``facts`` keeps ``development``, the mark it had, and ``version``, what it ran."""

    device: str
    team: Cloud
    image: Image
    data: bytes = field(repr=False)
    clock: Clock
    facts: dict[str, Any] = field(default_factory=dict)

    def look(self) -> CloudDevice:
        """The device, as its product sees it."""
        return self.team.device(self.device, product(self.image.product))

    def mark(self, on: bool) -> None:
        """Set or take away the mark for development."""
        path = product(self.image.product).device(self.device)
        self.team.request("PUT", path, json_body={"development": on}, device=self.device)

    def flash(self, data: bytes, version: int) -> None:
        """Send an image and wait until the device runs it.

        :raises NotYet: it has not come back in time
        """
        self.team.flash(self.device, data, name=f"firmware-{version}.bin", scope=product(self.image.product))
        try:
            self.clock.wait_until(lambda: self.runs(version), _UPDATE, f"{self.device} with version {version}")
        except ExpectationFailed as error:
            raise NotYet(str(error), device=self.device) from None

    def runs(self, version: int) -> bool:
        """Whether it is online with a version."""
        seen = self.look()
        return seen.online and seen.firmware_version == version


def _look(at: Trial) -> None:
    seen = at.look()
    at.facts |= {"development": bool(seen.raw.get("development")), "version": seen.firmware_version}


def _former_image(at: Trial) -> bytes:
    version = at.facts["version"]
    path = f"/v1/products/{at.image.product}/firmware/{version}/binary"
    response = at.team.send("GET", path)
    if response.status_code == 404:
        raise NotFound(f"GET {path}", 404, {"error": f"the product keeps no version {version}"}, device=at.device)
    if response.is_error:
        at.team.read(f"GET {path}", response, at.device)
    return response.content


def _flash_former(at: Trial) -> None:
    version = at.facts["version"]
    if version is not None and not at.runs(version):
        at.flash(_former_image(at), version)


def _unmark(at: Trial) -> None:
    at.mark(bool(at.facts["development"]))


_LOOK = Step[Trial]("look", _look, lambda at: False)
_MARK = Step[Trial](
    "mark for development",
    lambda at: at.mark(True),
    lambda at: bool(at.look().raw.get("development")),
    undo=_unmark,
)
_FLASH = Step[Trial](
    "flash", lambda at: at.flash(at.data, at.image.version), lambda at: at.runs(at.image.version), undo=_flash_former
)

EXPERIMENT: Final = Flow[Trial]("experiment", "A device gets firmware of its own", (_LOOK, _MARK, _FLASH))
# With the facts of the experiment that is taken back.
RETURN: Final = Flow[Trial](
    "return",
    "A device gets back what it ran before",
    (
        Step[Trial]("flash back", _flash_former, lambda at: False),
        Step[Trial]("take the mark away", _unmark, lambda at: False),
    ),
)
