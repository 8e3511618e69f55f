"""Firmware rollout: pins many devices to one image, flashes and verifies it; and the way back.

A device marked as development device keeps its firmware until the mark is removed; then the product's release applies
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.files import file_error
from photonrig.fleet.snapshot import moved
from photonrig.fleet.transfer import Transfer, Verdict
from photonrig.fleet.witness import Witness
from photonrig.ownership.engine import Flow, NotYet, Progress, Step, run
from photonrig.ownership.engine import Journal as FlowJournal
from photonrig.ownership.identities import Identities, Whereabouts
from photonrig.ownership.proof import Proof
from photonrig.particle.cloud import Cloud, CloudDevice, product
from photonrig.particle.cloud_errors import NotFound
from photonrig.particle.module import parse_module

_UPDATE: Final = 120.0  # seconds from the upload until the device is back with the new version


class Image(Struct, frozen=True, forbid_unknown_fields=True):
    """A firmware image: its file, SHA-256 (hex digits), and the product id and version inside it."""

    path: str
    sha256: str
    product: int
    version: int


def read_image(path: Path) -> Image:
    """Read an image's file and identity.

    :raises UsageError: no such file, or it names no product and version
    :raises ModuleError: not a Photon firmware image
    """
    data = _read(path)
    module = parse_module(data)
    if module.product_id is None or module.product_version is None:
        raise UsageError(f"{path} names no product and version; compile it with PRODUCT_ID and PRODUCT_VERSION")
    return Image(str(path), hashlib.sha256(data).hexdigest(), module.product_id, module.product_version)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise file_error(path, "read", error) from error


@dataclass(frozen=True)
class Rollout:
    """The change to one firmware image; owners and names stay as they are."""

    image: Image

    @cached_property
    def data(self) -> bytes:
        """The image.

        :raises UsageError: it cannot be read, or has changed
        """
        data = _read(Path(self.image.path))
        if hashlib.sha256(data).hexdigest() != self.image.sha256:
            raise UsageError(f"{self.image.path} is not the image of the plan any more; make a new plan")
        return data

    def planned(self, transfer: Transfer, found: Whereabouts | None) -> Transfer:
        """The transfer with its verdict, in the image's product."""
        plain = replace(transfer, product=self.image.product, customer=None, into=None, name=None, found=found)
        return replace(plain, verdict=self._verdict(found))

    def _verdict(self, found: Whereabouts | None) -> Verdict:
        if found is None:
            return "unknown"
        if found.quarantined:
            return "quarantined"
        if found.product != self.image.product:
            return "elsewhere"
        return "already right" if found.firmware == self.image.version else "firmware"

    def arrived(self, transfer: Transfer, now: Whereabouts) -> bool:
        """Whether it runs the image."""
        return not now.quarantined and (now.product, now.firmware) == (self.image.product, self.image.version)

    def as_found(self, transfer: Transfer, now: Whereabouts | None) -> bool:
        """Whether it is as found."""
        return not moved(transfer.found, now)

    def prepare(self) -> None:
        """Check that the image is unchanged."""
        assert self.data

    def forward(
        self, transfer: Transfer, keys: Identities, progress: Progress | None, journal: FlowJournal
    ) -> Progress:
        """Flow there: mark as development device, then flash."""
        return self._run(ROLLOUT, transfer, keys, progress, journal, {})

    def back(self, transfer: Transfer, keys: Identities, progress: Progress | None, journal: FlowJournal) -> Progress:
        """Flow back: flash the former image and restore the mark."""
        assert transfer.forward is not None
        return self._run(RETURN, transfer, keys, progress, journal, dict(transfer.forward.facts))

    def _run(
        self,
        flow: Flow[_Trial],
        transfer: Transfer,
        keys: Identities,
        progress: Progress | None,
        journal: FlowJournal,
        facts: dict[str, Any],
    ) -> Progress:
        trial = _Trial(transfer.device, keys.team, self, SYSTEM, facts)
        return run(flow, trial, transfer.device, facts=facts, progress=progress, journal=journal)

    def proofs(self, transfer: Transfer, now: Whereabouts, witness: Witness) -> Iterable[Proof]:
        """Product and version, by the product's record."""
        yield Proof("it is in its product", now.product == self.image.product, f"product {now.product}")
        yield Proof("it runs the image", now.firmware == self.image.version, f"version {now.firmware}")


@dataclass(slots=True)
class _Trial:
    """Context of the steps; ``facts``: ``development``, the former mark, and ``version``, the former version."""

    device: str
    team: Cloud
    rollout: Rollout
    clock: Clock
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def image(self) -> Image:
        """The image to flash."""
        return self.rollout.image

    def look(self) -> CloudDevice:
        """The product's record of the device."""
        return self.team.device(self.device, product(self.image.product))

    def mark(self, on: bool) -> None:
        """Set or remove the development mark."""
        path = product(self.image.product).device(self.device)
        self.team.request("PUT", path, json={"development": on}, device=self.device)

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


def _look(at: _Trial) -> None:
    seen = at.look()
    at.facts |= {"development": bool(seen.raw.get("development")), "version": seen.firmware_version}


def _former_image(at: _Trial) -> bytes:
    version = at.facts["version"]
    path = f"/v1/products/{at.image.product}/firmware/{version}/binary"
    response = at.team.send("GET", path)
    if response.status_code == 404:
        raise NotFound(f"GET {path}", 404, {"error": f"the product keeps no version {version}"}, device=at.device)
    if response.is_error:
        at.team.read(f"GET {path}", response, at.device)
    return response.content


def _flash_former(at: _Trial) -> None:
    version = at.facts["version"]
    if version is not None and not at.runs(version):
        at.flash(_former_image(at), version)


def _unmark(at: _Trial) -> None:
    at.mark(bool(at.facts["development"]))


_LOOK = Step[_Trial]("look", _look, lambda at: False)
_MARK = Step[_Trial](
    "mark for development",
    lambda at: at.mark(True),
    lambda at: bool(at.look().raw.get("development")),
    undo=_unmark,
)
_FLASH = Step[_Trial](
    "flash",
    lambda at: at.flash(at.rollout.data, at.image.version),
    lambda at: at.runs(at.image.version),
    undo=_flash_former,
)

ROLLOUT: Final = Flow[_Trial]("rollout", "A device gets firmware of its own", (_LOOK, _MARK, _FLASH))
# With the facts of the rollout it takes back.
RETURN: Final = Flow[_Trial](
    "return",
    "A device gets back what it ran before",
    (
        Step[_Trial]("flash back", _flash_former, lambda at: False),
        Step[_Trial]("take the mark away", _unmark, lambda at: False),
    ),
)
