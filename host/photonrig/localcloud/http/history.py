"""``/extensions/v1/…/events``: recent events of a stream. Served with ``--extensions`` only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.viewers import StreamViewer
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.events import viewer
from photonrig.localcloud.http.fields import Fields, says
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.history import EVENT_SECONDS
from photonrig.localcloud.service.refusal import invalid

_MOST = 1000


class Asked(Fields):
    """Start time in ISO 8601, and maximum number."""

    since: str | None = None
    limit: Annotated[int, says(f"limit must be 1 … {_MOST}", ge=1, le=_MOST)] = 100

    @property
    def since_seconds(self) -> float:
        """Start time in Unix seconds.

        :raises ServiceRefusal: not a time
        """
        if not self.since:
            return 0.0
        try:
            time = datetime.fromisoformat(self.since)
        except ValueError:
            raise invalid("since must be a time such as 2026-01-31T12:00:00Z") from None
        return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


async def own(call: Call[object, Asked]) -> Answer:
    """List recent events of the caller's devices, and those the caller published."""
    call.require(Action.OWN_EVENTS)
    return _answer(call, viewer(call, "own"))


async def product(call: Call[object, Asked]) -> Answer:
    """List recent events of all devices of a product."""
    return _answer(call, viewer(call, "product", product=call.product(Action.PRODUCT_EVENTS).id))


def _answer(call: Call[object, Asked], asking: StreamViewer) -> Answer:
    events = call.cloud.events.latest(asking, since=call.query.since_seconds, limit=call.query.limit)
    body = {"events": [{"name": event.name, **event.body()} for event in events], "kept_for": EVENT_SECONDS}
    return Json(body, headers={"X-Photonrig-Extension": "events"})


ROUTES = [
    route("GET", f"/extensions/v1/{of}/events{end}", handler, query=Asked)
    for of, handler in (("devices", own), ("products/{product}", product))
    for end in ("", "/{prefix:path}")
]
