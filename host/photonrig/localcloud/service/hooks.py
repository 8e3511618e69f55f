"""Webhook records of users, products and organizations; changes are effective at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from photonrig.errors import UsageError
from photonrig.localcloud.eras import Principal
from photonrig.localcloud.eras.viewers import HookViewer
from photonrig.localcloud.events import BY_CLIENT, MAX_DATA, Event, asked_by_hook
from photonrig.localcloud.service.access import Access
from photonrig.localcloud.service.records import HookOwner, StoredHook
from photonrig.localcloud.service.refusal import invalid, unknown
from photonrig.localcloud.store import Store
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.dispatcher import Hook, HookLog, Outcome, Webhooks
from photonrig.ownership.model import Owner

MAX_HOOKS = 100  # per user, product or organization; a choice
HIDDEN_PASSWORD = "********"  # noqa: S105 – shown in its place; sent back, it leaves the password as it is


class HookService:
    """Hooks by owner: kind and id."""

    def __init__(self, store: Store, access: Access, webhooks: Webhooks, now: Callable[[], float]) -> None:
        self._store = store
        self._access = access
        self._webhooks = webhooks
        self._now = now
        for stored in store.hooks.all("ORDER BY created_at, id"):
            webhooks.put(self._armed(stored))

    def of(self, kind: HookOwner, owner_id: str) -> list[StoredHook]:
        """The hooks of one owner, oldest first."""
        return self._store.hooks.of_owner(kind, owner_id)

    def find(self, kind: HookOwner, owner_id: str, hook_id: str) -> StoredHook:
        """A hook of this owner.

        :raises ServiceRefusal: unknown id
        """
        hook = self._store.hooks.get(id=hook_id)
        if hook is None or (hook.owner_kind, hook.owner_id) != (kind, owner_id):
            raise unknown("Webhook not found")
        return hook

    def log_of(self, hook: StoredHook) -> HookLog:
        """Log of a hook's requests since the cloud started."""
        return self._webhooks.log_of(hook.id)

    async def checked(self, by: Principal, fields: Mapping[str, Any], before: StoredHook | None = None) -> HookConfig:
        """Check the configuration in a request's fields; a masked password is taken from the hook ``before``.

        :raises ServiceRefusal: a field is missing or invalid
        """
        given = dict(fields)
        for name in ("deviceID", "deviceid", "deviceId"):
            wanted = given.get(name)
            named = self._access.own_device(by, wanted) if isinstance(wanted, str) and wanted else None
            if named is not None:
                given[name] = named.id
        auth = given.get("auth")
        if before is not None and isinstance(auth, dict) and auth.get("password") == HIDDEN_PASSWORD:
            given["auth"] = {**auth, "password": before.fields.get("auth", {}).get("password")}
        try:
            return await self._webhooks.checked(given)
        except UsageError as error:
            raise invalid(str(error)) from None

    def create(self, kind: HookOwner, owner_id: str, config: HookConfig) -> StoredHook:
        """Create a hook; it is active at once.

        :raises ServiceRefusal: the owner has too many
        """
        with self._store.write():
            if len(self.of(kind, owner_id)) >= MAX_HOOKS:
                raise invalid(f"Too many webhooks: {MAX_HOOKS} is the limit")
            made = self._store.hooks.create(kind, owner_id, config.as_fields())
        self.changed(made.id)
        return made

    def replace(self, hook: StoredHook, config: HookConfig) -> StoredHook:
        """Replace a hook's configuration."""
        with self._store.write():
            self._store.hooks.update({"id": hook.id}, fields=config.as_fields())
        self.changed(hook.id)
        return replace(hook, fields=config.as_fields())

    def remove(self, hook: StoredHook) -> None:
        """Delete a hook."""
        with self._store.write():
            self._store.hooks.remove(id=hook.id)
        self.changed(hook.id)

    def changed(self, hook_id: str) -> None:
        """Update the dispatcher after a hook was created, changed or deleted."""
        stored = self._store.hooks.get(id=hook_id)
        if stored is None:
            self._webhooks.drop(hook_id)
        else:
            self._webhooks.put(self._armed(stored))

    def products_changed(self, organization_id: str) -> None:
        """Update the dispatcher after an organization's products changed."""
        for stored in self.of("org", organization_id):
            self.changed(stored.id)

    async def test(self, hook: StoredHook, by: Principal, data: str | None, device_id: str | None) -> Outcome:
        """Send one request as if the device had published ``data``; nothing is published.

        :raises ServiceRefusal: the data is too long, or the caller is a webhook
        """
        if asked_by_hook.get():
            raise invalid("A webhook cannot test webhooks")
        if data is not None and len(data.encode(errors="replace")) > MAX_DATA:
            raise invalid(f"data is longer than {MAX_DATA} bytes")
        armed = self._armed(hook)
        event = Event(
            armed.config.event,
            data,
            coreid=device_id or BY_CLIENT,
            published_at=self._now(),
            device=device_id,
            owner=by.owner,
            product=int(hook.owner_id) if hook.owner_kind == "product" else None,
        )
        return await self._webhooks.test(armed, event)

    def _armed(self, stored: StoredHook) -> Hook:
        """A stored hook as the dispatcher's."""
        config = HookConfig.read(stored.fields)
        owner, products = None, frozenset[int]()
        match stored.owner_kind:
            case "user":
                owner = Owner("user", stored.owner_id)
            case "product":
                products = frozenset({int(stored.owner_id)})
            case "org":
                products = frozenset(each.id for each in self._store.products.of_organization(stored.owner_id))
        return Hook(stored.id, HookViewer(owner, products, config.event, config.device_id), config)
