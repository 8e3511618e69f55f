"""``POST /v1/devices/events`` and its product form: events from clients."""

from __future__ import annotations

from typing import Annotated

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields, says
from photonrig.localcloud.service.event_service import NAMES

MAX_TTL = 16_777_215


class NewEvent(Fields):
    """An event; ``ttl`` in seconds, ``private`` by default as in the era."""

    MISSING = NAMES

    name: str
    data: str | None = None
    private: bool | None = None
    ttl: Annotated[int, says(f"ttl must be 0 … {MAX_TTL} seconds", ge=0, le=MAX_TTL)] = 60


class ProductEvent(NewEvent):
    """An event of a product, or with ``as_device_id`` on behalf of one of its devices."""

    as_device_id: str | None = None


async def publish_own(call: Call[NewEvent]) -> Answer:
    """Publish to the caller and the caller's devices; with a product's token to the product (a choice)."""
    call.require(Action.PUBLISH)
    sent = call.body
    call.cloud.events.publish_own(call.principal, sent.name, sent.data, ttl=sent.ttl, private=sent.private)
    return {"ok": True}


async def publish_product(call: Call[ProductEvent]) -> Answer:
    """Publish to a product and its devices, or with ``as_device_id`` on behalf of one of its devices."""
    product, sent = call.product(Action.PRODUCT_PUBLISH), call.body
    call.cloud.events.publish_in(
        *(product, call.principal, sent.name, sent.data),
        ttl=sent.ttl,
        private=sent.private,
        as_device=sent.as_device_id,
    )
    return {"ok": True}


ROUTES = [
    route("POST", "/v1/devices/events", publish_own, body=NewEvent),
    route("POST", "/v1/products/{product}/events", publish_product, body=ProductEvent),
]
