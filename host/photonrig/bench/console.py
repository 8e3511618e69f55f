"""The firmware's bench console on USB serial: one request line, one JSON reply line, outside listening mode.

Lines with an ``event`` are unsolicited, for example before a planned reset; the last 10,000 are kept, apart from
replies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from photonrig.bench.lines import SerialLines
from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.closing import Closing
from photonrig.errors import ExpectationFailed, LinkLost, ProtocolError, RigError, UsageError
from photonrig.kept import Kept
from photonrig.trace import Moment, Observer

_REPLY: Final = 5.0
# What every firmware with this console has to say in its replies to ping, info and status.
_WORDS: Final = (b"pong", b"device_os", b"reset_reason", b"uptime")
_KEPT: Final = 10_000
_SHOWN: Final = 8


def has_bench_console(image: bytes) -> bool:
    """Whether an application answers on the bench console, by the words of its image."""
    return all(word in image for word in _WORDS)


class BenchConsole(Closing):
    """An open console; use it in a ``with`` block.

    A device that resets may leave USB and come back: :meth:`ask` and :meth:`expect_event` wait for it. A reply that was
    due is lost.
    """

    def __init__(
        self,
        port: str | Callable[[], str],
        *,
        device: str | None = None,
        reopen: float = 0.0,
        observer: Observer | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        """Open a serial port by its path or URL, or by a function that finds it.

        ``reopen``: seconds to wait for a lost port to come back; 0 does not wait. ``observer`` is told
        every line of both directions.

        :raises LinkLost: it cannot be opened
        """
        self.device = device
        self._observer = observer
        self._clock = clock
        self._events: Kept[dict[str, Any]] = Kept(_KEPT)
        self._serial = SerialLines(port, device=device, reopen=reopen, observer=observer, clock=clock)
        self._probes = 0
        self._reply_owed = False

    @property
    def port(self) -> str:
        """The path or URL that is open."""
        return self._serial.port

    @property
    def events(self) -> list[dict[str, Any]]:
        """The unsolicited lines so far, in order.

        :raises RigError: older ones were dropped
        """
        events, missing = self._events.after(0)
        if missing:
            raise RigError(f"{missing} unsolicited lines on {self.port} are no longer kept", device=self.device)
        return events

    def mark(self) -> int:
        """Current end of the unsolicited lines, for ``since``."""
        return self._events.end

    def close(self) -> None:
        """Close the port."""
        self._serial.close()

    def ask(self, line: str, timeout: float = _REPLY) -> dict[str, Any]:
        """Send a line and return its reply; ``timeout`` in seconds.

        :raises UsageError: not one line
        :raises LinkLost: no reply in time, or the port was lost
        :raises ProtocolError: the reply is not a JSON object
        """
        if "\n" in line or "\r" in line:
            raise UsageError("the bench console takes one line at a time", device=self.device)
        deadline = Deadline(self._clock, timeout)
        if self._reply_owed:
            self._catch_up(deadline)
        self._serial.write(line)
        self._reply_owed = True
        reply = next(self._replies(line, deadline))
        self._reply_owed = False
        return reply

    def expect_event(self, name: str, timeout: float, *, since: int = 0) -> dict[str, Any]:
        """The first unsolicited line of this name since a mark, or the next one; ``timeout`` in seconds.

        :raises ExpectationFailed: none in time
        :raises LinkLost: the port was lost
        """
        deadline = Deadline(self._clock, timeout)
        place, missed = since, 0
        while True:
            events, missing = self._events.after(place)
            place, missed = self._events.end, missed + missing
            for event in events:
                if event["event"] == name:
                    return event
            if (left := deadline.left) <= 0:
                heard = ", ".join(str(event["event"]) for event in self._events.after(since)[0][-_SHOWN:]) or "nothing"
                heard += f"; {missed} earlier lines were no longer kept" if missed else ""
                raise ExpectationFailed(f"no {name} on serial within {timeout:g} s; heard {heard}", device=self.device)
            for message in self._lines(left):
                if "event" in message:
                    self._events.add(message)

    def _catch_up(self, deadline: Deadline) -> None:
        """Discard the late reply of a timed-out call, by a ping and its answer."""
        self._probes += 1
        mark = f"resync-{self._probes}"
        self._serial.write(f"ping {mark}")
        for reply in self._replies("ping", deadline):
            if reply.get("pong") == mark:
                return

    def _replies(self, line: str, deadline: Deadline) -> Iterator[dict[str, Any]]:
        lives = self._serial.reopened
        while True:
            left = deadline.left
            if left <= 0:
                raise self._silent(f"no reply to {line!r} on {self.port} in time")
            replies: list[dict[str, Any]] = []
            for message in self._lines(left):
                self._events.add(message) if "event" in message else replies.append(message)
            if self._serial.reopened != lives:
                self._reply_owed = False
                raise LinkLost(f"the device left USB before it replied to {line!r}; it is back", device=self.device)
            yield from replies

    def _lines(self, timeout: float) -> list[dict[str, Any]]:
        return [self._message(text) for text in self._serial.take(timeout)]

    def _silent(self, text: str) -> LinkLost:
        if self._observer is not None:
            self._observer(Moment(self._clock.now(), "serial", text, trouble="silent"))
        return LinkLost(text, device=self.device)

    def _message(self, text: str) -> dict[str, Any]:
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise ProtocolError(f"a line on {self.port} is not a JSON object: {text[:80]!r}", device=self.device)
        return message
