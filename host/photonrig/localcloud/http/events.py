"""Streams of server-sent events: one's own devices, one device, a product, one device of a product."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from photonrig.localcloud.core import Cloud
from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import Reader, Stream
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.store.tokens import Token

__all__ = ["KEEP_ALIVE_SECONDS", "ROUTES"]

KEEP_ALIVE_SECONDS = 8.0  # clients give up after 13 s without a byte


async def own(call: Call) -> Answer:
    """Events of the caller's devices, and those the caller publishes."""
    call.require(Action.OWN_EVENTS)
    return _stream(call, Stream("own", _prefix(call)))


async def by_prefix(call: Call) -> Answer:
    """The same under the old address, where a prefix is obligatory."""
    call.require(Action.OWN_EVENTS)
    if not _prefix(call):
        raise refused(400, "event prefix filter is required")
    return _stream(call, Stream("own", _prefix(call)))


async def device(call: Call) -> Answer:
    """Events of one device."""
    return _stream(call, Stream("device", _prefix(call), device=call.device(Action.DEVICE_EVENTS).id))


async def product(call: Call) -> Answer:
    """Events of all devices of a product, claimed or not, whoever owns them."""
    return _stream(call, Stream("product", _prefix(call), product=call.product(Action.PRODUCT_EVENTS).id))


async def product_device(call: Call) -> Answer:
    """Events of one device of a product."""
    in_product, one = call.product_device(Action.PRODUCT_EVENTS)
    return _stream(call, Stream("product device", _prefix(call), device=one.id, product=in_product.id))


def _prefix(call: Call) -> str:
    return str(call.request.path_params.get("prefix", ""))


def _stream(call: Call, stream: Stream) -> StreamingResponse:
    era, principal, bus = call.cloud.era, call.principal, call.cloud.bus
    # Subscribed before the answer begins: what happens after ":ok" was read is not missed.
    reader = bus.subscribe(lambda event: era.shows(principal, stream, event), call.token.hash)
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
    *(route("GET", path, product_device) for path in _paths("/v1/products/{product}/devices/{device}/events")),
]
