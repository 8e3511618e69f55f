"""Server-sent event streams: the caller's devices, one device, a product, one device of a product."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Unpack

from starlette.responses import StreamingResponse

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.eras.viewers import StreamKind, StreamOf, StreamViewer
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.service.bus import Reader
from photonrig.localcloud.service.event_service import EventService
from photonrig.localcloud.service.records import Token
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.particle import sse

KEEP_ALIVE_SECONDS = 8.0  # clients time out after 13 s without a byte


async def own(call: Call) -> Answer:
    """Stream events of the caller's devices, and those the caller publishes."""
    call.require(Action.OWN_EVENTS)
    return stream(call, viewer(call, "own"))


async def by_prefix(call: Call) -> Answer:
    """Stream all events visible to the caller, by prefix; equal to the own stream since events are private."""
    call.require(Action.OWN_EVENTS)
    asked = viewer(call, "all")
    if not asked.prefix and not call.cloud.era.public_events:
        raise ServiceRefusal(Situation.PREFIX_MISSING)
    return stream(call, asked)


async def device(call: Call) -> Answer:
    """Stream events of one device."""
    return stream(call, viewer(call, "device", device=call.device(Action.DEVICE_EVENTS).id))


async def product(call: Call) -> Answer:
    """Stream events of all devices of a product, claimed or not, whoever owns them."""
    return stream(call, viewer(call, "product", product=call.product(Action.PRODUCT_EVENTS).id))


async def product_device(call: Call) -> Answer:
    """Stream events of one device of a product."""
    in_product, one = call.product_device(Action.PRODUCT_EVENTS)
    return stream(call, viewer(call, "product device", device=one.id, product=in_product.id))


async def organization(call: Call) -> Answer:
    """Stream events of all products of an organization, or of one device in it."""
    products = call.cloud.events.products_of(call.organization(Action.ORGANIZATION_EVENTS))
    return stream(call, viewer(call, "organization", device=call.part("device"), products=products))


def viewer(call: Call, kind: StreamKind, **of: Unpack[StreamOf]) -> StreamViewer:
    """The caller as viewer of events with the path's prefix."""
    return StreamViewer(call.principal, kind, call.part("prefix") or "", **of)


def stream(call: Call, *viewers: StreamViewer) -> StreamingResponse:
    """Answer with the events visible to any of the viewers."""
    # Opened before the response begins, so that events after ":ok" are not missed.
    reader = call.cloud.events.open(viewers, call.token)
    return StreamingResponse(
        _bytes(call.cloud.events, call.token, reader),
        media_type=sse.MEDIA_TYPE,
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _bytes(events: EventService, token: Token, reader: Reader) -> AsyncIterator[bytes]:
    try:
        yield sse.OPENED
        while (chunk := await events.next(reader, token, KEEP_ALIVE_SECONDS)) is not None:
            if chunk:
                yield chunk
    finally:
        events.end(reader)


def _paths(base: str) -> tuple[str, str]:
    return base, base + "/{prefix:path}"


ROUTES = [
    *(route("GET", path, by_prefix) for path in _paths("/v1/events")),
    *(route("GET", path, own) for path in _paths("/v1/devices/events")),
    *(route("GET", path, device) for path in _paths("/v1/devices/{device}/events")),
    *(route("GET", path, product) for path in _paths("/v1/products/{product}/events")),
    *(route("GET", path, product) for path in _paths("/v1/orgs/{organization}/products/{product}/events")),
    *(route("GET", path, organization) for path in _paths("/v1/orgs/{organization}/events")),
    *(route("GET", path, organization) for path in _paths("/v1/orgs/{organization}/devices/{device}/events")),
    *(route("GET", path, product_device) for path in _paths("/v1/products/{product}/devices/{device}/events")),
]
