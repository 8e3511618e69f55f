"""Changes of a lab, for those who have its page open and for its terminal."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any, Final

from photonrig.clock import SYSTEM, Clock, utc

Change = dict[str, Any]
"""``kind``: slot, event, owner, asked, webhook, serial, log or panic; ``slot``; ``at``: ISO 8601, UTC; and more."""

Listener = Callable[[Change], None]

_MILLISECONDS: Final = len("2026-01-31T12:00:00.000")
_KEPT: Final = 500  # changes of each kind, for readers that come later


def change_of(kind: str, slot: str, clock: Clock = SYSTEM, **what: Any) -> Change:
    """A change that happens now, unless ``what`` brings its own ``at``."""
    return {"kind": kind, "slot": slot, "at": utc(clock).isoformat(timespec="milliseconds"), **what}


class Changes:
    """Tells each change to all readers and listeners, in order; used from any thread."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._readers: list[Listener] = []
        self._listeners: list[Listener] = []
        self._slots: dict[str, Change] = {}
        self._past: dict[str, deque[Change]] = defaultdict(partial(deque, maxlen=_KEPT))

    @property
    def watched(self) -> bool:
        """Whether there are readers."""
        with self._lock:
            return bool(self._readers)

    def read(self, reader: Listener) -> list[Change]:
        """Tell a reader all changes from now on; returns those that make the present picture."""
        with self._lock:
            self._readers.append(reader)
            past = sorted(chain.from_iterable(self._past.values()), key=lambda change: change["at"][:_MILLISECONDS])
            return [*self._slots.values(), *past]

    def leave(self, reader: Listener) -> None:
        """Tell it no more."""
        with self._lock:
            self._readers.remove(reader)

    def listen(self, listener: Listener) -> None:
        """Tell a listener all changes that are there anyway: nothing is looked at for its sake."""
        with self._lock:
            self._listeners.append(listener)

    def slot(self, name: str) -> Change:
        """What was last told of a slot; empty if nothing was."""
        with self._lock:
            return self._slots.get(name, {})

    def tell(self, kind: str, slot: str, **what: Any) -> None:
        """Tell a change; ``what`` may bring its own ``at``. A device's own log is for listeners alone."""
        change = change_of(kind, slot, self._clock, **what)
        with self._lock:
            readers = self._readers
            if kind == "slot":
                self._slots[slot] = change
            elif kind == "log":  # may be long, and no page shows it
                readers = []
            else:
                self._past[kind].append(change)
            for listener in (*readers, *self._listeners):
                listener(change)
