"""Recovery of a sick device: steps from mild to drastic, each with a time limit; then quarantine.

    power on        it may only have been switched off
    reopen          the port may have been lost
    reset           the RESET line, or a USB request
    safe mode       Device OS without the firmware, then known-good firmware over serial
    DFU             the bootloader alone, then known-good firmware
    power cycle     the plug
    quarantine      a marker beside rig.toml; other slots go on, and ``photonrig doctor`` lifts it

Each step with its duration and outcome is data for reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from photonrig.bench.identity import LISTENING, console_trouble
from photonrig.bench.slots.slot import Slot
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import PhotonrigError, ToolError

Outcome = Literal["helped", "no help", "not possible"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Time limit of each step, in seconds; a reset's is longer than any panic of Device OS (25 s, stack overflow)."""

    power_on: float = 15.0
    reopen: float = 5.0
    reset: float = 30.0
    safe_mode: float = 90.0
    dfu: float = 120.0
    power: float = 60.0


BOUNDS: Final = Bounds()


@dataclass(frozen=True, slots=True)
class RecoveryStep:
    """One step: action, outcome, observation."""

    name: str
    outcome: Outcome
    seen: str
    seconds: float
    bound: float

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome} ({self.seen}; {self.seconds:.1f} of {self.bound:g} s)"


@dataclass(frozen=True, slots=True)
class Recovery:
    """All steps on one device; ``recovered``: it is healthy."""

    slot: str
    device_id: str
    trouble: str
    steps: tuple[RecoveryStep, ...]
    recovered: bool

    def sentences(self) -> list[str]:
        """One sentence per step."""
        return [f"slot {self.slot}, {step}" for step in self.steps]


def recover(
    slot: Slot,
    *,
    known_good: Path | None = None,
    bounds: Bounds = BOUNDS,
    clock: Clock = SYSTEM,
) -> Recovery:
    """Run the steps until the device is healthy, or a reset has shown that it only lacks a network.

    Without ``known_good``, a module file, no firmware is written. A healthy device takes no step.
    """
    ladder = _Ladder(slot, known_good, bounds, clock)
    trouble = console_trouble(slot)
    steps: list[RecoveryStep] = []
    recovered = not trouble
    for step in ladder.steps() if trouble else ():
        steps.append(step)
        recovered = step.outcome == "helped" or (step.name == "reset" and step.seen == LISTENING)
        if recovered:
            break
    return Recovery(slot.name, slot.device_id, trouble, tuple(steps), recovered)


class _NotPossible(Exception):
    """The slot lacks the equipment for the step."""


class _Ladder:
    def __init__(
        self,
        slot: Slot,
        known_good: Path | None,
        bounds: Bounds,
        clock: Clock,
    ) -> None:
        self._slot = slot
        self._known_good = known_good
        self._bounds = bounds
        self._clock = clock

    def steps(self) -> Iterator[RecoveryStep]:
        """Steps, each executed when the iterator advances."""
        bounds, power, serial = self._bounds, self._slot.power, self._slot.serial
        if power is not None and serial is not None and not serial.present:
            yield self._take("power on", bounds.power_on, lambda left: power.on())
        yield self._take("reopen", bounds.reopen, lambda left: None)
        yield self._take("reset", bounds.reset, self._reset)
        yield self._take("safe mode", bounds.safe_mode, self._safe_mode)
        yield self._take("DFU", bounds.dfu, self._dfu)
        yield self._take("power cycle", bounds.power, self._power_cycle)

    def _take(self, name: str, bound: float, act: Callable[[float], None]) -> RecoveryStep:
        begun = self._clock.now()

        def step(outcome: Outcome, seen: str) -> RecoveryStep:
            return RecoveryStep(name, outcome, seen, self._clock.now() - begun, bound)

        try:
            act(bound)
        except _NotPossible as lack:
            return step("not possible", str(lack))
        except PhotonrigError as error:
            return step("no help", str(error))
        if trouble := self._trouble_after(bound - (self._clock.now() - begun)):
            return step("no help", trouble)
        return step("helped", "the console answers as the slot's device")

    def _trouble_after(self, seconds: float) -> str:
        """Empty as soon as the device is well; else what is wrong with it at the end."""
        last = [""]

        def well() -> bool:
            last[0] = console_trouble(self._slot)
            return not last[0]

        with suppress(NotSeen):
            self._clock.wait_until(well, max(0.0, seconds), "the device well")
        return last[0]

    def _reset(self, bound: float) -> None:
        if self._slot.reset is not None:
            self._slot.reset.press()
        elif self._slot.flasher is not None:
            begun = self._clock.now()
            try:
                self._slot.flasher.restart(timeout=bound)
            except ToolError:
                # In a panic nothing answers on USB until the reset that ends it.
                if self._trouble_after(bound - (self._clock.now() - begun)):
                    raise
        else:
            raise _NotPossible("RESET is not wired, and there is no Particle CLI for a request over USB")

    def _safe_mode(self, bound: float) -> None:
        image = self._image()
        flasher = self._slot.flasher
        if flasher is None:
            raise _NotPossible("there is no Particle CLI")
        deadline = self._clock.now() + bound
        flasher.safe_mode(timeout=bound / 2)
        flasher.over_serial(image, timeout=max(1.0, deadline - self._clock.now()))

    def _dfu(self, bound: float) -> None:
        image = self._image()
        if self._slot.flasher is None:
            raise _NotPossible("there is no Particle CLI")
        self._slot.flasher.over_dfu(image, timeout=bound)

    def _power_cycle(self, bound: float) -> None:
        power, serial = self._slot.power, self._slot.serial
        if power is None:
            raise _NotPossible("the slot has no power switch")
        power.off()
        try:
            if serial is not None:
                self._clock.wait_until(lambda: not serial.present, bound / 2, "the device without power")
        finally:
            power.on()

    def _image(self) -> Path:
        if self._known_good is None:
            raise _NotPossible("no known-good firmware was given")
        return self._known_good
