"""Events of a test: the product's stream since the test began."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.errors import UsageError
from photonrig.particle.cloud import Cloud, Scope
from photonrig.particle.events import Described, Event, EventStream, Match


class Events:
    """Events of the product's devices; the stream was open before the test began."""

    def __init__(self, stream: EventStream, publisher: Cloud, scope: Scope, device: str | None) -> None:
        self.since = stream.mark()
        self._stream = stream
        self._publisher = publisher
        self._scope = scope
        self._device = device

    def heard(self) -> tuple[Event, ...]:
        """Everything since the test began, in order.

        :raises RigError: older events were dropped
        """
        return self._stream.since(self.since)

    def expect(self, match: Match, timeout: float = 15.0, *, since: int | None = None) -> Event:
        """The first matching event of the test's device: a name's beginning, or a predicate; ``timeout`` in seconds.

        :raises ExpectationFailed: none in time
        :raises NetworkError: the stream ended for good
        """
        return self._stream.expect(self._own(match), timeout, since=self.since if since is None else since)

    def mark(self) -> int:
        """Current position in the stream, for ``since``."""
        return self._stream.mark()

    def assert_silent(self, match: Match, within: float) -> None:
        """Assert that no matching event of the test's device comes for ``within`` seconds, on a stream proved alive.

        :raises ExpectationFailed: one came
        :raises NetworkError: the canary event did not return: the silence proves nothing
        """
        if within < 0:
            raise UsageError(f"a silence of {within:g} s cannot be")
        self._stream.assert_silent(
            self._own(match), within, lambda name: self._publisher.publish(name, scope=self._scope)
        )

    def _own(self, match: Match) -> Callable[[Event], bool]:
        matches = (lambda event: event.name.startswith(match)) if isinstance(match, str) else match

        def own(event: Event) -> bool:
            return self._device in (None, event.coreid) and matches(event)

        return Described(repr(match), own) if isinstance(match, str) else own
