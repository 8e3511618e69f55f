"""``/extensions/v1/…/events``: what a stream would have shown lately. Served with ``--extensions`` alone."""

from __future__ import annotations

from datetime import UTC, datetime

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.viewers import StreamViewer
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.events import viewer
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.history import EVENT_SECONDS

__all__ = ["ROUTES"]

_MOST = 1000


async def own(call: Call) -> Answer:
    """Events of the caller's devices, and those the caller published."""
    call.require(Action.OWN_EVENTS)
    return _answer(call, viewer(call, "own"))


async def product(call: Call) -> Answer:
    """Events of all devices of a product."""
    return _answer(call, viewer(call, "product", product=call.product(Action.PRODUCT_EVENTS).id))


def _answer(call: Call, asking: StreamViewer) -> Answer:
    query = call.request.query_params
    limit = query.get("limit", "100")
    if not (limit.isascii() and limit.isdecimal()) or not 1 <= int(limit[:6]) <= _MOST:
        raise refused(400, f"limit must be 1 … {_MOST}")
    since = _time(query.get("since"))
    events = call.cloud.history.latest(asking, call.cloud.era.may_see, since=since, limit=int(limit))
    body = {"events": [{"name": event.name, **event.body} for event in events], "kept_for": EVENT_SECONDS}
    return Json(body, headers={"X-Photonrig-Extension": "events"})


def _time(text: str | None) -> float:
    if not text:
        return 0.0
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise refused(400, "since must be a time such as 2026-01-31T12:00:00Z") from None
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


ROUTES = [
    route("GET", f"/extensions/v1/{of}/events{end}", handler)
    for of, handler in (("devices", own), ("products/{product}", product))
    for end in ("", "/{prefix:path}")
]
