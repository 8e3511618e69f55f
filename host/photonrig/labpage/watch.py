"""Looks at a lab, and tells what happens in it: slots, events, owners, serial lines, panics."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final

from photonrig.bench.lab import Lab
from photonrig.bench.lab_record import LabDevice
from photonrig.bench.local_cloud_admin import LocalAdmin
from photonrig.bench.panic import PanicLogs, explain, record_in
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.clock import SYSTEM, Clock
from photonrig.closing import Closing
from photonrig.errors import LinkLost, PhotonrigError, RigError, UsageError
from photonrig.labpage.boards import Board, look_at_usb
from photonrig.labpage.buttons import Button, HeldButtons
from photonrig.labpage.changes import Changes
from photonrig.labpage.console import Console
from photonrig.particle.cloud import CloudDevice, product
from photonrig.particle.events import Event, EventStream

_LOOK: Final = 0.25  # seconds between looks at the devices, while somebody has the page open
_SECOND: Final = 1.0  # between looks at logs and owners
# What a card of a virtual Photon offers; that of a board is of its drivers.
_CAN: Final = ("setup", "reset", "power", "wifi", "serial", "softap", "cloud")
_STANDS_STILL: Final = {
    "reset": "held in reset",
    "bootloader": "bootloader: SETUP is held",
    "dfu": "DFU mode",
    "panic": "panic: SOS",
    "sleep": "asleep",
}


class LabWatch(Closing):
    """Looks at a lab from :meth:`start` until it is closed; at each device and owner only while there are readers."""

    def __init__(self, lab: Lab, symbols: Sequence[Path], boards: Sequence[Board] = (), clock: Clock = SYSTEM) -> None:
        """Made before the lab is up, so that panics of its start are told, too.

        ``symbols``: folders of the ELFs that name a panic's functions; ``boards``: those whose cloud is the lab's.
        """
        self.changes = Changes(clock)
        self.buttons = HeldButtons()
        self.boards = {board.slot.name: board for board in boards}
        self._lab = lab
        self._symbols = symbols
        self._clock = clock
        self._names: dict[str, str] = {}
        self._owners: dict[str, str | None] = {}
        self._audited = 0
        self._listed = False
        self._logs = PanicLogs(lab.state / "devices")
        self._consoles: dict[str, tuple[Console, ExitStack]] = {}
        self._at_consoles = threading.Lock()
        self._leaving = threading.Event()
        self._streams: list[EventStream] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to look at a lab that is up; what its cloud did meanwhile is told first.

        :raises PhotonrigError: the cloud does not answer
        """
        self._names = {device.id: device.name for device in self._lab.devices}
        self._names |= {board.slot.device_id: name for name, board in self.boards.items()}
        with self._lab.local_cloud.admin() as admin:
            self._read_audit(admin)
        for variant in self._variants():
            stream = EventStream(self._lab.team, f"/v1/products/{self._lab.products[variant].id}/events")
            stream.__enter__()
            self._streams.append(stream)
            self._run(partial(self._follow, stream))
        self._run(self._look)

    def close(self) -> None:
        """End: consoles, streams and threads are gone when this returns."""
        self._leaving.set()
        self.buttons.close()
        self._close_consoles()
        for stream in self._streams:
            stream.close()
        for thread in self._threads:
            thread.join()

    def new_panics(self) -> None:
        """Tell panics and lines since the last look: the one reader of the devices' logs, for page and terminal."""
        for name, line in self._logs.lines():
            record = record_in(line)
            if record is None:
                self.changes.tell("log", name, line=line.decode(errors="replace"))
            elif (panic := explain(record, self._symbols)) is not None:
                self.changes.tell("panic", name, title=panic.title, lines=panic.lines())

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _look(self) -> None:
        with self._lab.local_cloud.admin() as admin:
            self._look_until_closed(admin)

    def _look_until_closed(self, admin: LocalAdmin) -> None:
        next_second = 0.0
        while not self._leaving.is_set():
            watched = self.changes.watched
            if self._clock.now() >= next_second:
                self.new_panics()
                with contextlib.suppress(PhotonrigError):  # a cloud that ended is told of elsewhere
                    if watched:
                        self._look_at_products()
                    self._read_audit(admin)
                next_second = self._clock.now() + _SECOND
            if watched:
                self._look_at_devices()
            else:
                self._close_consoles()  # nobody reads them
            self._clock.wait_for(self._leaving, _LOOK)

    def _look_at_devices(self) -> None:
        for device in self._lab.devices:
            self._tell_slot(device.name, self._state(device))

    def _tell_slot(self, name: str, state: dict[str, Any]) -> None:
        known = self.changes.slot(name)
        if state | {key: known.get(key) for key in ("kind", "slot", "at")} != known:
            self.changes.tell("slot", name, **state)

    def _state(self, device: LabDevice) -> dict[str, Any]:
        """What a card shows of a device; without power, or while it restarts, only that."""
        photon = self._lab.photons[device.name]
        state: dict[str, Any] = {
            "can": _CAN,
            "device": device.id,
            "variant": device.variant,
            "product": self._lab.products[device.variant].slug,
            "owner": self._owners.get(device.id),
            "power": photon.alive,
            "led": None,
            "parts": {},
            "faults": {},
            "wifi": "",
        }
        if not state["power"]:
            return state | {"mode": "off"}
        try:
            seen = photon.control({"do": "status"})
        except RigError:  # it has power, and nobody answers yet
            return state | {"mode": "restarting"}
        wired, wifi = _wired(photon), seen["wifi"]
        return state | {
            "led": seen["led"],
            "mode": _mode(seen),
            "wifi": (wifi["ssid"] if wifi["ready"] else "") if wifi["available"] else None,
            "firmware": f"{seen['product']['id']} version {seen['product']['version']}" if _runs(seen) else None,
            "parts": {name: part for name, part in wired.get("parts", {}).items() if "position" in part},
            "faults": wired.get("faults", {}),
        }

    def _look_at_products(self) -> None:
        """Tell who owns what, once, as the audit tells what changes; and each time what the cloud knows of boards."""
        boards = {board.variant for board in self.boards.values()}
        known: dict[str, CloudDevice] = {}
        for variant in boards if self._listed else self._variants():
            for device in self._lab.team.devices(product(self._lab.products[variant].id)):
                known[device.id] = device
                if device.id in self._names:
                    self._owners.setdefault(device.id, device.owner_name)
        self._listed = True
        on_usb = look_at_usb(list(self.boards.values())) if boards else {}
        for name, board in self.boards.items():
            found = known.get(board.slot.device_id)
            told = {} if found is None else {"product": self._lab.products[board.variant].slug}
            self._tell_slot(name, told | board.state(found, on_usb))

    def _variants(self) -> list[str]:
        devices = [device.variant for device in self._lab.devices]
        return list(dict.fromkeys(devices + [board.variant for board in self.boards.values()]))

    def _read_audit(self, admin: LocalAdmin) -> None:
        """Tell owners that changed, who asked about a device with which token, and webhooks."""
        entries, self._audited = admin.audit(self._audited)
        for entry in entries:
            kind, device = entry.pop("kind"), entry.pop("device")
            if kind == "owner":
                self._owners[device] = entry["owner"]
            if device in self._names or kind == "webhook":  # which a user's own event sends, too
                self.changes.tell(kind, self._names.get(device, ""), **entry)

    def _follow(self, stream: EventStream) -> None:
        with contextlib.suppress(PhotonrigError):  # it was closed, or the lab's cloud has ended
            for event in stream.follow():
                if isinstance(event, Event):
                    self.changes.tell("event", self._names.get(event.coreid, ""), name=event.name, data=event.data)

    # --- slots --------------------------------------------------------------------------------------------------

    def slot(self, name: str) -> Slot:
        """A slot's capabilities.

        :raises UsageError: there is no such slot
        """
        if (board := self.boards.get(name)) is not None:
            return board.slot
        if (photon := self._lab.photons.get(name)) is not None:
            return photon.slot
        raise UsageError(f"there is no slot {name!r}")

    def taken(self, name: str) -> AbstractContextManager[None]:
        """Held inside the block, so that no other run works on it.

        :raises Busy: another run holds it
        """
        return self.boards[name].taken() if name in self.boards else nullcontext()  # a virtual one is the lab's own

    @contextmanager
    def held(self, name: str, button: Button) -> Iterator[None]:
        """A button of a slot is held inside the block.

        :raises PhotonrigError: it cannot be
        """
        slot = self.slot(name)
        with self.taken(name):
            pressed = (
                slot.need("setup_button", slot.setup_button) if button == "setup" else slot.need("reset", slot.reset)
            )
            with pressed.held():
                yield

    # --- consoles ---------------------------------------------------------------------------------------------------

    def open_console(self, slot: str) -> None:
        """Read a slot's USB serial from now on, until it is closed or nobody reads.

        :raises PhotonrigError: it has none, or another run has it
        """
        with self._at_consoles:
            if slot not in self._consoles and not self._leaving.is_set():
                link = self.slot(slot)
                serial = link.need("serial", link.serial)
                stack = ExitStack()
                stack.enter_context(self.taken(slot))
                console = Console(
                    lambda: serial.port, lambda line: self.changes.tell("serial", slot, line=line), self._clock
                )
                stack.callback(console.close)
                self._consoles[slot] = console, stack

    def close_console(self, slot: str) -> None:
        """Leave a slot's USB serial to others."""
        with self._at_consoles:
            _, stack = self._consoles.pop(slot, (None, None))
        if stack is not None:
            stack.close()

    def write_line(self, slot: str, line: str) -> None:
        """Send a line to an open console.

        :raises LinkLost: it is not open, or its device has no power
        """
        console, _ = self._consoles.get(slot, (None, None))
        if console is None:
            raise LinkLost("the console is not open")
        console.write(line)
        self.changes.tell("serial", slot, line=f"> {line}")

    def _close_consoles(self) -> None:
        for slot in list(self._consoles):
            self.close_console(slot)


def _wired(photon: VirtualPhoton) -> dict[str, Any]:
    """What a device's pins are wired to; empty if to nothing, or if it restarts right now."""
    try:
        return photon.control({"do": "world"})
    except RigError:
        return {}


def _runs(seen: dict[str, Any]) -> bool:
    """Whether Device OS runs: only then it knows its application."""
    return seen["mode"] not in _STANDS_STILL or seen["mode"] == "sleep"


def _mode(seen: dict[str, Any]) -> str:
    """What the device does, in the words of Particle's documentation."""
    if seen["mode"] in _STANDS_STILL:
        return _STANDS_STILL[seen["mode"]]
    if seen["safe_mode"]:
        return f"safe mode: {seen['safe_mode_reason']}" if seen["safe_mode_reason"] else "safe mode"
    if seen["updating"]:
        return "updating"
    if seen["listening"]:
        return "listening mode"
    if not seen["application_running"]:
        return "no application runs"
    if seen["cloud"] == "connected":
        return "online"
    if not seen["wifi"]["ready"]:
        return "looking for its network" if seen["wifi"]["credentials"] else "has no network"
    return f"cloud: {seen['cloud']}"
