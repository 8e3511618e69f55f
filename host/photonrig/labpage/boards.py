"""Boards of a bench for the lab's page: what can be known of each, and the lock that every act on one takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from msgspec import structs

from photonrig.bench.config import Ask, RigConfig, SlotConfig
from photonrig.bench.lab import Lab
from photonrig.bench.lock import hold, holder_of
from photonrig.bench.slots.real.slot import path_of, real_slot
from photonrig.bench.slots.real.usb import Attached, attached
from photonrig.bench.slots.slot import Slot
from photonrig.errors import UsageError
from photonrig.files import Holder
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud_types import CloudDevice


class Board:
    """One board of a bench.

    ``slot`` has what this program can do by itself: no button that a person presses. ``path`` is what runs lock.
    """

    def __init__(self, slot: Slot, variant: str, path: str, usb: str | None = None) -> None:
        """``usb``: the place it is plugged into, if that is on this host."""
        self.slot, self.variant, self.path, self.usb = slot, variant, path, usb
        self._lock = threading.Lock()
        self._uses = 0
        self._stack = ExitStack()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Held inside the block; by several blocks of this process at once.

        :raises Busy: another run holds it
        """
        with self._lock:
            if self._uses == 0:
                self._stack.enter_context(hold(self.path))
            self._uses += 1
        try:
            yield
        finally:
            with self._lock:
                self._uses -= 1
                if self._uses == 0:
                    self._stack.close()

    def holder(self) -> Holder | None:
        """Who else holds it."""
        return holder_of(self.path) if self._uses == 0 else None

    @property
    def can(self) -> tuple[str, ...]:
        """What its card offers."""
        has: dict[str, object | None] = {
            "setup": self.slot.setup_button,
            "reset": self.slot.reset,
            "switch": self.slot.power,
        }
        has |= {"serial": self.slot.serial, "softap": self.slot.softap_link}
        return (*(name for name, part in has.items() if part is not None), "cloud")

    def state(self, known: CloudDevice | None, on_usb: Mapping[str, Attached]) -> dict[str, Any]:
        """What can be known of it; what cannot is not there. ``known``: by the cloud; ``on_usb``: by place."""
        state: dict[str, Any] = {"device": self.slot.device_id, "variant": self.variant, "can": self.can}
        if (holder := self.holder()) is not None:
            state["holder"] = str(holder)
        found = None if self.usb is None else on_usb.get(self.usb)
        if self.usb is not None:
            state["usb"] = f"{self.usb}: {'nothing' if found is None else found.port or 'DFU mode'}"
        dfu = found is not None and found.mode == "dfu"
        if known is None:
            return state | {"mode": "DFU mode" if dfu else "unknown to the cloud"}
        state |= {"owner": known.owner_name, "mode": "DFU mode" if dfu else "online" if known.online else "offline"}
        if known.firmware_version is not None:
            state["firmware"] = f"{known.firmware_product_id} version {known.firmware_version}"
        if seen := known.raw.get("last_heard"):
            state["seen"] = str(seen)
        return state


def boards_of(config: RigConfig, make_cli: Callable[[], ParticleCli]) -> list[Board]:
    """The boards of a bench. One at a labgrid place has nothing but what the cloud knows: it is not acquired.

    :raises UsageError: a slot does not say which device is in it
    """
    return [_board(slot, config, make_cli) for slot in config.slots if not slot.virtual]


def _board(config: SlotConfig, rig: RigConfig, make_cli: Callable[[], ParticleCli]) -> Board:
    if config.place is not None:
        if config.device_id is None:
            raise UsageError(f"slot {config.name} has no device_id")
        slot = Slot(name=config.name, device_id=config.device_id)
    else:
        alone = {name: None for name in ("setup", "reset") if isinstance(getattr(config, name), Ask)}
        slot = real_slot(structs.replace(config, **alone), rig.timeouts, make_cli)
    return Board(slot, config.variant, path_of(config), config.usb)


def import_boards(lab: Lab, boards: Sequence[Board]) -> list[Board]:
    """Import boards into the products of their variants; returns those that have never connected, for another time.

    :raises PhotonrigError: the cloud refused
    """
    unknown = []
    for board in boards:
        done = lab.team.import_devices(lab.products[board.variant].id, [board.slot.device_id])
        if board.slot.device_id not in (*done.updated, *done.existing):
            unknown.append(board)
    return unknown


def look_at_usb(boards: Sequence[Board]) -> dict[str, Attached]:
    """What is plugged in where. One in DFU mode is sought by a program, and not while another run works on it."""
    found = {each.usb: each for each in attached(run=_no_program)}
    if any(board.usb is not None and board.usb not in found and board.holder() is None for board in boards):
        found = {each.usb: each for each in attached()}
    return found


def _no_program(argv: Sequence[str], timeout: float) -> str:
    return ""
