"""``/v1/webhooks`` and ``/v1/integrations`` of a user, a product or an organization: two paths to the same hooks."""

from __future__ import annotations

from typing import Any

from msgspec import field
from starlette.responses import Response

from photonrig.localcloud.eras import Action
from photonrig.localcloud.events import iso_time
from photonrig.localcloud.http.call import Answer, Call, route
from photonrig.localcloud.http.fields import Fields
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.hooks import HIDDEN_PASSWORD
from photonrig.localcloud.service.records import HookOwner, StoredHook


class HookFields(Fields):
    """Documented fields of a hook. The raw body is read: clients use several names for a field."""

    event: str
    url: str
    name: str | None = None
    request_type: str | None = field(name="requestType", default=None)
    integration_type: str | None = None
    device_id: str | None = field(name="deviceID", default=None)
    headers: dict[str, Any] | None = None
    auth: dict[str, Any] | None = None
    query: dict[str, Any] | None = None
    form: dict[str, Any] | None = None
    json: dict[str, Any] | None = None
    body: str | None = None
    response_template: str | None = field(name="responseTemplate", default=None)
    response_topic: str | None = field(name="responseTopic", default=None)
    error_response_topic: str | None = field(name="errorResponseTopic", default=None)
    no_defaults: bool = field(name="noDefaults", default=False)
    reject_unauthorized: bool = field(name="rejectUnauthorized", default=True)
    disabled: bool = False
    unchunked: bool = False
    data_url_response_event: bool = field(name="dataUrlResponseEvent", default=False)


class Trial(Fields):
    """A test event."""

    data: str | None = None
    device_id: str | None = None
    device_id_of_2016: str | None = field(name="deviceID", default=None)


def _of(call: Call[Any], product_action: Action) -> tuple[HookOwner, str]:
    """Owner of the path's hooks, if the caller may do this with them."""
    if call.part("product") is not None:
        return "product", str(call.product(product_action).id)
    if call.part("organization") is not None:
        return "org", call.organization(product_action).id
    call.require(Action.INTEGRATIONS)
    return "user", call.user_id


def _found(call: Call[Any], action: Action) -> StoredHook:
    return call.cloud.hooks.find(*_of(call, action), call.path("hook"))


async def list_hooks(call: Call) -> Answer:
    """List the hooks of the user, product or organization."""
    return [_shown(hook) for hook in call.cloud.hooks.of(*_of(call, Action.INTEGRATION_LIST))]


async def create(call: Call[HookFields]) -> Answer:
    """Create a hook; it is active at once."""
    _of(call, Action.INTEGRATION_CREATE)
    config = await call.cloud.hooks.checked(call.principal, call.sent.fields)
    made = call.cloud.hooks.create(*_of(call, Action.INTEGRATION_CREATE), config)  # looked up again: the check awaited
    address = f"{str(call.request.base_url).rstrip('/')}/v1/webhooks/{made.id}"
    return Json({**_shown(made), "ok": True, "hookUrl": address}, status_code=201)


async def show(call: Call) -> Answer:
    """Show a hook with the log of its last requests."""
    hook = _found(call, Action.INTEGRATION_GET)
    log = call.cloud.hooks.log_of(hook)
    days = sorted({day for day, _ in log.counters})
    shown = {
        **_shown(hook),
        "logs": list(log.successes),
        "errors": list(log.errors),
        "counters": [
            {"date": day, **{kind: log.counters[day, kind] for kind in ("success", "error", "skipped")}} for day in days
        ],
    }
    return {"integration" if "/integrations" in call.request.url.path else "webhook": shown}


async def update(call: Call[HookFields]) -> Answer:
    """Replace the whole configuration."""
    before = _found(call, Action.INTEGRATION_UPDATE)
    config = await call.cloud.hooks.checked(call.principal, call.sent.fields, before)
    hook = _found(call, Action.INTEGRATION_UPDATE)  # looked up again: the check awaited
    return {**_shown(call.cloud.hooks.replace(hook, config)), "ok": True}


async def remove(call: Call) -> Answer:
    """Delete a hook; with a body in 2016, when clients looked for ``ok``."""
    call.cloud.hooks.remove(_found(call, Action.INTEGRATION_REMOVE))
    return {"ok": True, "status": "Hook Deleted"} if call.cloud.era.shapes_of_2016 else Response(status_code=204)


async def test(call: Call[Trial]) -> Answer:
    """Send one request as if the device had published ``data``; nothing is published."""
    hook, sent = _found(call, Action.INTEGRATION_TEST), call.body
    device_id = sent.device_id or sent.device_id_of_2016
    outcome = await call.cloud.hooks.test(hook, call.principal, sent.data, device_id)
    return {"pass": outcome.error is None, "data": outcome.answer.decode(errors="replace"), "error": outcome.error}


def _shown(hook: StoredHook) -> dict[str, Any]:
    fields = dict(hook.fields)
    if isinstance(fields.get("auth"), dict):
        fields["auth"] = {**fields["auth"], "password": HIDDEN_PASSWORD}
    owner = {"product_id": int(hook.owner_id)} if hook.owner_kind == "product" else {}
    return {"id": hook.id, **fields, **owner, "created_at": iso_time(hook.created_at)}


_PLACES = (
    *(f"{base}/{name}" for base in ("/v1", "/v1/products/{product}") for name in ("integrations", "webhooks")),
    "/v1/orgs/{organization}/integrations",
)

ROUTES = [
    each
    for place in _PLACES
    for each in (
        route("GET", place, list_hooks),
        route("POST", place, create, body=HookFields),
        route("GET", f"{place}/{{hook}}", show),
        route("PUT", f"{place}/{{hook}}", update, body=HookFields),
        route("DELETE", f"{place}/{{hook}}", remove),
        route("POST", f"{place}/{{hook}}/test", test, body=Trial),
    )
]
