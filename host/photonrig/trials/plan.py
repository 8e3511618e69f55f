"""What a trial does: steps by time, what the pins are wired to, a seed or a function to explore."""

from __future__ import annotations

import msgspec


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """At ``at_ms`` from the start: a line on USB serial, a call of a cloud function, or a level on a pin."""

    at_ms: int
    say: str | None = None
    call: str | None = None
    argument: str | None = None
    pin: int | None = None
    level: int | None = None


class Explored(msgspec.Struct, frozen=True):
    """A call of the function at ``begin``: which one of those from ``after_ms`` on, from 1.

    A stall holds the application up for that long.
    """

    begin: int
    call: int = 1
    after_ms: int = 0
    stalls_ms: tuple[int, ...] = (600, 1100)


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole trial, as ``vphoton --trial`` reads it. Times are virtual.

    ``instruments`` checks memory and counts what is executed; ``record`` is the path of a waveform of the pins.
    """

    until_ms: int
    wired_to: str = ""
    steps: tuple[Step, ...] = ()
    seed: int | None = None
    trace: bool = False
    instruments: bool = False
    record: str = ""
    explore: Explored | None = None


def say(*lines: tuple[int, str]) -> tuple[Step, ...]:
    """Steps that type lines on USB serial."""
    return tuple(Step(at_ms, say=text) for at_ms, text in lines)
