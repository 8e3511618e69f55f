"""What no Particle cloud has, served with ``--extensions`` alone and marked by the header ``X-Photonrig-Extension``.

    PUT /v1/products/:p/devices/:id/owner   a device changes owner in one step (claim thread, rows 12, 42)
    /extensions/v1/any/devices[/:id...]     one family of addresses for the tokens of owners and teams (row 52)

Neither exists at Particle; a client that needs them works here and nowhere else.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.routing import Route

from photonrig.localcloud.eras import Action, Subject
from photonrig.localcloud.http import control
from photonrig.localcloud.http.call import EXTENSION, Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.events import stream, viewer
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.views import product_device_view
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.products import Product
from photonrig.ownership.model import Owner, Refusal, Refused

__all__ = ["ROUTES"]

_STATUS = {Refusal.NOT_IN_PRODUCT: 404, Refusal.NOT_A_MEMBER: 400, Refusal.OTHER_PRODUCT: 400}


async def change_owner(call: Call) -> Answer:
    """Give a device to ``customer`` or ``user`` (a team member), by e-mail; it is never nobody's in between.

    Done when answered: the former owner's tokens reach it no more, the device's session goes on, and both owners'
    streams and the product's are told by the event ``photonrig/device/owner``.
    """
    product, device = call.product_device(Action.PRODUCT_CHANGE_OWNER)
    owner = _new_owner(call, product)
    changed = call.cloud.ownership.change_owner(device, product, owner)
    if isinstance(changed, Refused):
        raise refused(_STATUS[changed.reason], changed.reason.value)
    if changed.state.owner != device.state.owner:
        call.cloud.owner_changed(changed, device.state.owner)
    return product_device_view(call.cloud, changed)


def _new_owner(call: Call, product: Product) -> Owner:
    email, username = call.sent.text("customer"), call.sent.text("user")
    if (email is None) == (username is None):
        raise refused(400, "Name either a customer or a user")
    if email is not None:
        customer = call.cloud.store.customers.named(product.id, email)
        if customer is None:
            raise refused(404, "Customer not found")
        return Owner("customer", customer.id)
    user = call.cloud.store.users.named(username or "")
    if user is None:
        raise refused(404, "User not found")
    return Owner("user", user.id)


async def list_devices(call: Call) -> Answer:
    """Every device that is the caller's own, or in a product where the caller may list devices."""
    found: dict[str, Device] = {}
    if call.principal.owner is not None and call.allows(Action.LIST_OWN_DEVICES):
        found |= {device.id: device for device in call.cloud.store.devices.of_owner(call.principal.owner)}
    for product_id in _products(call, Action.PRODUCT_DEVICES):
        inside = call.cloud.store.devices.of_product(product_id)
        found |= {device.id: device for device in inside if device.state.product == product_id}
    devices = [found[device_id] for device_id in sorted(found) if not found[device_id].untyped]
    return {"devices": [product_device_view(call.cloud, device) for device in devices]}


async def show(call: Call) -> Answer:
    """One device."""
    device = call.any_device(Action.DEVICE_GET, Action.PRODUCT_DEVICE)
    if call.cloud.reachable(device):
        await call.cloud.presence.description(device.id)
    return product_device_view(call.cloud, call.any_device(Action.DEVICE_GET, Action.PRODUCT_DEVICE))


async def release(call: Call) -> Answer:
    """End the claim: the caller's own, or as the product's team anybody's."""
    call.cloud.ownership.release(call.any_device(Action.DEVICE_RELEASE, Action.PRODUCT_RELEASE))
    return {"ok": True}


async def events(call: Call) -> Answer:
    """Events of all devices that the caller lists."""
    products = [viewer(call, "product", product=each) for each in _products(call, Action.PRODUCT_EVENTS)]
    return stream(call, viewer(call, "own"), *products)


async def device_events(call: Call) -> Answer:
    """Events of one device."""
    device = call.any_device(Action.DEVICE_EVENTS, Action.PRODUCT_EVENTS)
    viewers = [viewer(call, "device", device=device.id)]
    product = device.state.product
    if product is not None and call.allows(Action.PRODUCT_EVENTS, Subject(product=product)):
        viewers.append(viewer(call, "product device", device=device.id, product=product))
    return stream(call, *viewers)


def _products(call: Call, action: Action) -> list[int]:
    """The products in which the caller may do this."""
    known = {*call.principal.roles, *([] if call.principal.product is None else [call.principal.product])}
    return sorted(product for product in known if call.allows(action, Subject(product=product)))


def _marked(name: str, handler: Callable[[Call], Awaitable[Answer]]) -> Callable[[Call], Awaitable[Answer]]:
    @functools.wraps(handler)
    async def marked(call: Call) -> Answer:
        answer = await handler(call)
        response = answer if isinstance(answer, Response) else Json(answer)
        response.headers["X-Photonrig-Extension"] = name
        return response

    return marked


_DEVICE = f"{EXTENSION}devices/{{device}}"


def _route(method: str, path: str, handler: Callable[[Call], Awaitable[Answer]]) -> Route:
    return route(method, path, _marked("any-token", handler))


ROUTES = [
    route("PUT", "/v1/products/{product}/devices/{device}/owner", _marked("owner-change", change_owner)),
    _route("GET", f"{EXTENSION}devices", list_devices),
    _route("GET", f"{EXTENSION}devices/events", events),
    _route("GET", f"{EXTENSION}devices/events/{{prefix:path}}", events),
    _route("GET", f"{_DEVICE}/events", device_events),
    _route("GET", f"{_DEVICE}/events/{{prefix:path}}", device_events),
    _route("GET", _DEVICE, show),
    _route("PUT", _DEVICE, control.update),
    _route("DELETE", _DEVICE, release),
    _route("PUT", f"{_DEVICE}/ping", control.ping),
    _route("GET", f"{_DEVICE}/{{name}}", control.variable),
    _route("POST", f"{_DEVICE}/{{name}}", control.function),
]
