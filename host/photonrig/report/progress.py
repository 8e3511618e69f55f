"""Progress of a run on standard error: one changing line on a terminal; elsewhere a line a part and every 10 s."""

from __future__ import annotations

from typing import Final, Self

from rich.console import Console
from rich.text import Text

from photonrig.clock import SYSTEM, Clock

_EVERY: Final = 10.0  # seconds between two lines of a part outside a terminal


class Progress:
    """Inside a ``with`` block: :meth:`begins` with a part, :meth:`at` with each case before it runs."""

    def __init__(self, console: Console, clock: Clock = SYSTEM) -> None:
        self._console, self._clock = console, clock
        self._status = console.status("") if console.is_terminal and not console.quiet else None
        self._part, self._of, self._number, self._said = "", 0, 0, 0.0

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def begins(self, part: str, of: int = 0) -> None:
        """A part begins, with ``of`` cases; 0: unknown."""
        self._part, self._of, self._number, self._said = part, of, 0, self._clock.now()
        if self._status is None:
            self.line(f"{part}: {of} cases" if of else part)

    def at(self, text: str, number: int | None = None) -> None:
        """A case begins; ``number``: its place in the part, counted from 1 by default."""
        self._number = self._number + 1 if number is None else number
        count = f"{self._number}/{self._of}" if self._of else f"{self._number}"
        if self._status is not None:
            line = Text(f"{self._part} {count}  {text}")
            line.truncate(max(self._console.width - 4, 10), overflow="ellipsis")
            self._status.update(line)
        elif self._clock.now() - self._said >= _EVERY:
            self._said = self._clock.now()
            self.line(f"{self._part} {count}  {text}")

    def line(self, text: str, style: str = "") -> None:
        """Print a line that stays."""
        self._console.print(Text(text, style=style), soft_wrap=True)
