"""Fires webhooks: who is called for an event, when again, and what the cloud tells of it."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from photonrig.errors import UsageError
from photonrig.localcloud.events import Event, HookScope, iso_time
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.hosts import Ratings, may_call
from photonrig.localcloud.webhooks.messages import MAX_RESPONSE, Outgoing

__all__ = ["Hook", "HookLimits", "HookLog", "Outcome", "Webhooks"]

_log = logging.getLogger(__name__)

_SLEEPING = "Sleeping, too many errors, please wait and try again"


@dataclass(frozen=True, slots=True)
class HookLimits:
    """Times in seconds. ``retries`` are the waits before the second and the third try."""

    timeout: float = 20.0
    retries: tuple[float, ...] = (30.0, 60.0)
    waiting: int = 1000  # firings under way or waiting for their next try, of all hooks together
    at_once: int = 32  # requests


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request ended: ``error`` is None for success, otherwise what ``hook-error`` says."""

    error: str | None
    status: int | None = None
    answer: bytes = b""
    media_type: str = ""


@dataclass(slots=True)
class HookLog:
    """A hook's last ten successes and errors, and its requests counted by day."""

    successes: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10))
    errors: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=10))
    counters: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook that can fire."""

    id: str
    scope: HookScope
    config: HookConfig

    @property
    def of_product(self) -> bool:
        """Whether it serves a product or an organization; it then heeds no device filter."""
        return self.scope.owner is None


class Webhooks:
    """All hooks of a cloud. An event is offered once; requests run beside whatever else the cloud does."""

    def __init__(
        self,
        publish: Callable[[Event], None],
        sees: Callable[[Event, HookScope], bool],
        version_of: Callable[[str], int | None],
        *,
        allowed_hosts: Iterable[str] = (),
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        limits: HookLimits = HookLimits(),
    ) -> None:
        self._publish = publish
        self._sees = sees
        self._version_of = version_of
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._now = now
        self._sleep = sleep
        self._limits = limits
        self._hooks: dict[str, Hook] = {}
        self._logs: dict[str, HookLog] = {}
        self._ratings = Ratings(now)
        self._slots = asyncio.Semaphore(limits.at_once)
        self._firings: set[asyncio.Task[None]] = set()
        self._clients: dict[bool, httpx.AsyncClient] = {}

    @property
    def waiting(self) -> int:
        """How many firings are under way or wait for their next try."""
        return len(self._firings)

    def put(self, hook: Hook) -> None:
        """Let a hook fire from now on, in place of the one with its id."""
        self._hooks[hook.id] = hook

    def drop(self, hook_id: str) -> None:
        """The hook fires no more; what it has begun is not tried again."""
        self._hooks.pop(hook_id, None)
        self._logs.pop(hook_id, None)

    def log_of(self, hook_id: str) -> HookLog:
        """What became of the hook's requests since the cloud started."""
        return self._logs.get(hook_id) or HookLog()

    def offer(self, event: Event) -> None:
        """Fire the hooks that want the event; never waits."""
        if event.of_hook:
            return
        for hook in self._hooks.values():
            if self._wants(hook, event):
                if len(self._firings) >= self._limits.waiting:
                    self._tell_error(hook, event, _SLEEPING, "skipped")
                    continue
                task = asyncio.create_task(self._fire(hook, event))
                self._firings.add(task)
                task.add_done_callback(self._firings.discard)

    async def test(self, hook: Hook, event: Event) -> Outcome:
        """Send one request for an event that nobody published; nothing is published of it either."""
        return await self._attempt(hook.config, event, self._variables(event))

    async def idle(self) -> None:
        """Wait until no firing is under way."""
        while self._firings:
            await asyncio.wait(set(self._firings))

    async def close(self) -> None:
        """Stop all firings."""
        for task in self._firings:
            task.cancel()
        await asyncio.gather(*self._firings, return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    def _wants(self, hook: Hook, event: Event) -> bool:
        config = hook.config
        if config.disabled or not event.name.startswith(config.event):
            return False
        if config.device_id is not None and not hook.of_product and event.device != config.device_id:
            return False
        return self._sees(event, hook.scope)

    def _variables(self, event: Event) -> dict[str, Any]:
        version = None if event.device is None else self._version_of(event.device)
        return messages.event_variables(event, product_version=version)

    async def _fire(self, hook: Hook, event: Event) -> None:
        try:
            variables = self._variables(event)
            for wait in (0.0, *self._limits.retries):
                if wait:
                    await self._sleep(wait)
                    if self._hooks.get(hook.id) is not hook:
                        return
                outcome = await self._attempt(hook.config, event, variables)
                self._tell(hook, event, variables, outcome)
                if outcome.error is None:
                    return
        except Exception:
            _log.exception("webhook %s failed within the cloud", hook.id)

    async def _attempt(self, config: HookConfig, event: Event, variables: dict[str, Any]) -> Outcome:
        """One request, if its server may be called and is not resting."""
        try:
            request = messages.outgoing(config, event, variables)
            host = httpx.URL(request.url).host
        except (UsageError, httpx.InvalidURL) as error:
            return Outcome(f"error {error}")
        if not may_call(host, self._allowed):
            return Outcome(f"error {host} is not this machine; start the cloud with --webhook-host {host} to allow it")
        if self._ratings.spared(host):
            return Outcome(_SLEEPING)
        async with self._slots:
            outcome = await self._send(request, host, verify=config.reject_unauthorized)
        self._ratings.note(host, ok=outcome.error is None)
        return outcome

    async def _send(self, request: Outgoing, host: str, *, verify: bool) -> Outcome:
        url = httpx.URL(request.url)
        try:
            async with (
                asyncio.timeout(self._limits.timeout),
                self._client(verify).stream(
                    request.method,
                    url.copy_merge_params(request.query) if request.query else url,
                    headers=request.headers,
                    auth=request.auth,
                    data=request.form,
                    content=request.content,
                ) as response,
            ):
                answer = bytearray()
                async for chunk in response.aiter_bytes():
                    answer += chunk
                    if len(answer) >= MAX_RESPONSE:
                        break
        except TimeoutError:
            return Outcome(f"error no answer within {self._limits.timeout:g} s from {host}")
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Outcome(f"error {type(error).__name__} from {host}")
        media_type = response.headers.get("content-type", "").partition(";")[0].strip()
        failed = None if response.is_success else f"error status {response.status_code} from {host}"
        return Outcome(failed, response.status_code, bytes(answer[:MAX_RESPONSE]), media_type)

    def _client(self, verify: bool) -> httpx.AsyncClient:
        client = self._clients.get(verify)
        if client is None:
            # No proxies and no redirects: a hook reaches the host that was checked and no other.
            client = self._clients[verify] = httpx.AsyncClient(verify=verify, trust_env=False, timeout=None)  # noqa: S113
        return client

    def _tell(self, hook: Hook, event: Event, variables: dict[str, Any], outcome: Outcome) -> None:
        if outcome.error is not None:
            self._tell_error(hook, event, outcome.error, "skipped" if outcome.error == _SLEEPING else "error", outcome)
            return
        self._note(hook, event, "success", outcome)
        self._publish(messages.sent_event(event, self._now()))
        for told in messages.response_events(
            hook.config,
            event,
            variables,
            outcome.answer,
            outcome.media_type,
            self._now(),
            of_product=hook.of_product,
        ):
            self._publish(told)

    def _tell_error(
        self, hook: Hook, event: Event, text: str, kind: str, outcome: Outcome = Outcome(_SLEEPING)
    ) -> None:
        self._note(hook, event, kind, outcome, text)
        variables = self._variables(event)
        self._publish(messages.error_event(hook.config, event, variables, text, self._now()))

    def _note(self, hook: Hook, event: Event, kind: str, outcome: Outcome, error: str | None = None) -> None:
        log = self._logs.setdefault(hook.id, HookLog())
        now = self._now()
        log.counters[datetime.fromtimestamp(now, UTC).date().isoformat(), kind] += 1
        # The request is left out: it may carry passwords.
        entry = {
            "time": iso_time(now),
            "event": {"name": event.name, "data": event.data, "coreid": event.coreid, "id": event.id},
            "response": {"status": outcome.status, "body": outcome.answer[:512].decode(errors="replace")},
            "error": error,
        }
        (log.successes if error is None else log.errors).append(entry)
