"""Extensions, served with ``--extensions`` only and marked by the header ``X-Photonrig-Extension``.

    PUT /v1/products/:p/devices/:id/owner   change of owner in one step (forum 2016, rows 12, 42)
    /extensions/v1/any/devices[/:id...]     one family of paths for owners and teams alike (row 52)

Particle's cloud has neither; clients that need them work with this cloud only.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.responses import Response

from photonrig.localcloud.eras import Action, Subject
from photonrig.localcloud.http import claims, control, devices
from photonrig.localcloud.http.call import EXTENSION, Answer, Call, route
from photonrig.localcloud.http.events import stream, viewer
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.http.views import product_device_view

_Asked = TypeVar("_Asked", bound=Call)


class NewOwner(Fields):
    """An account, by e-mail."""

    customer: str | None = None
    user: str | None = None


async def change_owner(call: Call[NewOwner]) -> Answer:
    """Give a device to ``customer`` or ``user`` (a team member), by e-mail; it is never unowned.

    Complete when answered: the former owner's tokens no longer reach it, the device's session is kept, and the streams
    of both owners and of the product carry the event ``photonrig/device/owner``.
    """
    product, device = call.product_device(Action.PRODUCT_CHANGE_OWNER)
    to = call.body
    changed = call.cloud.ownership.change_owner(device, product, customer=to.customer, user=to.user)
    return product_device_view(call.cloud, changed)


async def list_devices(call: Call) -> Answer:
    """List the caller's own devices, and those of products where the caller may list devices."""
    seen = call.cloud.devices.seen_by(call.principal)
    return {"devices": [product_device_view(call.cloud, device) for device in seen]}


async def events(call: Call) -> Answer:
    """Stream events of all devices that the caller can list."""
    products = call.cloud.devices.products_of(call.principal, Action.PRODUCT_EVENTS)
    return stream(call, viewer(call, "own"), *(viewer(call, "product", product=each) for each in products))


async def device_events(call: Call) -> Answer:
    """Stream events of one device."""
    device = call.any_device(Action.DEVICE_EVENTS, Action.PRODUCT_EVENTS)
    viewers = [viewer(call, "device", device=device.id)]
    product = device.state.product
    if product is not None and call.allows(Action.PRODUCT_EVENTS, Subject(product=product)):
        viewers.append(viewer(call, "product device", device=device.id, product=product))
    return stream(call, *viewers)


def _marked(
    handler: Callable[[_Asked], Awaitable[Answer]], name: str = "any-token"
) -> Callable[[_Asked], Awaitable[Answer]]:
    @functools.wraps(handler)
    async def marked(call: _Asked) -> Answer:
        answer = await handler(call)
        response = answer if isinstance(answer, Response) else Json(answer)
        response.headers["X-Photonrig-Extension"] = name
        return response

    return marked


_ALL = f"{EXTENSION}devices"
_ONE = f"{_ALL}/{{device}}"

ROUTES = [
    route("PUT", "/v1/products/{product}/devices/{device}/owner", _marked(change_owner, "owner-change"), body=NewOwner),
    route("GET", _ALL, _marked(list_devices)),
    *(route("GET", f"{_ALL}/events{end}", _marked(events)) for end in ("", "/{prefix:path}")),
    *(route("GET", f"{_ONE}/events{end}", _marked(device_events)) for end in ("", "/{prefix:path}")),
    route("GET", _ONE, _marked(devices.show)),
    route("PUT", _ONE, _marked(devices.change), body=devices.DeviceChange),
    route("DELETE", _ONE, _marked(claims.release)),
    route("PUT", f"{_ONE}/ping", _marked(control.ping)),
    route("GET", f"{_ONE}/{{name}}", _marked(control.variable), query=control.Format),
    route("POST", f"{_ONE}/{{name}}", _marked(control.function), body=control.Argument),
]
