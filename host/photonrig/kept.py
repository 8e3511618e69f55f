"""The last things of a sequence that does not end: bounded in memory, and what is no longer kept is counted."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

__all__ = ["Kept"]

T = TypeVar("T")


class Kept(Generic[T]):
    """Keeps the last ``most`` things, numbered from 0 in the order in which they came; ``end`` is the next number."""

    def __init__(self, most: int) -> None:
        self.end = 0
        self._things: deque[T] = deque(maxlen=most)

    def add(self, thing: T) -> None:
        """Keep a thing; the oldest gives way."""
        self._things.append(thing)
        self.end += 1

    def after(self, place: int) -> tuple[list[T], int]:
        """What is kept of the things from number ``place`` on, and how many of them are no longer kept."""
        dropped = self.end - len(self._things)
        count = self.end - max(place, dropped)
        # From the right: a reader who keeps up asks for the last few of many.
        return [self._things[-back] for back in range(count, 0, -1)], max(0, dropped - place)
