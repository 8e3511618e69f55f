"""Streams of server-sent events: one's own devices, one device, a product, one device of a product."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.service.cloud import Cloud
from photonrig.localcloud.service.events import Reader, Stream
from photonrig.localcloud.store.tokens import Token

__all__ = ["KEEP_ALIVE_SECONDS", "ROUTES", "prefix_of", "stream"]

KEEP_ALIVE_SECONDS = 8.0  # clients give up after 13 s without a byte


async def own(call: Call) -> Answer:
    """Events of the caller's devices, and those the caller publishes."""
    call.require(Action.OWN_EVENTS)
    return stream(call, Stream("own", prefix_of(call)))


async def by_prefix(call: Call) -> Answer:
    """What the caller may see at all, by prefix: since nothing is public any more, the same."""
    call.require(Action.OWN_EVENTS)
    if not prefix_of(call) and not call.cloud.era.public_events:
        raise call.refusal(Situation.PREFIX_MISSING)
    return stream(call, Stream("all", prefix_of(call)))


async def device(call: Call) -> Answer:
    """Events of one device."""
    return stream(call, Stream("device", prefix_of(call), device=call.device(Action.DEVICE_EVENTS).id))


async def product(call: Call) -> Answer:
    """Events of all devices of a product, claimed or not, whoever owns them."""
    return stream(call, Stream("product", prefix_of(call), product=call.product(Action.PRODUCT_EVENTS).id))


async def product_device(call: Call) -> Answer:
    """Events of one device of a product."""
    in_product, one = call.product_device(Action.PRODUCT_EVENTS)
    return stream(call, Stream("product device", prefix_of(call), device=one.id, product=in_product.id))


async def organization(call: Call) -> Answer:
    """Events of all products of an organization, or of one device there."""
    of = call.organization(Action.ORGANIZATION_EVENTS)
    products = frozenset(product.id for product in call.cloud.store.products.of_organization(of.id))
    device_id = call.request.path_params.get("device")
    return stream(call, Stream("organization", prefix_of(call), device=device_id, products=products))


def prefix_of(call: Call) -> str:
    """The beginning of the event names asked for; empty for all."""
    return str(call.request.path_params.get("prefix", ""))


def stream(call: Call, *wanted: Stream) -> StreamingResponse:
    """Answer with the events that any of the streams shows to the caller."""
    era, principal, bus = call.cloud.era, call.principal, call.cloud.bus
    # Subscribed before the answer begins: what happens after ":ok" was read is not missed.
    reader = bus.subscribe(
        lambda event: any(era.shows(principal, each, event) for each in wanted),
        call.token.hash,
        audience=(principal, wanted),
    )
    return StreamingResponse(
        _bytes(call.cloud, call.token, reader),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _bytes(cloud: Cloud, token: Token, reader: Reader) -> AsyncIterator[bytes]:
    try:
        yield b":ok\n\n"
        while (chunk := await reader.next(KEEP_ALIVE_SECONDS)) is not None and not cloud.store.tokens.expired(token):
            if chunk:
                yield chunk
    finally:
        cloud.bus.unsubscribe(reader)


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
