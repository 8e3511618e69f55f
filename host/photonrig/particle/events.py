"""Event streams: server-sent events of a Particle cloud, read in the background.

    with EventStream(cloud, "/v1/devices/events") as stream:
        mark = stream.mark()
        cloud.call(device, "move", "open")
        stream.expect("shade/moved", timeout=5, since=mark)

The stream is open when the ``with`` block begins, so events inside it are not missed. A dropped stream is reopened
after two seconds and the gap is counted, since silence across a gap proves nothing. The last 10,000 events are kept;
a request for older ones raises RigError.
"""

from __future__ import annotations

import contextlib
import json
import math
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

import httpx

from photonrig.clock import Clock, Deadline
from photonrig.closing import Closing
from photonrig.errors import ExpectationFailed, NetworkError, PhotonrigError, ProtocolError, RigError
from photonrig.kept import Kept
from photonrig.particle.cloud import Cloud
from photonrig.particle.cloud_errors import RateLimited, refusal
from photonrig.particle.sse import MEDIA_TYPE, Decoder, Published
from photonrig.trace import Moment, Observer

# Clouds send something at least every 9 to 12 seconds.
_SILENCE: Final = 20.0
_RECONNECT: Final = 2.0
_BACK_OFF: Final = 10.0
# Events a stream keeps: with at most 1 KB of data each, some 20 MB.
_KEPT: Final = 10_000
# Statuses after which the stream is not reopened: the refusal is permanent.
_FINAL: Final = (400, 401, 403, 404)


@dataclass(frozen=True, slots=True)
class Event:
    """An event: ``data`` None when it carried none, ``ttl`` in seconds, ``at`` by the monotonic clock."""

    name: str
    data: str | None
    coreid: str
    published_at: str
    ttl: int
    at: float
    raw: dict[str, Any] = field(repr=False)

    def json(self) -> Any:
        """The data parsed as JSON.

        :raises ProtocolError: not JSON
        """
        try:
            return json.loads(self.data or "")
        except ValueError:
            raise ProtocolError(f"the data of {self.name} is no JSON: {self.data!r}", device=self.coreid) from None


Match = str | Callable[[Event], bool]


@dataclass(frozen=True)
class Described:
    """A predicate with the words for it, for the message if no event comes."""

    what: str
    matches: Callable[[Event], bool]

    def __call__(self, event: Event) -> bool:
        """Whether the event matches."""
        return self.matches(event)


def of_device(device: str, name: str, data: str = "") -> Described:
    """Predicate: a device's events of exactly this name whose data begins with ``data``."""
    return Described(
        f"{name!r} of {device}" + (f" with data {data}…" if data else ""),
        lambda event: event.coreid == device and event.name == name and (event.data or "").startswith(data),
    )


