"""What is explored of each variant: the functions that share state with interrupts, or keep state for later.

Each plan brings the shade into a position it knows, and then does what calls the function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from photonrig.build.elf import Function, Symbols
from photonrig.errors import UsageError
from photonrig.trials.plan import Explored, Plan, say

_TRAVEL_MS: Final = 2000
_UNTIL_MS: Final = 9000
# When the call to be explored is brought about.
_ACT_MS: Final = 2500
# The two numbers of a calibration, and others that mean the same shade within its bounds.
_CALIBRATION: Final = {"venetian": ("1200,240", "1190,238")}
_USUAL: Final = ("2000,2000", "2010,2010")


@dataclass(frozen=True, slots=True)
class Exploration:
    """One call of ``function``, which the lines said from ``_ACT_MS`` on bring about.

    ``lines`` are (milliseconds after that, text); ``after_ms`` is counted from there, too; None: from power-on. It is
    the first call since then.
    """

    function: str
    lines: tuple[tuple[int, str], ...]
    after_ms: int | None = 0


_MOVE: Final = ((0, "move 60"),)
_STOP: Final = ((0, "move 80"), (300, "move stop"))
_RECALIBRATE: Final = "recalibrate"


_COMMON: Final = (
    Exploration("shade::EventQueue::add", _STOP, 290),
    Exploration("shade::EventQueue::send", _STOP, 290),
    Exploration("shade::EventQueue::wait_for_answer", _STOP, 290),
    Exploration("shade::EventQueue::remove", _STOP, 290),
    Exploration("shade::RecordStore::load", (), None),
)


_SAVES: Final = (
    Exploration("shade::RecordStore::save", ((0, _RECALIBRATE),)),
    Exploration("shade::SettingsStore::save", _MOVE),
)

EXPLORATIONS: Final[dict[str, tuple[Exploration, ...]]] = {
    "roller": (
        Exploration("RadioRemote::run", _MOVE),
        Exploration("RadioRemote::stop", _STOP, 290),
        Exploration("RadioRemote::tick", _MOVE, 65),
        Exploration("RadioRemote::load", _MOVE),
        *_COMMON,
        *_SAVES,
    ),
    "venetian": (
        Exploration("EncoderDrive::run", _MOVE),
        Exploration("EncoderDrive::aim_at", ((0, "move 60"), (600, "move open")), 590),
        Exploration("EncoderDrive::stop", _STOP, 290),
        Exploration("EncoderDrive::tick", _MOVE, 100),
        Exploration("EncoderDrive::stands", ((0, "move open"),)),
        Exploration("EncoderDrive::feedback", _MOVE, 100),
        *_COMMON,
        *_SAVES,
    ),
    "drapery": (
        Exploration("BusMotor::run", _MOVE),
        Exploration("BusMotor::aim_at", ((0, "move 60"), (300, "move open")), 290),
        Exploration("BusMotor::stop", _STOP, 290),
        Exploration("BusMotor::tick", _MOVE),
        Exploration("BusMotor::listen", _MOVE, 30),
        *_COMMON,
        _SAVES[1],
    ),
    "honeycomb": (
        Exploration("ContactDrive::run", _MOVE),
        Exploration("ContactDrive::stop", _STOP, 290),
        Exploration("shade::Motion::halt", _STOP, 290),
        Exploration("ContactDrive::tick", _MOVE, 100),
        Exploration("ContactDrive::at_end", ((0, "move open"),)),
        *_COMMON,
        *_SAVES,
    ),
}


def plan_of(variant: str, exploration: Exploration, function: Function) -> Plan:
    """The trial that explores a function of a variant."""
    after = 0 if exploration.after_ms is None else _ACT_MS + exploration.after_ms
    plan = _plan(variant, exploration.lines)
    return msgspec.structs.replace(plan, explore=Explored(function.begin, after_ms=after))


def life_plan(variant: str, seed: int | None = None) -> Plan:
    """A day in the life of a shade: moves, one that is turned round, a stop, a new calibration."""
    lines = ((0, "move 60"), (300, "move close"), (1500, "move 80"), (1800, "move stop"), (4000, _RECALIBRATE))
    return msgspec.structs.replace(_plan(variant, lines), seed=seed)


def exploration_of(variant: str, name: str, symbols: Symbols) -> Exploration:
    """The exploration of a function, by its name or the end of it.

    :raises UsageError: it is not among those of this variant
    """
    function = symbols.named(name)
    for each in EXPLORATIONS[variant]:
        if each.function == function.name:
            return each
    raise UsageError(
        f"there is no plan that calls {function.name} of {variant}; --plan FILE brings one. "
        f"There are {', '.join(each.function for each in EXPLORATIONS[variant])}"
    )


def _plan(variant: str, lines: tuple[tuple[int, str], ...]) -> Plan:
    first, second = _CALIBRATION.get(variant, _USUAL)
    spoken = [(_ACT_MS + at, f"calibrate {second}" if text == _RECALIBRATE else text) for at, text in lines]
    steps = say((100, f"calibrate {first}"), (200, "move 20"), *spoken, (_UNTIL_MS - 300, "status"))
    return Plan(until_ms=_UNTIL_MS, wired_to=f"{variant}:{_TRAVEL_MS}", steps=steps)
