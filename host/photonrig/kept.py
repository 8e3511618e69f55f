"""Bounded log of an endless sequence, which counts the items it has dropped."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The last ``most`` items, numbered from 0 in order of arrival; ``end`` is the next number."""

    def __init__(self, most: int) -> None:
        self.end = 0
        self._things: deque[T] = deque(maxlen=most)

    def add(self, thing: T) -> None:
        """Append an item; the oldest is dropped when full."""
        self._things.append(thing)
        self.end += 1

    def after(self, place: int) -> tuple[list[T], int]:
        """The kept items from number ``place`` on, and how many of them were dropped."""
        dropped = self.end - len(self._things)
        count = self.end - max(place, dropped)
        # From the right: a reader that keeps up asks for the last few of many.
        return [self._things[-back] for back in range(count, 0, -1)], max(0, dropped - place)
