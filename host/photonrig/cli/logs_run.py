"""Work of ``photonrig logs``: prints what a slot of a lab logged."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from rich.console import Console

from photonrig.bench.running import running_slots
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import UsageError
from photonrig.invocation import command
from photonrig.labpage.logbook import Logbook
from photonrig.labpage.terminal import print_change

_LOOK: Final = 0.2  # seconds between two looks


def run_logs(slot: str, state: Path | None, *, follow: bool, clock: Clock = SYSTEM) -> None:
    """Print a slot's log; with ``follow`` until Ctrl-C.

    :raises UsageError: no lab runs such a slot, several do, or ``state`` has none
    """
    reader = Logbook(_lab(slot, state)).read(slot)
    if state is not None and not reader.exists:
        raise UsageError(f"{state} has no log of a slot {slot}; {command('lab')} writes one")
    console = Console()
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            for change in reader.new():
                print_change(change, console)
            if not follow:
                return
            clock.pause(_LOOK)


def _lab(slot: str, state: Path | None) -> Path:
    if state is not None:
        return state
    labs = [found.lab for found in running_slots(slot)]
    if not labs:
        raise UsageError(f"no slot {slot} runs here; {command('lab')} starts one that is named photon-1")
    if len(labs) > 1:
        raise UsageError(f"several labs run a slot {slot}; say --state and one of {', '.join(labs)}")
    return Path(labs[0])
