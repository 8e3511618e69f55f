"""A local cloud whose clock a test can move and whose code a test has spoilt: ``python spoilt_cloud.py BUG CLOCK …``.

This is the only way to these bugs; the product has no switch for them. CLOCK is a file of eight bytes: seconds to add
to the time of day. The other words are the local cloud's own.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import photonrig.localcloud.server as server
import photonrig.localcloud.service.cloud as core
from photonrig.localcloud.__main__ import main
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.store.claim_codes import ClaimCodes
from photonrig.localcloud.store.devices import Devices
from photonrig.localcloud.store.transfers import Transfers
from photonrig.ownership.model import Owner


def corrupt_claim() -> None:
    """Forum thread of 2016, row 5: who claims as a customer makes a user the owner who does not exist."""
    inner = core.Cloud.__init__

    def spoilt(self: core.Cloud, *words: Any, **more: Any) -> None:
        inner(self, *words, **more)
        self.era = replace(self.era, typed_owners=False)
        self.ownership._era = self.era

    core.Cloud.__init__ = spoilt  # type: ignore[method-assign]


def untyped_owner() -> None:
    """Owners are stored without their kind, and read as users."""
    inner = Devices.get

    def spoilt(self: Devices, device_id: str) -> Any:
        device = inner(self, device_id)
        if device is None or device.state.owner is None:
            return device
        return replace(device, state=replace(device.state, owner=Owner("user", device.state.owner.id)))

    Devices.get = spoilt  # type: ignore[method-assign]


def code_twice() -> None:
    """A claim code that was used may be used again."""
    ClaimCodes.use = lambda self, code, device_id: None  # type: ignore[method-assign]


def pending_after_release() -> None:
    """A release does not end the requests for the device."""
    release, cancel = OwnershipService.release, Transfers.cancel_for
    releasing: list[bool] = []

    def spoilt_release(self: OwnershipService, device: Any) -> Any:
        releasing.append(True)
        try:
            return release(self, device)
        finally:
            releasing.pop()

    def spoilt_cancel(self: Transfers, device_id: str) -> None:
        if not releasing:
            cancel(self, device_id)

    OwnershipService.release = spoilt_release  # type: ignore[method-assign]
    Transfers.cancel_for = spoilt_cancel  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], None]] = {
    "corrupt claim": corrupt_claim,
    "untyped owner": untyped_owner,
    "code twice": code_twice,
    "pending after release": pending_after_release,
}


def move_clock(path: Path) -> None:
    """Let everything that asks for the time see it moved by what is in the file."""
    with path.open("r+b") as file:
        offset = mmap.mmap(file.fileno(), 8)
    inner = server.run_cloud

    def moved(*words: Any, **more: Any) -> Any:
        return inner(*words, **more, now=lambda: time.time() + struct.unpack("d", offset[:8])[0])

    server.run_cloud = moved  # type: ignore[assignment]


if __name__ == "__main__":
    bug, clock, *words = sys.argv[1:]
    if bug != "-":
        BUGS[bug]()
    move_clock(Path(clock))
    main(words)
