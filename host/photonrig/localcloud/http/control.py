"""Variables, functions, ping, name and signal of a device, on user and product paths."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from starlette.responses import PlainTextResponse

from photonrig.errors import ProtocolError, UsageError
from photonrig.localcloud.device.contract import (
    DeviceOffline,
    DeviceTimeout,
    FunctionUnknown,
    Permit,
    VariableUnknown,
)
from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http import targeting
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.views import timestamp
from photonrig.localcloud.service.events import iso_time
from photonrig.localcloud.store.devices import Device, Notes

__all__ = ["ROUTES", "Target", "update"]


@dataclass(frozen=True, slots=True)
class Target:
    """The device of the path, whichever form the path has, for a request that waits.

    What reaches the device is sent while the caller may (:meth:`permit`), and what is read of it is shown to who may
    see it then. What was sent before the device changed hands or the token ended, stays done: it was asked for in time.
    """

    call: Call
    user_action: Action
    product_action: Action

    def now(self) -> Device:
        """The device as it is at this moment.

        :raises ApiError: the caller may not, or not any more
        """
        call = self.call
        if call.extended:
            return call.any_device(self.user_action, self.product_action)
        if "product" in call.request.path_params or "organization" in call.request.path_params:
            return call.product_device(self.product_action)[1]
        return call.device(self.user_action)

    def permit(self, device: Device) -> Permit:
        """For what is asked of ``device``, which the path named at first and must still.

        The permit raises as :meth:`now` does, or DeviceOffline when the device is as good as offline.
        """

        def check() -> None:
            now = self.now()
            if now.id != device.id or not self.call.cloud.reachable(now):
                raise DeviceOffline(device.id)

        return check


async def variable(call: Call) -> Answer:
    """Read a variable from the device."""
    target = Target(call, Action.DEVICE_VARIABLE, Action.PRODUCT_VARIABLE)
    device = target.now()
    permit = target.permit(device)
    name = call.path("name")
    if not call.cloud.reachable(device):
        raise call.refusal(Situation.VARIABLE_OFFLINE)
    kind = (await call.cloud.presence.description(device.id)).variables.get(name)
    try:
        permit()
        if kind is None:
            raise VariableUnknown(name)
        value = await call.cloud.devices.read_variable(device.id, name, kind, permit)
        permit()
    except ProtocolError as error:
        raise refused(502, f"The device answered with something else than the variable's type: {error}") from None
    except VariableUnknown:
        raise call.refusal(Situation.VARIABLE_UNKNOWN, name=name) from None
    except (DeviceOffline, DeviceTimeout):
        raise call.refusal(Situation.VARIABLE_OFFLINE) from None
    if call.request.scope["query_string"] and call.request.query_params.get("format") == "raw":
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
            "product_id": device.state.platform if device.state.product is None else device.state.product,
        },
    }


async def function(call: Call) -> Answer:
    """Call a function of the device; the argument is ``arg``, or ``args``, or the first other field."""
    target = Target(call, Action.DEVICE_FUNCTION, Action.PRODUCT_FUNCTION)
    device = target.now()
    permit = target.permit(device)
    name = call.path("name")
    argument = _argument(call)
    if not call.cloud.reachable(device):
        raise call.refusal(Situation.FUNCTION_OFFLINE)
    try:
        offered = (await call.cloud.presence.description(device.id)).functions
        permit()
        if name not in offered:
            raise FunctionUnknown(name)
        result = await call.cloud.devices.call_function(device.id, name, argument, permit)
    except UsageError as error:
        raise refused(400, str(error)) from None
    except FunctionUnknown:
        raise call.refusal(Situation.FUNCTION_UNKNOWN, name=name) from None
    except (DeviceOffline, DeviceTimeout):
        raise call.refusal(Situation.FUNCTION_OFFLINE) from None
    if call.sent.fields.get("format") == "raw":
        return PlainTextResponse(str(result))
    return {"id": device.id, "name": device.name, "last_app": "", "connected": True, "return_value": result}


def _argument(call: Call) -> str:
    fields = call.sent.fields
    for name in ("arg", "args", *(each for each in fields if each != "format")):
        if name in fields:
            value = fields[name]
            if isinstance(value, list):
                return ",".join(str(each) for each in value)
            return call.sent.text(name) or ""
    return ""


async def ping(call: Call) -> Answer:
    """Whether the device answers now; an offline device is no error."""
    target = Target(call, Action.DEVICE_UPDATE, Action.PRODUCT_PING)
    device = target.now()
    online = False
    if call.cloud.reachable(device):
        try:
            online = await call.cloud.devices.ping(device.id)
            target.permit(device)()
        except (DeviceOffline, DeviceTimeout):
            online = False
    return {"online": online, "ok": True}


async def update(call: Call) -> Answer:
    """Rename, annotate, signal or mark as development device."""
    target = Target(call, Action.DEVICE_UPDATE, Action.PRODUCT_UPDATE)
    device = target.now()
    signal = call.sent.flag("signal")
    if signal is not None:
        return await _signal(call, device, signal, target.permit(device))
    notes: Notes = {}
    if "name" in call.sent.fields:
        notes["name"] = _new_name(call, device)
    if "notes" in call.sent.fields:
        notes["notes"] = call.sent.text("notes")
    if "development" in call.sent.fields and call.request.path_params.keys() != {"device"}:
        notes["development"] = call.sent.flag("development") or False
    forced_before = call.cloud.store.targets.of(device).forced
    with call.cloud.store.write():
        targeted = targeting.write(call, device)
        if not notes and not targeted:
            raise refused(400, "Nothing to do?")
        changed = call.cloud.store.devices.annotate(device.id, **notes)
    if targeted:
        targeting.act(call, device, forced_before=forced_before)
    written: dict[str, Any] = {**notes, **targeted}
    return {"id": device.id, **written, "updated_at": iso_time(changed.updated_at)}


def _new_name(call: Call, device: Device) -> str:
    name = (call.sent.text("name") or "").strip()
    if not name or len(name) > 64:
        raise refused(400, "name must be 1 … 64 characters")
    owner = device.state.owner
    others = [] if owner is None else call.cloud.store.devices.of_owner(owner)
    if any(other.id != device.id and (other.name or "").lower() == name.lower() for other in others):
        raise refused(400, "Another device of this account has that name")
    return name


async def _signal(call: Call, device: Device, on: bool, permit: Permit) -> Answer:
    try:
        permit()
        await call.cloud.devices.signal(device.id, on, permit)
    except (DeviceOffline, DeviceTimeout):
        raise call.refusal(Situation.SIGNAL_OFFLINE) from None
    return {"id": device.id, "connected": True, "signaling": on}


_FORMS = (
    "/v1/devices/{device}",
    "/v1/products/{product}/devices/{device}",
    "/v1/orgs/{organization}/devices/{device}",
)

ROUTES = [
    *(route("PUT", f"{form}/ping", ping) for form in _FORMS),
    *(route("GET", f"{form}/{{name}}", variable) for form in _FORMS),
    *(route("POST", f"{form}/{{name}}", function) for form in _FORMS),
]