class EventStream(Closing):
    """One event stream by its path; opens on entering and closes on leaving the ``with`` block."""

    def __init__(
        self,
        cloud: Cloud,
        path: str,
        *,
        silence: float = _SILENCE,
        reconnect: float = _RECONNECT,
        keep: int = _KEPT,
        observer: Observer | None = None,
    ) -> None:
        """``silence``: seconds until a stream counts as dead; ``reconnect``: seconds until it is opened again.

        ``keep``: number of events kept; ``observer`` is called with each.
        """
        self.path = path
        self._cloud = cloud
        self._clock: Clock = cloud.clock
        self._silence = silence
        self._reconnect = reconnect
        self._observer = observer
        self._changed = threading.Condition()
        self._events: Kept[Event] = Kept(keep)
        self._gaps = 0
        self._times_opened = 0
        self._failure: PhotonrigError | None = None
        self._connected = False
        self._last_heard: float | None = None
        self._open_since: float | None = None
        self._leaving = threading.Event()
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._run, name=f"events {path}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        with self._changed:
            opened = self._changed.wait_for(lambda: self._connected or self._failure is not None, self._silence)
            failure = self._failure
        if failure is not None or not opened:
            self.close()
            raise failure or NetworkError(f"the event stream {self.path} did not open within {self._silence:g} s")
        return self

    def close(self) -> None:
        """Stop listening."""
        self._leaving.set()
        with self._changed:
            response = self._response
            self._changed.notify_all()
        if response is not None:
            # Closing a socket does not wake the thread that reads it; shutting it down does.
            connection = response.extensions["network_stream"].get_extra_info("socket")
            with contextlib.suppress(OSError):  # closed already; the thread is ending
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(self._silence)

    # --- looking and waiting ----------------------------------------------------------------------------------------

    @property
    def events(self) -> tuple[Event, ...]:
        """All events so far, in order.

        :raises RigError: the oldest are no longer kept
        """
        return self.since(0)

    def since(self, mark: int) -> tuple[Event, ...]:
        """All events after a mark, in order.

        :raises RigError: the oldest are no longer kept
        """
        events, missing = self.after(mark)
        if missing:
            raise RigError(f"{missing} events of {self.path} were heard and are no longer kept; ask for them earlier")
        return tuple(events)

    def after(self, mark: int) -> tuple[list[Event], int]:
        """Kept events after a mark, and the number of those no longer kept."""
        with self._changed:
            return self._events.after(mark)

    @property
    def gaps(self) -> int:
        """Number of interruptions of the stream."""
        with self._changed:
            return self._gaps

    @property
    def last_heard(self) -> float | None:
        """Time of the last byte, keep-alives included, by the monotonic clock."""
        return self._last_heard

    @property
    def open_since(self) -> float | None:
        """Time the current connection was opened, by the monotonic clock; None while there is none."""
        with self._changed:
            return self._open_since

    def mark(self) -> int:
        """The current position in the stream, for ``since``."""
        with self._changed:
            return self._events.end

    def follow(self) -> Iterator[Event | None]:
        """Iterate over all events since the stream was opened; ends when it is closed.

        Yields None where events may be missing: after an interruption, or when the reader fell behind.

        :raises NetworkError: the stream ended for good
        :raises ApiError: the cloud refused to reopen it
        """
        place, opened = 0, 1
        while True:
            with self._changed:
                self._wait_past(place, opened)
                events, missing = self._events.after(place)
                gap = missing > 0 or self._times_opened > opened
                place, opened, failure = self._events.end, self._times_opened, self._failure
            if self._leaving.is_set():
                return
            if gap:
                yield None
            yield from events
            if failure is not None:
                raise failure

    def expect(self, match: Match, timeout: float, *, since: int = 0) -> Event:
        """The first event after ``since`` that matches a name prefix or a predicate; ``timeout`` in seconds.

        :raises ExpectationFailed: none came in time
        :raises NetworkError: the stream ended for good, or is closed
        """
        matches = _predicate(match)
        deadline = Deadline(self._clock, timeout)
        place, missed = since, 0
        while True:
            with self._changed:
                events, missing = self._events.after(place)
                place, failure = self._events.end, self._failure
            missed += missing
            for event in events:
                if matches(event):
                    return event
            if failure is not None:
                raise failure
            if self._leaving.is_set():
                raise NetworkError(f"the event stream {self.path} is closed")
            left = deadline.left
            if left <= 0:
                raise ExpectationFailed(
                    f"no event {_described(match)} within {timeout:g} s{self._heard(since, missed)}"
                )
            with self._changed:
                self._wait_past(place, timeout=left)

    def assert_silent(
        self, match: Match, within: float, canary: Callable[[str], object], *, timeout: float = 10.0
    ) -> None:
        """Check that no matching event comes for ``within`` seconds from now.

        ``canary`` publishes an event of the given name on this stream. The silence counts only if that event arrives
        afterwards on the same connection.

        :raises ExpectationFailed: a matching event came
        :raises NetworkError: the canary did not arrive, or the stream was interrupted
        :raises RigError: more events came than are kept
        """
        start, gaps = self.mark(), self.gaps
        with contextlib.suppress(ExpectationFailed):
            self.expect(match, within, since=start)
        self._refute(match, start)
        name = f"canary/{secrets.token_hex(8)}"
        canary(name)
        try:
            self.expect(lambda event: event.name == name, timeout, since=start)
        except ExpectationFailed:
            raise NetworkError(f"the canary event did not arrive on {self.path}: its silence proves nothing") from None
        if self.gaps != gaps:
            raise NetworkError(f"the event stream {self.path} was interrupted: its silence proves nothing")
        self._refute(match, start)

    def _wait_past(self, place: int, opened: float = math.inf, timeout: float | None = None) -> None:
        """Wait until there are events after a mark, the stream was reopened, or it ended."""
        self._changed.wait_for(
            lambda: (
                self._events.end > place
                or self._times_opened > opened
                or self._failure is not None
                or self._leaving.is_set()
            ),
            timeout,
        )

    def _refute(self, match: Match, start: int) -> None:
        unwanted = next((event for event in self.since(start) if _predicate(match)(event)), None)
        if unwanted is not None:
            raise ExpectationFailed(f"unexpected event {unwanted.name}: none {_described(match)} was expected")

    def _heard(self, since: int, missed: int) -> str:
        names = [event.name for event in self.after(since)[0]]
        text = f"; heard: {', '.join(names[-8:])}" if names else "; nothing else was heard"
        text += f"; {missed} earlier events were no longer kept" if missed else ""
        return f"{text}; the stream was interrupted {self.gaps} times" if self.gaps else text

    # --- the background thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._leaving.is_set():
            pause = self._reconnect
            try:
                self._listen()
            except NetworkError as error:
                # A cloud that was reachable before may return.
                if not self._times_opened:
                    self._set(failure=error)
                    return
            except RateLimited as error:
                pause = max(pause, error.retry_after or _BACK_OFF)
            except PhotonrigError as error:
                self._set(failure=error)
                return
            self._set(gap=True)
            self._clock.wait_for(self._leaving, pause)

    def _listen(self) -> None:
        timeout = httpx.Timeout(self._silence)
        headers = {"Accept": MEDIA_TYPE}
        if self._cloud.token is not None:
            headers["Authorization"] = f"Bearer {self._cloud.token.access_token}"
        try:
            with (
                httpx.Client(timeout=timeout, trust_env=self._cloud.trust_env) as client,
                client.stream("GET", self._cloud.api + self.path, headers=headers) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    self._refused(response)
                if MEDIA_TYPE not in response.headers.get("Content-Type", ""):
                    raise ProtocolError(f"{self.path} is no event stream: {response.headers.get('Content-Type')}")
                self._set(response=response)
                if self._leaving.is_set():
                    return
                decoder = Decoder()
                for chunk in response.iter_bytes():
                    self._last_heard = self._clock.now()
                    for published in decoder.feed(chunk):
                        self._note(published)
        except (httpx.HTTPError, OSError) as error:
            raise NetworkError(f"the event stream {self.path} broke: {error}") from None

    def _refused(self, response: httpx.Response) -> None:
        response.read()
        try:
            body = response.json()
        except ValueError:
            body = response.text[:200]
        error = refusal(f"GET {self.path}", response.status_code, body)
        if response.status_code in _FINAL or isinstance(error, RateLimited):
            raise error
        raise NetworkError(str(error))

    def _note(self, heard: Published) -> None:
        event = Event(
            *(heard.name, heard.data, heard.coreid, heard.published_at, heard.ttl, self._clock.now(), heard.raw),
        )
        if self._observer is not None:  # before waiters are notified: they may look at the trace at once
            self._observer(Moment(event.at, "event", f"{event.name} {event.data or ''} from {event.coreid}"))
        with self._changed:
            self._events.add(event)
            self._changed.notify_all()

    def _set(
        self, *, response: httpx.Response | None = None, failure: PhotonrigError | None = None, gap: bool = False
    ) -> None:
        with self._changed:
            self._response = response
            self._connected = response is not None
            self._open_since = self._clock.now() if self._connected else None
            self._times_opened += self._connected
            self._failure = failure or self._failure
            if gap and not self._leaving.is_set():
                self._gaps += 1
            self._changed.notify_all()


def _predicate(match: Match) -> Callable[[Event], bool]:
    return (lambda event: event.name.startswith(match)) if isinstance(match, str) else match


def _described(match: Match) -> str:
    if isinstance(match, Described):
        return match.what
    return f"{match!r}" if isinstance(match, str) else "that matches"
