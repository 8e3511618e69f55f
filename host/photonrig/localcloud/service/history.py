"""Event history: one day, at most 100,000 events."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import deque
from collections.abc import Callable

from photonrig.localcloud.eras.viewers import StreamViewer
from photonrig.localcloud.events import Event
from photonrig.localcloud.store import Store

EVENT_SECONDS = 24 * 3600.0
EVENTS_KEPT = 100_000
_BATCH = 1000
_LOOKED_AT = 10_000  # events scanned per query


class History:
    """Buffers events and writes them in batches; a crash may lose the last seconds."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._pending: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._noted = 0

    def note(self, event: Event) -> None:
        """Add an event; never fails."""
        self._pending.append(event)
        self._noted += 1
        if self._noted % _BATCH == 0:
            # Unwritten events stay pending; the next flush reports the error.
            with contextlib.suppress(sqlite3.Error):
                self.flush()

    def flush(self) -> None:
        """Write pending events and delete those older than the window.

        On a disk error events stay pending; those that can never be written are dropped.
        """
        if not self._pending:
            return
        try:
            with self._store.write():
                self._store.events.add_all(self._pending)
                self._store.events.forget(before=self._now() - EVENT_SECONDS, beyond=EVENTS_KEPT)
        except sqlite3.OperationalError:
            raise
        except Exception:
            self._pending.clear()
            raise
        self._pending.clear()

    def latest(
        self, viewer: StreamViewer, may_see: Callable[[StreamViewer, Event], bool], *, since: float, limit: int
    ) -> list[Event]:
        """Events visible on a stream since a time (Unix seconds), oldest first, at most the last ``limit``.

        ``may_see`` filters each event.
        """
        self.flush()
        own = viewer.reader.owner if viewer.kind == "own" else None
        since = max(since, self._now() - EVENT_SECONDS)
        found: list[Event] = []
        events = self._store.events.latest(
            owner=own, product=viewer.product, device=viewer.device, prefix=viewer.prefix
        )
        for looked_at, event in enumerate(events):
            if event.published_at < since or len(found) == limit or looked_at == _LOOKED_AT:
                break
            if may_see(viewer, event):
                found.append(event)
        return found[::-1]
