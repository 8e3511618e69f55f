"""Work of ``photonrig debug``: opens a slot's device for a debugger."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path
from typing import Any

from photonrig.bench.running import RunningSlot
from photonrig.bench.slots.virtual.control import ask
from photonrig.build.elf import find_elf
from photonrig.build.toolchain import Toolchain
from photonrig.cli.slot_at_hand import Board, slot_at_hand
from photonrig.clock import SYSTEM
from photonrig.errors import RigError, UsageError

__all__ = ["run_debug"]


def run_debug(
    tools: Toolchain, name: str, rig: Path | None, lab: Path | None, *, port: int, as_json: bool = False
) -> None:
    """Open the device of a slot, and print how to connect; a device that was started for this runs until Ctrl-C.

    ``port``: of 127.0.0.1, or 0.

    :raises UsageError: no such slot, or a board, which has no debugger; or it listens on another port already
    :raises RigError: the device runs no application
    """
    with slot_at_hand(tools, name, rig, lab) as found:
        if isinstance(found, Board):
            raise UsageError(f"slot {name} is a board: there is no debugger there; choose a virtual slot")
        try:
            opened = ask(found.control, {"do": "debug", "port": port}, device=found.device_id)
        except RigError as error:
            raise RigError(f"slot {name} cannot be debugged: {error}") from None
        if port not in (0, opened["port"]):
            raise UsageError(
                f"--port {port}: slot {name} listens on {opened['port']} already, until a debugger was connected there"
            )
        _print(tools, found, opened, as_json=as_json)
        if found.started:
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    SYSTEM.pause(1.0)


def _print(tools: Toolchain, slot: RunningSlot, opened: dict[str, Any], *, as_json: bool) -> None:
    elf = find_elf(opened["module"], [*map(Path, slot.firmware), tools.work / "user_part"])
    port = int(opened["port"])
    if as_json:
        described = {"slot": slot.name, "host": "127.0.0.1", "port": port, "elf": None if elf is None else str(elf)}
        print(json.dumps(described), flush=True)  # noqa: T201
        return
    words = ["gdb-multiarch", *([] if elf is None else [str(elf)]), "-ex", f"target extended-remote 127.0.0.1:{port}"]
    print(f"slot {slot.name} ({slot.variant}) listens for one debugger:")  # noqa: T201
    print(f"    {shlex.join(words)}")  # noqa: T201
    if elf is None:
        print("no ELF lies beside the module that runs: there are addresses, and no names")  # noqa: T201
    if slot.started:
        print("Ctrl-C ends the device.", flush=True)  # noqa: T201
