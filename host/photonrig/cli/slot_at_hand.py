"""The slot that a user names: of a lab that runs, of a bench that runs, or of a bench, started for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from photonrig.bench.config import RigConfig, SlotConfig, load_config
from photonrig.bench.running import RunningSlot, running_slots
from photonrig.bench.session import open_bench
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS
from photonrig.errors import UsageError
from photonrig.invocation import command

__all__ = ["Board", "slot_at_hand"]

_USUAL: Final = Path("rig.toml")


@dataclass(frozen=True, slots=True)
class Board:
    """A slot with a board in it."""

    config: RigConfig
    slot: SlotConfig


@contextmanager
def slot_at_hand(tools: Toolchain, name: str, rig: Path | None, lab: Path | None) -> Iterator[RunningSlot | Board]:
    """The slot ``name`` inside the block: of the bench ``rig``, or of a lab that runs, or of ``rig.toml`` here.

    ``lab`` is a lab's state folder. A virtual slot of a bench that does not run is started, and ends with the block.

    :raises UsageError: there is none, or several labs have one
    """
    if rig is None:
        running = [slot for slot in running_slots(name) if not slot.rig]
        if lab is not None:
            running = [slot for slot in running if Path(slot.lab) == lab.absolute()]
        if len(running) > 1:
            folders = ", ".join(slot.lab for slot in running)
            raise UsageError(f"several labs run a slot {name}; say --state and one of {folders}")
        if running:
            yield running[0]
            return
        if lab is not None or not _USUAL.exists():
            raise UsageError(
                f"no slot {name} runs here; {command('lab')} starts one that is named photon-1, --rig names a bench"
            )
    config = load_config(rig or _USUAL, VARIANTS)
    slot = config.slot(name)
    if not slot.virtual:
        yield Board(config, slot)
        return
    if found := _running_in(config, name):
        yield found
        return
    with open_bench(config, tools, slots=[name], state=tools.work / "bench" / f"{config.name}-{name}-{slot.variant}"):
        started = _running_in(config, name)
        assert started is not None
        yield msgspec.structs.replace(started, started=True)


def _running_in(config: RigConfig, name: str) -> RunningSlot | None:
    return next((slot for slot in running_slots(name) if slot.rig == str(config.path.resolve())), None)
