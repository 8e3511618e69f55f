"""``POST /v1/devices/events`` and its product form: events from clients."""

from __future__ import annotations

from photonrig.localcloud import assumptions
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.service.events import MAX_DATA, Event
from photonrig.localcloud.service.system_events import is_reserved
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.products import Product

__all__ = ["ROUTES"]

MAX_NAME, MAX_TTL = 64, 16_777_215


async def publish_own(call: Call) -> Answer:
    """Publish to oneself and one's devices; a product's own token publishes to its product (a choice)."""
    call.require(Action.PUBLISH)
    _publish(call, product_id=call.principal.product if call.principal.kind == "product" else None)
    return {"ok": True}


async def publish_product(call: Call) -> Answer:
    """Publish to a product and its devices, or with ``as_device_id`` what one of its devices might have published."""
    product: Product = call.product(Action.PRODUCT_PUBLISH)
    device_id = call.sent.text("as_device_id")
    device = None if device_id is None else call.cloud.store.devices.get(device_id.lower())
    if device_id is not None and (device is None or device.state.product != product.id):
        raise refused(404, "Device not found for this product")
    _publish(call, product_id=product.id, device=device)
    return {"ok": True}


def _publish(call: Call, product_id: int | None, device: Device | None = None) -> None:
    name, data = call.sent.text("name"), call.sent.text("data")
    ttl = call.sent.text("ttl") or "60"
    if not name or len(name) > MAX_NAME or not (name.isascii() and name.isprintable()):
        raise refused(400, f"name must be 1 … {MAX_NAME} printable ASCII characters")
    if is_reserved(name):
        raise refused(400, assumptions.RESERVED_NAMES.chosen)
    if data is not None and len(data.encode()) > MAX_DATA:
        raise refused(400, f"data is longer than {MAX_DATA} bytes")
    if not (ttl.isascii() and ttl.isdecimal()) or len(ttl) > 8 or int(ttl) > MAX_TTL:
        raise refused(400, f"ttl must be 0 … {MAX_TTL} seconds")
    owner = call.principal.owner if product_id is None else None
    call.cloud.publish(
        Event(
            name,
            data,
            # A choice: several values were seen for events of clients.
            coreid=call.principal.id if device is None else device.id,
            published_at=call.cloud.now(),
            device=None if device is None else device.id,
            owner=owner if device is None else device.state.owner,
            product=product_id,
            ttl=int(ttl),
            private=_private(call),
        )
    )


def _private(call: Call) -> bool:
    private = call.sent.flag("private")
    return not call.cloud.era.public_events if private is None else private


ROUTES = [
    route("POST", "/v1/devices/events", publish_own),
    route("POST", "/v1/products/{product}/events", publish_product),
]
