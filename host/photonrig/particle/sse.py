"""Server-sent events as in Particle's clouds: encoder for the local cloud, decoder for its clients.

    :ok                                      once, when the stream is open
    event: NAME                              an event: these two lines and a blank one
    data: {"data":…,"ttl":"60","published_at":"2015-07-18T00:12:18.174Z","coreid":"…"}
    :dropped 3 events, …                     a comment; readers skip it
                                             (blank line)                             keep-alive

``ttl`` is a string of seconds in every recording and a number in the types of particle-api-js: both are read, and the
string is written. There is no ``id:`` and no ``retry:``. Lines are read as the HTML standard says (9.2.6, "Interpreting
an event stream"): they end with CR, LF or CR LF, and several ``data:`` lines are one text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from photonrig.errors import ProtocolError
from photonrig.safe_json import dumps

MEDIA_TYPE: Final = "text/event-stream"
OPENED: Final = b":ok\n\n"
KEEP_ALIVE: Final = b"\n"

_BYTE_ORDER_MARK: Final = "\ufeff"


def body(data: str | None, ttl: int, published_at: str, coreid: str) -> dict[str, object]:
    """The object that an event's ``data:`` line carries; ``ttl`` in seconds, ``published_at`` in ISO 8601."""
    return {"data": data, "ttl": str(ttl), "published_at": published_at, "coreid": coreid}


def encode(name: str, carried: dict[str, object]) -> bytes:
    """Encode one event; line ends in its name become spaces."""
    name = name.replace("\r", " ").replace("\n", " ")
    return f"event: {name}\ndata: ".encode() + dumps(carried) + b"\n\n"


def dropped(count: int) -> bytes:
    """The comment for a reader that fell behind."""
    return f":dropped {count} events, this reader was too slow\n\n".encode()


@dataclass(frozen=True, slots=True)
class Published:
    """A decoded event; ``ttl`` in seconds, ``raw`` the whole object with fields of other clouds."""

    name: str
    data: str | None
    ttl: int
    published_at: str
    coreid: str
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, name: str, text: str) -> Published:
        """Parse an ``event:`` line's text and its ``data:`` lines.

        :raises ProtocolError: the text is not an event object
        """
        try:
            raw = json.loads(text)
            ttl = int(raw.get("ttl") or 0)
            return cls(name, raw.get("data"), ttl, str(raw.get("published_at")), str(raw.get("coreid")), raw)
        except (ValueError, AttributeError, TypeError):
            raise ProtocolError(f"an event {name} carries no event object: {text[:80]!r}") from None


class Decoder:
    """Incremental decoder of a stream, however split."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_return = False
        self._begun = False
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Published]:
        """The events a chunk completes; an event without either line is ignored.

        :raises ProtocolError: the data is not an event object
        """
        if chunk:
            if self._after_return:
                chunk = chunk.removeprefix(b"\n")
            self._after_return = chunk.endswith(b"\r")
        for piece in chunk.splitlines(keepends=True):
            line = piece.rstrip(b"\r\n")
            self._line += line
            if len(line) < len(piece):
                yield from self._end_line()

    def _end_line(self) -> Iterator[Published]:
        line = self._line.decode(errors="replace")
        self._line.clear()
        if not self._begun:
            self._begun, line = True, line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            name, text = self._name, "\n".join(self._data)
            self._name, self._data = "", []
            if name and text:
                yield Published.parse(name, text)
            return
        field_name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field_name == "event":
            self._name = value
        elif field_name == "data":
            self._data.append(value)
