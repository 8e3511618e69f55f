"""Variables, functions and ping of a device, on user, product and organization paths."""

from __future__ import annotations

import json

from starlette.responses import PlainTextResponse

from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.views import shown_product, timestamp
from photonrig.safe_json import scalar_text

FORMS = (
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
    "/v1/orgs/{organization}/devices/{device}",
)
"""Path templates of a device."""


class Format(Fields):
    """Output format; ``raw`` for the bare value."""

    format: str | None = None


class Argument(Fields):
    """A function's argument. Clients of 2014 choose any field name, so the raw body is read."""

    arg: str | None = None


async def variable(call: Call[object, Format]) -> Answer:
    """Read a variable of the device."""
    name = call.path("name")
    named = call.named(Action.DEVICE_VARIABLE, Action.PRODUCT_VARIABLE)
    device, value = await call.cloud.control.read_variable(named, name)
    if call.request.scope["query_string"] and call.query.format == "raw":
        return PlainTextResponse(value if isinstance(value, str) else json.dumps(value))
    telemetry = call.cloud.presence.of(device.id)
    return {
        "cmd": "VarReturn",
        "name": name,
        "result": value,
        "coreInfo": {
            "name": device.name,
            "last_app": "",
            "last_heard": timestamp(telemetry.last_heard),
            "connected": True,
            "last_handshake_at": timestamp(telemetry.last_handshake_at),
            "deviceID": device.id,
            "product_id": shown_product(device),
        },
    }


async def function(call: Call[Argument]) -> Answer:
    """Call a function of the device; the argument is ``arg``, ``args``, or the first other field."""
    named = call.named(Action.DEVICE_FUNCTION, Action.PRODUCT_FUNCTION)
    device, result = await call.cloud.control.call_function(named, call.path("name"), _argument(call))
    if call.sent.fields.get("format") == "raw":
        return PlainTextResponse(str(result))
    return {"id": device.id, "name": device.name, "last_app": "", "connected": True, "return_value": result}


def _argument(call: Call[Argument]) -> str:
    fields = call.sent.fields
    for name in ("arg", "args", *(each for each in fields if each != "format")):
        if name in fields:
            value = fields[name]
            if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
                return ",".join(each if isinstance(each, str) else scalar_text(each) for each in value)
            return call.sent.text(name) or ""
    return ""


async def ping(call: Call) -> Answer:
    """Ping the device; an offline device is not an error."""
    online = await call.cloud.control.ping(call.named(Action.DEVICE_UPDATE, Action.PRODUCT_PING))
    return {"online": online, "ok": True}


ROUTES = [
    *(route("PUT", f"{form}/ping", ping) for form in FORMS),
    *(route("GET", f"{form}/{{name}}", variable, query=Format) for form in FORMS),
    *(route("POST", f"{form}/{{name}}", function, body=Argument) for form in FORMS),
]
