"""Webhook dispatcher: triggers, retries, and events that report the result."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import httpx

from photonrig.clock import SYSTEM
from photonrig.errors import UsageError
from photonrig.localcloud.background import Tasks
from photonrig.localcloud.eras.viewers import HookViewer
from photonrig.localcloud.events import Event, iso_time
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.answers import read_answer
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.hosts import Ratings, addresses_of, may_call
from photonrig.localcloud.webhooks.messages import MAX_RESPONSE

_log = logging.getLogger(__name__)

_Made = TypeVar("_Made")
_SLEEPING = "Sleeping, too many errors, please wait and try again"


@dataclass(frozen=True, slots=True)
class HookLimits:
    """Times in seconds. ``retries`` are the waits before the second and third try."""

    timeout: float = 20.0
    retries: tuple[float, ...] = (30.0, 60.0)
    waiting: int = 1000  # requests running or awaiting a retry, over all hooks
    at_once: int = 32  # concurrent requests


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one request: ``error`` is None for success, otherwise the text of ``hook-error``."""

    error: str | None
    status: int | None = None
    answer: bytes = b""
    media_type: str = ""


_RESTING = Outcome(_SLEEPING)


@dataclass(slots=True)
class HookLog:
    """A hook's last ten successes and errors, and its requests per day."""

    successes: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10))
    errors: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10))
    counters: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Hook:
    """An active hook."""

    id: str
    viewer: HookViewer
    config: HookConfig

    @property
    def of_product(self) -> bool:
        """Whether it belongs to a product or an organization and thus ignores the device filter."""
        return self.viewer.owner is None


