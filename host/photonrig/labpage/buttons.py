"""SETUP and RESET of a lab's slots, each held by one reader of the page until it lets go or is gone."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from typing import Final, Literal

from photonrig.errors import PhotonrigError, UsageError

Button = Literal["setup", "reset"]
_NAMES: Final[dict[Button, str]] = {"setup": "SETUP", "reset": "RESET"}


class HeldButtons:
    """Used from any thread. A reader is a page that is open, by a name of its own."""

    def __init__(self) -> None:
        self._readers: set[str] = set()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)  # of each slot
        self._held: dict[tuple[str, Button], tuple[str, contextlib.ExitStack]] = {}

    def come(self, reader: str) -> None:
        """A reader is there, and may press."""
        self._readers.add(reader)

    def press(self, slot: str, button: Button, held: AbstractContextManager[None], reader: str) -> None:
        """Hold a button inside ``held``, until the reader lets go of it or leaves.

        :raises UsageError: another reader holds it, or this one is gone
        :raises PhotonrigError: it cannot be pressed now
        """
        with self._locks[slot]:
            if (slot, button) in self._held:
                raise UsageError(f"{_NAMES[button]} of {slot} is held already, by another page")
            if reader not in self._readers:
                raise UsageError("the page that pressed is not connected; reload it")
            stack = contextlib.ExitStack()
            stack.enter_context(held)
            self._held[slot, button] = reader, stack

    def let_go(self, slot: str, button: Button, reader: str) -> None:
        """Let go of a button, if this reader holds it.

        :raises PhotonrigError: its means failed, or the device has lost its power
        """
        with self._locks[slot]:
            by, stack = self._held.get((slot, button), ("", None))
            if stack is not None and by == reader:
                del self._held[slot, button]
                stack.close()

    def leave(self, reader: str) -> None:
        """A reader has gone: what it held is let go, SETUP first, so that the bootloader finds none."""
        self._readers.discard(reader)
        for slot in list(self._locks):  # all that were ever pressed: a press on its way is waited for, and let go
            for button in _NAMES:
                with contextlib.suppress(PhotonrigError):
                    self.let_go(slot, button, reader)

    def close(self) -> None:
        """Let go of all."""
        for reader in list(self._readers) + [by for by, _ in list(self._held.values())]:
            self.leave(reader)
