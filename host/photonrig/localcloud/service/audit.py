"""What happened to devices, for this cloud's administrator: owners that changed, who asked with which token, webhooks.

Kept in memory: the last entries since the cloud's start. A token is told by the first digits of its hash.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from photonrig.kept import Kept
from photonrig.localcloud.eras import Principal
from photonrig.localcloud.events import Event, iso_time
from photonrig.localcloud.service.records import Device, Token
from photonrig.localcloud.store import Store
from photonrig.ownership.model import Owner

_asking: ContextVar[Principal | str] = ContextVar("asking", default="")

_KEPT: Final = 2000
_AGAIN: Final = 10.0  # seconds until the same request with the same token and answer is noted again
_REQUESTS: Final = 10_000  # requests remembered for that
_DIGITS: Final = 6


@contextmanager
def on_behalf_of(by: Principal | str) -> Iterator[None]:
    """What is noted inside the block was done for a token's holder, or for somebody named in words."""
    outer = _asking.set(by)
    try:
        yield
    finally:
        _asking.reset(outer)


def owner_name(store: Store, owner: Owner | None) -> str | None:
    """The e-mail of an owner; None without one, or if the account is gone."""
    if owner is None:
        return None
    if owner.kind == "user":
        user = store.users.get(id=owner.id)
        return None if user is None else user.username
    customer = store.customers.get(id=owner.id)
    return None if customer is None else customer.email


class Audit:
    """Entries in order; each has ``kind`` owner, asked or webhook, ``at``, and ``device``: its id."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._entries: Kept[dict[str, Any]] = Kept(_KEPT)
        self._requests: OrderedDict[tuple[object, ...], float] = OrderedDict()

    def after(self, place: int) -> tuple[list[dict[str, Any]], int]:
        """The entries from number ``place`` on, as far as they are kept, and the number of the next."""
        return self._entries.after(place)[0], self._entries.end

    def owner_changed(self, device: Device, before: Owner | None) -> None:
        """Note a device's new owner, who ``before`` was, and on whose behalf."""
        by = _asking.get()
        self._add(
            "owner",
            device.id,
            before=owner_name(self._store, before),
            owner=owner_name(self._store, device.state.owner),
            by=by if isinstance(by, str) else self._holder(by),
        )

    def asked(self, device_id: str, token: Token, by: Principal, request: str, status: int) -> None:
        """Note a request that named a device, once in ten seconds for each token and answer."""
        key = (device_id, token.hash, request, status)
        now = self._now()
        if now - self._requests.get(key, -_AGAIN) < _AGAIN:
            return
        self._requests[key] = now
        self._requests.move_to_end(key)
        if len(self._requests) > _REQUESTS:
            self._requests.popitem(last=False)
        who = self._holder(by)
        self._add("asked", device_id, who=who, token=token.hash[:_DIGITS], request=request, status=status)

    def hook_answered(self, hook: str, event: Event, status: int | None, error: str | None) -> None:
        """Note a webhook's request for an event, and its answer's HTTP status or the error."""
        self._add("webhook", event.coreid, hook=hook, event=event.name, status=status, error=error)

    def _add(self, kind: str, device_id: str, **what: Any) -> None:
        self._entries.add({"kind": kind, "at": iso_time(self._now()), "device": device_id, **what})

    def _holder(self, by: Principal) -> str:
        name = owner_name(self._store, by.owner) or by.id
        return name if by.kind == "user" else f"{by.kind} {name}"