class Webhooks:
    """All hooks of a cloud. Each event is offered once; requests run in background tasks."""

    def __init__(
        self,
        publish: Callable[[Event], None],
        may_see: Callable[[HookViewer, Event], bool],
        version_of: Callable[[str], int | None],
        *,
        allowed_hosts: Iterable[str] = (),
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = SYSTEM.pause_async,
        limits: HookLimits = HookLimits(),
        answered: Callable[[str, Event, int | None, str | None], None],
    ) -> None:
        """``answered`` is called after each request: the hook's id, the event, HTTP status, error."""
        self._publish = publish
        self._may_see = may_see
        self._version_of = version_of
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._now = now
        self._sleep = sleep
        self._limits = limits
        self._answered = answered
        self._hooks: dict[str, Hook] = {}
        self._logs: dict[str, HookLog] = {}
        self._ratings = Ratings(now)
        self._slots = asyncio.Semaphore(limits.at_once)
        self._firings: Tasks[None] = Tasks("a webhook")
        self._transports: dict[bool, httpx.AsyncHTTPTransport] = {}
        self._renderer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="webhooks")

    @property
    def waiting(self) -> int:
        """Number of requests running or awaiting a retry."""
        return len(self._firings)

    def put(self, hook: Hook) -> None:
        """Activate a hook, replacing the one with its id."""
        self._hooks[hook.id] = hook

    def drop(self, hook_id: str) -> None:
        """Deactivate a hook; its requests under way are not retried."""
        self._hooks.pop(hook_id, None)
        self._logs.pop(hook_id, None)

    def log_of(self, hook_id: str) -> HookLog:
        """Log of the hook's requests since the cloud started."""
        return self._logs.get(hook_id) or HookLog()

    def offer(self, event: Event) -> None:
        """Trigger the hooks that match the event; never blocks."""
        for hook in self._hooks.values():
            if not hook.config.disabled and self._may_see(hook.viewer, event):
                if len(self._firings) >= self._limits.waiting:
                    self._skip(hook, event)
                    continue
                self._firings.start(self._fire(hook, event))

    async def test(self, hook: Hook, event: Event) -> Outcome:
        """Send one request for a test event; publishes nothing."""
        try:
            request = await self._render(_request, hook.config, event, await self._variables(event))
        except UsageError as error:
            return Outcome(f"error {error}")
        return await self._attempt(hook.config, request)

    async def checked(self, fields: Mapping[str, Any]) -> HookConfig:
        """Parse and check the configuration in a request's fields.

        :raises UsageError: see :meth:`HookConfig.parse`
        """
        return await self._render(HookConfig.parse, fields)

    async def idle(self) -> None:
        """Wait until no request is under way."""
        await self._firings.idle()

    async def close(self) -> None:
        """Cancel all requests."""
        await self._firings.close()
        for transport in self._transports.values():
            await transport.aclose()
        self._renderer.shutdown(wait=False, cancel_futures=True)

    async def _render(self, work: Callable[..., _Made], *values: Any, **more: Any) -> _Made:
        """Run template work on untrusted input outside the event loop.

        Its budget bounds it further: a computing thread holds the interpreter lock.
        """
        return await asyncio.get_running_loop().run_in_executor(self._renderer, partial(work, *values, **more))

    async def _variables(self, event: Event) -> Mapping[str, Any]:
        version = None if event.device is None else self._version_of(event.device)
        return await self._render(messages.event_variables, event, product_version=version)

    async def _fire(self, hook: Hook, event: Event) -> None:
        try:
            variables = await self._variables(event)
            try:
                request = await self._render(_request, hook.config, event, variables)
            except UsageError as error:
                await self._give_up(hook, event, variables, Outcome(f"error {error}"))
                return
            for wait in (0.0, *self._limits.retries):
                if wait:
                    await self._sleep(wait)
                    if self._hooks.get(hook.id) is not hook:
                        return
                outcome = await self._attempt(hook.config, request)
                if outcome.error is None:
                    await self._tell(hook, event, variables, outcome)
                    return
                await self._report_error(hook, event, variables, outcome)
        except Exception:
            _log.exception("webhook %s failed within the cloud", hook.id)

    async def _attempt(self, config: HookConfig, request: httpx.Request) -> Outcome:
        """Send one request, unless its server is not allowed or in back-off."""
        host = request.url.host
        if not may_call(host, self._allowed):
            return Outcome(f"error {host} is not this machine; start the cloud with --webhook-host {host} to allow it")
        if self._ratings.spared(host):
            return _RESTING
        async with self._slots:
            outcome = await self._send(request, host, verify=config.reject_unauthorized)
        self._ratings.note(host, ok=outcome.error is None)
        return outcome

    async def _send(self, request: httpx.Request, host: str, *, verify: bool) -> Outcome:
        """Send one request to the first of the host's addresses that accepts the connection."""
        failed = Outcome(f"error {host} has no address")
        try:
            async with asyncio.timeout(self._limits.timeout):
                for address in await addresses_of(host, self._allowed):
                    # The checked address is used, since the name may resolve to another by now.
                    sent = httpx.Request(
                        request.method,
                        request.url.copy_with(host=address),
                        headers=request.headers,
                        stream=request.stream,
                        extensions={"sni_hostname": host},
                    )
                    try:
                        return await self._exchange(sent, host, verify=verify)
                    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                        failed = Outcome(f"error {type(error).__name__} from {host}")
        except UsageError as error:
            return Outcome(f"error {error}")
        except TimeoutError:
            return Outcome(f"error no answer within {self._limits.timeout:g} s from {host}")
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return Outcome(f"error {type(error).__name__} from {host}")
        return failed

    async def _exchange(self, request: httpx.Request, host: str, *, verify: bool) -> Outcome:
        response = await self._transport(verify).handle_async_request(request)
        response.request = request
        try:
            answer = await read_answer(response, MAX_RESPONSE)
        finally:
            await response.aclose()
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        failed = None if response.is_success else f"error status {response.status_code} from {host}"
        return Outcome(failed, response.status_code, answer, media_type)

    def _transport(self, verify: bool) -> httpx.AsyncHTTPTransport:
        transport = self._transports.get(verify)
        if transport is None:
            # Transport instead of client: no proxies, no redirects, no cookies shared between hooks.
            transport = self._transports[verify] = httpx.AsyncHTTPTransport(verify=verify, trust_env=False)
        return transport

    async def _tell(self, hook: Hook, event: Event, variables: Mapping[str, Any], outcome: Outcome) -> None:
        try:
            answers = await self._render(
                messages.response_events,
                *(hook.config, event, variables, outcome.answer, outcome.media_type, self._now()),
                of_product=hook.of_product,
            )
        except UsageError as error:
            self._publish(messages.sent_event(event, self._now()))
            await self._give_up(hook, event, variables, replace(outcome, error=f"error {error}"))
            return
        self._note(hook, event, "success", outcome)
        self._publish(messages.sent_event(event, self._now()))
        for answer in answers:
            self._publish(answer)

    async def _give_up(self, hook: Hook, event: Event, variables: Mapping[str, Any], outcome: Outcome) -> None:
        """Report a rendering error; a retry would fail too."""
        _log.warning("webhook %s for %s of %s: %s", hook.id, event.name, event.coreid, outcome.error)
        await self._report_error(hook, event, variables, outcome)

    async def _report_error(self, hook: Hook, event: Event, variables: Mapping[str, Any], outcome: Outcome) -> None:
        error = await self._render(messages.error_event, hook.config, event, variables, outcome.error, self._now())
        self._note(hook, event, "skipped" if outcome is _RESTING else "error", outcome)
        self._publish(error)

    def _skip(self, hook: Hook, event: Event) -> None:
        """Report that too many requests are under way."""
        self._note(hook, event, "skipped", _RESTING)
        self._publish(messages.error_event(hook.config, event, None, _SLEEPING, self._now()))

    def _note(self, hook: Hook, event: Event, kind: str, outcome: Outcome) -> None:
        log = self._logs.setdefault(hook.id, HookLog())
        now = self._now()
        log.counters[datetime.fromtimestamp(now, UTC).date().isoformat(), kind] += 1
        # The request is left out: it may contain passwords.
        entry = {
            "time": iso_time(now),
            "event": {"name": event.name, "data": event.data, "coreid": event.coreid, "id": event.id},
            "response": {"status": outcome.status, "body": outcome.answer[:512].decode(errors="replace")},
            "error": outcome.error,
        }
        (log.successes if outcome.error is None else log.errors).append(entry)
        self._answered(hook.id, event, outcome.status, outcome.error)


def _request(config: HookConfig, event: Event, variables: Mapping[str, Any]) -> httpx.Request:
    return messages.outgoing(config, event, variables).request()
