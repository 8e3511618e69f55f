"""``/v1/webhooks`` and ``/v1/integrations``, of a user and of a product: two names for the same hooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from photonrig.errors import UsageError
from photonrig.localcloud.eras import Action
from photonrig.localcloud.http.call import Answer, Call, Handler, route
from photonrig.localcloud.http.errors import refused
from photonrig.localcloud.http.json_answer import Json
from photonrig.localcloud.service.events import MAX_DATA, Event, asked_by_hook, iso_time
from photonrig.localcloud.store.hooks import HookOwner, StoredHook
from photonrig.localcloud.webhooks.config import HookConfig

__all__ = ["ROUTES"]

MAX_HOOKS = 100  # of one user or product; a choice
_HIDDEN = "********"  # shown for a password; sent back, it leaves the password as it is


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where the hooks of a request lie."""

    kind: HookOwner
    id: str


def _shelf(call: Call, product_action: Action) -> _Shelf:
    """The hooks the path speaks of, if the caller may do this with them."""
    if "product" in call.request.path_params:
        return _Shelf("product", str(call.product(product_action).id))
    if "organization" in call.request.path_params:
        return _Shelf("org", call.organization(product_action).id)
    call.require(Action.INTEGRATIONS)
    return _Shelf("user", call.user_id)


async def list_hooks(call: Call) -> Answer:
    """All hooks of the user or product."""
    shelf = _shelf(call, Action.INTEGRATION_LIST)
    return [_shown(hook) for hook in call.cloud.store.hooks.of(shelf.kind, shelf.id)]


async def create(call: Call) -> Answer:
    """Create a hook; it fires from now on."""
    _shelf(call, Action.INTEGRATION_CREATE)
    config = await _config(call)
    shelf = _shelf(call, Action.INTEGRATION_CREATE)  # again: checking took its time
    with call.cloud.store.write():
        if len(call.cloud.store.hooks.of(shelf.kind, shelf.id)) >= MAX_HOOKS:
            raise refused(400, f"Too many webhooks: {MAX_HOOKS} is the limit")
        made = call.cloud.store.hooks.add(shelf.kind, shelf.id, config.as_fields())
    call.cloud.hooks_changed(made.id)
    address = f"{str(call.request.base_url).rstrip('/')}/v1/webhooks/{made.id}"
    return Json({**_shown(made), "ok": True, "hookUrl": address}, status_code=201)


async def show(call: Call) -> Answer:
    """One hook with the log of its last requests."""
    hook = _found(call, Action.INTEGRATION_GET)
    log = call.cloud.webhooks.log_of(hook.id)
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


async def update(call: Call) -> Answer:
    """Replace the whole configuration."""
    config = await _config(call, _found(call, Action.INTEGRATION_UPDATE))
    hook = _found(call, Action.INTEGRATION_UPDATE)  # again: checking took its time
    with call.cloud.store.write():
        call.cloud.store.hooks.replace(hook.id, config.as_fields())
    call.cloud.hooks_changed(hook.id)
    changed = call.cloud.store.hooks.get(hook.id)
    assert changed is not None
    return {**_shown(changed), "ok": True}


async def remove(call: Call) -> Answer:
    """Delete a hook; a choice: with a body, because clients of 2016 look for ``ok``."""
    hook = _found(call, Action.INTEGRATION_REMOVE)
    with call.cloud.store.write():
        call.cloud.store.hooks.remove(hook.id)
    call.cloud.hooks_changed(hook.id)
    return {"ok": True, "status": "Hook Deleted"}


async def test(call: Call) -> Answer:
    """Send one request now, as if the device had published ``data``; nothing is published of it."""
    stored = _found(call, Action.INTEGRATION_TEST)
    if asked_by_hook.get():
        raise refused(400, "A webhook cannot test webhooks")
    hook = call.cloud.hook(stored)
    device = call.sent.text("device_id") or call.sent.text("deviceID")
    data = call.sent.text("data")
    if data is not None and len(data.encode(errors="replace")) > MAX_DATA:
        raise refused(400, f"data is longer than {MAX_DATA} bytes")
    event = Event(
        hook.config.event,
        data,
        coreid=device or call.principal.id,
        published_at=call.cloud.now(),
        device=device,
        owner=call.principal.owner,
        product=int(stored.owner_id) if stored.owner_kind == "product" else None,
    )
    outcome = await call.cloud.webhooks.test(hook, event)
    return {"pass": outcome.error is None, "data": outcome.answer.decode(errors="replace"), "error": outcome.error}


async def _config(call: Call, before: StoredHook | None = None) -> HookConfig:
    fields: dict[str, Any] = dict(call.sent.fields)
    for name in ("deviceID", "deviceid", "deviceId"):
        wanted = fields.get(name)
        named = call.own_device(wanted) if isinstance(wanted, str) and wanted else None
        if named is not None:
            fields[name] = named.id
    auth = fields.get("auth")
    if before is not None and isinstance(auth, dict) and auth.get("password") == _HIDDEN:
        fields["auth"] = {**auth, "password": before.fields.get("auth", {}).get("password")}
    try:
        return await call.cloud.webhooks.checked(fields)
    except UsageError as error:
        raise refused(400, str(error)) from None


def _found(call: Call, action: Action) -> StoredHook:
    shelf = _shelf(call, action)
    hook = call.cloud.store.hooks.get(call.path("hook"))
    if hook is None or (hook.owner_kind, hook.owner_id) != (shelf.kind, shelf.id):
        raise refused(404, "Webhook not found")
    return hook


def _shown(hook: StoredHook) -> dict[str, Any]:
    fields = dict(hook.fields)
    if isinstance(fields.get("auth"), dict):
        fields["auth"] = {**fields["auth"], "password": _HIDDEN}
    owner = {"product_id": int(hook.owner_id)} if hook.owner_kind == "product" else {}
    return {"id": hook.id, **fields, **owner, "created_at": iso_time(hook.created_at)}


_PLACES = (
    *(f"{base}/{name}" for base in ("/v1", "/v1/products/{product}") for name in ("integrations", "webhooks")),
    "/v1/orgs/{organization}/integrations",
)
_VERBS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", list_hooks),
    ("POST", "", create),
    ("GET", "/{hook}", show),
    ("PUT", "/{hook}", update),
    ("DELETE", "/{hook}", remove),
    ("POST", "/{hook}/test", test),
)

ROUTES = [route(verb, place + path, handler) for place in _PLACES for verb, path, handler in _VERBS]
