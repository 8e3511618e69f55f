"""Work of ``photonrig monitor``: prints what a slot's device says on USB serial."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from photonrig.bench.lines import SerialLines
from photonrig.bench.lock import hold
from photonrig.bench.panic import PanicLog, explain
from photonrig.bench.session import serial_of
from photonrig.build.toolchain import Toolchain
from photonrig.cli.slot_at_hand import Board, slot_at_hand
from photonrig.clock import SYSTEM, Clock, utc
from photonrig.labpage.changes import change_of
from photonrig.labpage.logbook import Logbook
from photonrig.trace import Moment, printable

__all__ = ["run_monitor"]

_AWAY: Final = 86_400.0  # seconds a device may be away from USB
_LOOK: Final = 0.2  # seconds between two looks for panics


def run_monitor(tools: Toolchain, name: str, rig: Path | None, lab: Path | None) -> None:
    """Print lines until Ctrl-C.

    :raises UsageError: no such slot
    :raises Busy: another run uses the slot's serial
    :raises LinkLost: the device has no port at the start
    """
    with contextlib.suppress(KeyboardInterrupt), slot_at_hand(tools, name, rig, lab) as found:
        if isinstance(found, Board):
            with serial_of(found.config, found.slot, tools) as link:
                _watch(lambda: link.port, lambda: None, lambda line: None)
            return
        book = Logbook(Path(found.lab))
        panics = PanicLog(Path(found.log), from_now=True)
        folders = [*map(Path, found.firmware), tools.work / "user_part"]

        def look() -> None:
            for record in panics.new():
                if (panic := explain(record, folders)) is not None:
                    for line in (panic.title, *(f"    {line}" for line in panic.lines())):
                        _print(f"!! {line}")

        with contextlib.ExitStack() as stack:
            if found.rig and not found.started:
                stack.enter_context(hold(f"virtual:{found.rig}:{found.name}"))
            stack.enter_context(hold(f"serial:{found.serial}"))
            _watch(lambda: found.serial, look, lambda line: book.note(change_of("serial", found.name, line=line)))


def _watch(port: Callable[[], str], look: Callable[[], None], keep: Callable[[str], None]) -> None:
    with SerialLines(port, reopen=_AWAY, observer=_heard) as lines:
        while True:
            for line in lines.take(_LOOK):
                keep(line)
            look()


def _heard(moment: Moment) -> None:
    """A line of the device, or what happened to its port."""
    said = moment.text.removeprefix("< ")
    _print(said if said != moment.text else f"-- {said}")


def _print(text: str, clock: Clock = SYSTEM) -> None:
    now = utc(clock).astimezone()
    print(f"{now:%H:%M:%S}.{now.microsecond // 1000:03}  {printable(text)}", flush=True)  # noqa: T201
