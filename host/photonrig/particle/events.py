"""Event streams: server-sent events of a Particle cloud, heard in the background and waited for.

    with EventStream(cloud, "/v1/devices/events") as stream:
        mark = stream.mark()
        cloud.call(device, "move", "open")
        stream.expect("shade/moved", timeout=5, since=mark)

The stream is open when the ``with`` block begins, so nothing that happens inside is missed. A dropped stream is opened
again after two seconds and the gap is remembered: silence across a gap proves nothing.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import httpx
from httpx_sse import EventSource

from photonrig.errors import ExpectationFailed, NetworkError, PhotonrigError, ProtocolError
from photonrig.particle.cloud import Cloud
from photonrig.particle.cloud_errors import RateLimited, refusal

__all__ = ["Event", "EventStream", "Match"]

# Clouds send something at least every 9 to 12 seconds.
_SILENCE: Final = 20.0
_RECONNECT: Final = 2.0
_BACK_OFF: Final = 10.0
# What a cloud refuses now it will refuse again.
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
        """The data read as JSON.

        :raises ProtocolError: it is none
        """
        try:
            return json.loads(self.data or "")
        except ValueError:
            raise ProtocolError(f"the data of {self.name} is no JSON: {self.data!r}", device=self.coreid) from None


Match = str | Callable[[Event], bool]


class EventStream:
    """One stream of a cloud, by its path; opens on entering and closes on leaving the ``with`` block."""

    def __init__(self, cloud: Cloud, path: str, *, silence: float = _SILENCE, reconnect: float = _RECONNECT) -> None:
        """``silence``: seconds until a stream counts as dead; ``reconnect``: seconds until it is opened again."""
        self.path = path
        self._cloud = cloud
        self._silence = silence
        self._reconnect = reconnect
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._gaps: list[float] = []
        self._failure: PhotonrigError | None = None
        self._connected = self._opened = False
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
        self._leaving.set()
        with self._changed:
            response = self._response
        if response is not None:
            # Closing a socket does not wake a thread that reads it; shutting it down does.
            connection = response.extensions["network_stream"].get_extra_info("socket")
            with contextlib.suppress(OSError):  # gone already: the thread is on its way out
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(self._silence)

    # --- looking and waiting ----------------------------------------------------------------------------------------

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything heard so far, in order."""
        with self._changed:
            return tuple(self._events)

    @property
    def gaps(self) -> tuple[float, ...]:
        """When the stream was interrupted, by the monotonic clock."""
        with self._changed:
            return tuple(self._gaps)

    @property
    def last_heard(self) -> float | None:
        """When the last byte came, keep-alives included, by the monotonic clock."""
        return self._last_heard

    @property
    def open_since(self) -> float | None:
        """When the connection in use was opened, by the monotonic clock; None while there is none."""
        with self._changed:
            return self._open_since

    def mark(self) -> int:
        """A place in the stream: what comes after it is what is heard from now on."""
        with self._changed:
            return len(self._events)

    def expect(self, match: Match, timeout: float, *, since: int = 0) -> Event:
        """The first event after ``since`` that matches: a name's beginning, or a predicate; ``timeout`` in seconds.

        :raises ExpectationFailed: none came in time
        :raises NetworkError: the stream is gone for good
        """
        matches = _predicate(match)
        deadline = time.monotonic() + timeout
        looked = since
        with self._changed:
            while True:
                for event in self._events[looked:]:
                    if matches(event):
                        return event
                looked = max(looked, len(self._events))
                if self._failure is not None:
                    raise self._failure
                left = deadline - time.monotonic()
                if left <= 0:
                    raise ExpectationFailed(f"no event {_described(match)} within {timeout:g} s{self._heard(since)}")
                self._changed.wait(left)

    def assert_silent(
        self, match: Match, within: float, canary: Callable[[str], object], *, timeout: float = 10.0
    ) -> None:
        """Show that no matching event comes for ``within`` seconds, from now on.

        ``canary`` publishes an event of the name it is given, so that it belongs on this stream. Only if that event
        goes round, after the silence and on the same connection, the silence counts.

        :raises ExpectationFailed: a matching event came
        :raises NetworkError: the canary did not come round, or the stream was interrupted
        """
        matches = _predicate(match)
        start, gaps = self.mark(), len(self.gaps)
        deadline = time.monotonic() + within
        with self._changed:
            while not any(matches(event) for event in self._events[start:]) and self._failure is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
        self._refute(matches, match, start)
        name = f"canary/{secrets.token_hex(8)}"
        canary(name)
        try:
            self.expect(lambda event: event.name == name, timeout, since=start)
        except ExpectationFailed:
            raise NetworkError(f"the canary did not come round {self.path}: its silence proves nothing") from None
        if len(self.gaps) != gaps:
            raise NetworkError(f"the event stream {self.path} was interrupted: its silence proves nothing")
        self._refute(matches, match, start)

    def _refute(self, matches: Callable[[Event], bool], match: Match, start: int) -> None:
        unwanted = next((event for event in self.events[start:] if matches(event)), None)
        if unwanted is not None:
            raise ExpectationFailed(f"event {unwanted.name} came, and none {_described(match)} was to come")

    def _heard(self, since: int) -> str:
        names = [event.name for event in self._events[since:]]
        text = f"; heard: {', '.join(names[-8:])}" if names else "; nothing else was heard"
        return f"{text}; the stream was interrupted {len(self._gaps)} times" if self._gaps else text

    # --- the background thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._leaving.is_set():
            pause = self._reconnect
            try:
                self._listen()
            except NetworkError as error:
                # A cloud that was there and is away for a moment comes back.
                if not self._opened:
                    self._set(failure=error)
                    return
            except RateLimited as error:
                pause = max(pause, error.retry_after or _BACK_OFF)
            except PhotonrigError as error:
                self._set(failure=error)
                return
            self._set(gap=True)
            self._leaving.wait(pause)

    def _listen(self) -> None:
        timeout = httpx.Timeout(self._silence)
        headers = {"Accept": "text/event-stream"}
        if self._cloud.token is not None:
            headers["Authorization"] = f"Bearer {self._cloud.token.access_token}"
        try:
            with (
                httpx.Client(timeout=timeout, trust_env=self._cloud.trust_env) as client,
                client.stream("GET", self._cloud.api + self.path, headers=headers) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    self._refused(response)
                if "text/event-stream" not in response.headers.get("Content-Type", ""):
                    raise ProtocolError(f"{self.path} is no event stream: {response.headers.get('Content-Type')}")
                self._set(response=response)
                if self._leaving.is_set():
                    return
                response.stream = _Heard(response.stream, self._note_bytes)
                for message in EventSource(response).iter_sse():
                    # Both lines are there, or it is no event.
                    if message.data and message.event:
                        self._note_event(message.event, message.data)
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

    def _note_bytes(self) -> None:
        self._last_heard = time.monotonic()

    def _note_event(self, name: str, text: str) -> None:
        try:
            body = json.loads(text)
            event = Event(
                name,
                body.get("data"),
                str(body.get("coreid")),
                str(body.get("published_at")),
                int(body.get("ttl") or 0),
                time.monotonic(),
                body,
            )
        except (ValueError, AttributeError, TypeError):
            raise ProtocolError(f"an event {name} of {self.path} carries no event object: {text[:80]!r}") from None
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def _set(
        self, *, response: httpx.Response | None = None, failure: PhotonrigError | None = None, gap: bool = False
    ) -> None:
        with self._changed:
            self._response = response
            self._connected = response is not None
            self._open_since = time.monotonic() if self._connected else None
            self._opened |= self._connected
            self._failure = failure or self._failure
            if gap and not self._leaving.is_set():
                self._gaps.append(time.monotonic())
            self._changed.notify_all()


class _Heard(httpx.SyncByteStream):
    """A response's bytes, with a note taken of each arrival."""

    def __init__(self, inner: Any, note: Callable[[], None]) -> None:
        self._inner = inner
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            self._note()
            yield chunk

    def close(self) -> None:
        self._inner.close()


def _predicate(match: Match) -> Callable[[Event], bool]:
    return (lambda event: event.name.startswith(match)) if isinstance(match, str) else match


def _described(match: Match) -> str:
    return f"{match!r}" if isinstance(match, str) else "that matches"
