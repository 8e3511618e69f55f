"""A recorded waveform (value change dump), read by the parser of pyvcd."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from vcd import reader


class Change(NamedTuple):
    """A signal's new value, ``at`` microseconds."""

    at: int
    name: str
    value: str | int


class Recorded(NamedTuple):
    """Names of all signals, in order; their changes; the last time, in microseconds."""

    names: list[str]
    changes: list[Change]
    end: int

    def of(self, name: str) -> list[tuple[int, str | int]]:
        """Times and values of one signal."""
        return [(each.at, each.value) for each in self.changes if each.name == name]


def read(file: Path) -> Recorded:
    """Parse a file whose unit is the microsecond."""
    names: dict[str, str] = {}
    changes: list[Change] = []
    now = 0
    with file.open("rb") as stream:
        for token in reader.tokenize(stream):
            match token.kind:
                case reader.TokenKind.TIMESCALE:
                    assert str(token.timescale) == "1 us"
                case reader.TokenKind.VAR:
                    names[token.var.id_code] = token.var.reference
                case reader.TokenKind.CHANGE_TIME:
                    now = token.time_change
                case reader.TokenKind.CHANGE_SCALAR:
                    changes.append(Change(now, names[token.scalar_change.id_code], token.scalar_change.value))
                case reader.TokenKind.CHANGE_VECTOR:
                    changes.append(Change(now, names[token.vector_change.id_code], token.vector_change.value))
    return Recorded(list(names.values()), changes, now)
