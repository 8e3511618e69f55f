"""Event value type of the local cloud."""

from __future__ import annotations

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from photonrig.ownership.model import Owner
from photonrig.particle import sse
from photonrig.safe_json import repaired

MAX_DATA = 1024  # bytes of event data that clients may publish, as in Device OS 3.x

asked_by_hook: ContextVar[bool] = ContextVar("asked_by_hook", default=False)
"""Whether the current request was sent to this cloud by a webhook."""


def iso_time(seconds: float) -> str:
    """Unix time in seconds as the API's text: ISO 8601, milliseconds, ``Z``."""
    second, microseconds = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_whole_second(second)}.{microseconds // 1000:03d}Z"


BY_CLIENT = "api"
"""coreid of an event that was published through the API.

Source: particle-iot/docs, firmware-update-events.md (2024), and streams shown in public code of 2017 to 2023.
"""


@lru_cache(maxsize=256)
def _whole_second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Event:
    """One event. ``device`` is None for events published through the API; ``coreid`` is the publisher shown to readers.

    ``owner`` and ``product`` are those of the device at that time, or of the publisher; ``ttl`` in seconds; ``of_hook``
    marks events published by webhooks, which trigger no webhook. ``raw``: the bytes that devices get, where they differ
    from ``data`` in UTF-8: half a character, or what a data URL encodes.
    """

    name: str
    data: str | None
    coreid: str
    published_at: float
    device: str | None = None
    owner: Owner | None = None
    product: int | None = None
    ttl: int = 60
    private: bool = True
    of_hook: bool = False
    raw: bytes | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()), compare=False)
    _wire: bytes = field(default=b"", init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A webhook's response may hold any text; it is made valid here, once.
        object.__setattr__(self, "name", repaired(self.name))
        object.__setattr__(self, "data", None if self.data is None else repaired(self.data))

    @property
    def wire(self) -> bytes:
        """The event encoded for streams; cached on first use."""
        if not self._wire:
            object.__setattr__(self, "_wire", sse.encode(self.name, self.body()))
        return self._wire

    def body(self) -> dict[str, object]:
        """The ``data:`` object shown to readers."""
        return sse.body(self.data, self.ttl, iso_time(self.published_at), self.coreid)
