"""Invariants of a shade, whatever interrupts its firmware; judged by what is seen from outside.

Sources: the model on the pins, which knows where the shade is; lines on USB serial; events at the cloud; variables.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from photonrig.trials.plan import Plan
from photonrig.trials.run import Interruption, Outcome, Run

# Per cent of the way between where the shade is and where its firmware says.
BOUND: Final = 3
# A command of the roller's may wait for the frame before it; on the air within 100 ms, of 2 s, it is in time.
RADIO_BOUND: Final = 8
SETTINGS_LOST: Final = 3
LOOP_STALLED: Final = 14
# The firmware stops a motor whose loop stood still for so long, and says so.
WATCHDOG_MS: Final = 1000
# Events by which a device asks itself through the cloud whether it has an owner: no JSON, and not told on USB serial.
TO_ITSELF: Final = "shade/own/"

Invariant = Callable[[Outcome, Interruption | None, Plan], str | None]


def runs_on(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """The application neither panics nor hangs, and restarts only with the power."""
    if outcome.hung:
        return "it hangs"
    cut = interruption is not None and interruption.kind == "power"
    others = [each.panic or each.why for each in outcome.restarts if not (cut and each.why == "power_cut")]
    return f"it starts anew: {', '.join(others)}" if others else None


def position_is_true(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """At rest, a position that the firmware calls known is where the shade is."""
    if outcome.variables["moving"] or not _health(outcome)["known"]:
        return None
    for part, variable in (("lift", "position"), ("tilt", "tilt")):
        there = _part(outcome, part)
        if there is not None and abs(there["position"] - outcome.variables[variable]) > _bound(outcome):
            return f"{variable} {outcome.variables[variable]} is told, and the {part} is at {there['position']}"
    return None


def commands_are_kept(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """A command that was accepted is carried out, unless a fault or an unknown position is told.

    A firmware that stops by the clock cannot do so while it is held up; then the position is what it must know.
    """
    health = _health(outcome)
    timed = any("open_ms" in line for line in _lines(outcome)) and outcome.variables["variant"] != "drapery"
    if health["fault"] or not health["known"] or (timed and interruption is not None and interruption.stall_ms):
        return None
    for part, command in (("lift", "move"), ("tilt", "tilt")):
        said = [line for line in _lines(outcome) if line.get("result", -1) >= 0 and command in line]
        words = {"open": 100, "close": 0, "stop": None}
        there = _part(outcome, part)
        # A power cut takes back what was said before it.
        if not said or there is None or outcome.restarts:
            continue
        target = words[said[-1][command]] if said[-1][command] in words else int(said[-1][command])
        if target is not None and abs(there["position"] - target) > _bound(outcome):
            return f"{command} {said[-1][command]} was accepted, and the {part} is at {there['position']}"
    return None


def faults_are_real(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """No fault is told of hardware that is in order.

    Allowed: a stopped loop, of a stall that long; lost settings, of a power cut before any were acknowledged.
    """
    fault = _health(outcome)["fault"]
    text = next((line["text"] for line in reversed(_lines(outcome)) if line.get("event") == "fault"), "")
    told = {line["fault"] for line in _lines(outcome) if line.get("event") == "fault"} | ({fault} if fault else set())
    if interruption is not None and interruption.stall_ms >= WATCHDOG_MS:
        told.discard(LOOP_STALLED)
    if interruption is not None and interruption.kind == "power" and not _acknowledged(outcome, interruption):
        told.discard(SETTINGS_LOST)
    return f"fault {', '.join(map(str, sorted(told)))} ({text}) is told of sound hardware" if told else None


def events_arrive_once(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """Each event told on USB serial reaches the cloud once, in order; before a power cut, at most once."""
    last = len(outcome.restarts)
    for start in range(last + 1):
        told = [
            (f"shade/{line.pop('event')}", json.dumps(line))
            for each in outcome.console
            if each.start == start and (line := _parsed(each.line)).get("event") not in (None, "reset")
        ]
        got = [
            (each.name, json.dumps(json.loads(each.data)))
            for each in outcome.published
            if each.start == start and not each.name.startswith(TO_ITSELF)
        ]
        if got != told[: len(got)]:
            return f"events {got} arrive of {told}"
        if start == last and len(got) < len(told) - _health(outcome)["dropped"]:
            return f"{len(told) - len(got)} events never arrive"
    return None


def records_are_whole(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """After a power cut the calibration is the last one acknowledged, or the one under way."""
    if interruption is None or interruption.kind != "power":
        return None
    acknowledged = _acknowledged(outcome, interruption)
    if not acknowledged:
        return None
    status = next((line for line in reversed(_lines(outcome)) if "fault_text" in line), None)
    if status is None:
        return "it answers no status"
    first, second = status.get("lift_counts", status.get("open_ms")), status.get("tilt_counts", status.get("close_ms"))
    now = f"{first},{second}"
    asked = [said.partition(" ")[2] for step in plan.steps if (said := step.say or "").startswith("calibrate ")]
    under_way = next(iter(asked[len(acknowledged) :]), None)
    if not status["calibrated"] or now not in (acknowledged[-1], under_way):
        return f"calibration {now} is left of {acknowledged[-1]}"
    return None


def motors_rest(outcome: Outcome, interruption: Interruption | None, plan: Plan) -> str | None:
    """Nothing moves when it says so, and no motor is ever driven both ways."""
    assert outcome.truth is not None
    if outcome.truth["contradictions"]:
        return "a motor is driven both ways"
    moving = [name for name, part in outcome.truth["parts"].items() if part.get("speed")]
    return f"{', '.join(moving)} moves unknown to the firmware" if moving and not outcome.variables["moving"] else None


INVARIANTS: Final[tuple[Invariant, ...]] = (
    runs_on,
    position_is_true,
    commands_are_kept,
    faults_are_real,
    events_arrive_once,
    records_are_whole,
    motors_rest,
)


def violations(run: Run, plan: Plan) -> Iterator[str]:
    """What a run breaks, in words; once it panics or hangs, nothing else is judged."""
    broken = runs_on(run.outcome, run.interruption, plan)
    if broken:
        yield broken
        return
    if run.outcome.truth is None or "health" not in run.outcome.variables:
        return
    for invariant in INVARIANTS[1:]:
        if text := invariant(run.outcome, run.interruption, plan):
            yield text


def _bound(outcome: Outcome) -> int:
    return RADIO_BOUND if outcome.variables["variant"] == "roller" else BOUND


def _health(outcome: Outcome) -> dict[str, Any]:
    return dict(json.loads(outcome.variables["health"]))


def _part(outcome: Outcome, name: str) -> dict[str, Any] | None:
    assert outcome.truth is not None
    part = outcome.truth["parts"].get(name)
    return None if part is None else dict(part)


def _parsed(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _lines(outcome: Outcome) -> list[dict[str, Any]]:
    return [_parsed(each.line) for each in outcome.console]


def _acknowledged(outcome: Outcome, interruption: Interruption) -> list[str]:
    """Calibrations that were answered before the interruption."""
    before = [_parsed(each.line) for each in outcome.console[: interruption.console]]
    return [line["calibrate"] for line in before if line.get("result") == 0 and "calibrate" in line]
