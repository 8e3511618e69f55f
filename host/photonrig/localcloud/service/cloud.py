"""The cloud itself: what devices report and what clients ask come together here.

Implements :class:`~photonrig.localcloud.device.contract.DeviceCallbacks` for the device service, and holds what the
HTTP API works on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from photonrig.clock import SYSTEM
from photonrig.errors import RigError
from photonrig.localcloud.device.contract import Describe, Hello, Permit, PublishedEvent, VariableType
from photonrig.localcloud.eras import Principal, Role
from photonrig.localcloud.eras.all import era_named
from photonrig.localcloud.service.background import Repeated
from photonrig.localcloud.service.delivery import DeviceLink, deliver
from photonrig.localcloud.service.event_names import SAID_BY_DEVICES, is_reserved
from photonrig.localcloud.service.events import Bus, Event, HookScope, Receiver, asked_by_hook
from photonrig.localcloud.service.history import History
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.rates import Rates
from photonrig.localcloud.service.rollout import Rollout
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.devices import Device
from photonrig.localcloud.store.hooks import StoredHook
from photonrig.localcloud.store.tokens import Token, TokenKind
from photonrig.localcloud.webhooks.config import HookConfig
from photonrig.localcloud.webhooks.dispatcher import Hook, HookLimits, Webhooks
from photonrig.ownership.model import Owner

__all__ = ["Cloud", "DeviceService", "Settings"]

_log = logging.getLogger(__name__)

_WRITE_SECONDS = 2.0

PHOTON_PLATFORM = 6
SAFE_MODE = "spark/device/safemode"  # a device without a working application says so after Hello
DEVICE_NAME = ("particle/device/name", "spark/device/name")
UPDATES_ENABLED = "particle/device/updates/enabled"  # a device says so after Hello, and when it changes


class DeviceService(DeviceLink, Protocol):
    """The device service, as the cloud uses it; see :mod:`photonrig.localcloud.device.hub`.

    ``permit`` is asked before each message to the device, however long that had to wait.
    """

    def online(self, device_id: str) -> bool:
        """Whether the device has a session."""

    async def read_variable(
        self, device_id: str, name: str, kind: VariableType, permit: Permit
    ) -> bool | int | float | str:
        """Ask the device for a variable; DeviceOffline, DeviceTimeout, VariableUnknown."""

    async def call_function(self, device_id: str, name: str, argument: str, permit: Permit) -> int:
        """Call a function; DeviceOffline, DeviceTimeout."""

    async def signal(self, device_id: str, on: bool, permit: Permit) -> None:
        """Make the device's light shout rainbows, or stop it."""

    async def ping(self, device_id: str) -> bool:
        """Whether the device answers now."""

    async def metrics(self, device_id: str, permit: Permit) -> dict[int, int]:
        """The device's diagnostics by number; DeviceOffline, DeviceTimeout, ProtocolError."""

    async def flash(self, device_id: str, image: bytes, name: str, permit: Permit) -> None:
        """Update the device; DeviceOffline, DeviceTimeout, FlashRefused."""

    def disconnect(self, device_id: str) -> None:
        """End the device's session."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a cloud behaves.

    Firmware is compiled against ``include`` in the folder ``sdk``, or not at all; a cloud that other machines reach
    compiles what they send only with ``allow_remote_compile``. Webhooks call this machine, and of others those named in
    ``webhook_hosts``. Pages of ``allowed_origins`` may use the API, as those of this machine may; each is as a browser
    sends it. ``admin_token`` opens ``/admin``, which without one does not exist; ``extensions`` opens what no Particle
    cloud has.
    """

    admit_unknown: bool = False
    sdk: Path | None = None
    allow_remote_compile: bool = False
    remote: bool = False  # other machines reach this cloud
    era: str = "today"
    extensions: bool = False
    admin_token: str | None = field(default=None, repr=False)
    webhook_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()
    rate_limits: bool = False
    hook_limits: HookLimits = field(default_factory=HookLimits)


class Cloud:
    """State, rules and the device service of one local cloud."""

    def __init__(
        self,
        store: Store,
        settings: Settings = Settings(),
        *,
        now: Callable[[], float] = SYSTEM.wall,
        sleep: Callable[[float], Awaitable[object]] = SYSTEM.pause_async,
    ) -> None:
        self.store = store
        self.settings = settings
        self.era = era_named(settings.era)
        self.now = now
        self.started_at = now()
        self._principals = store.remembered(self._principal)
        self.bus = Bus()
        self.rates = Rates(now) if settings.rate_limits else None
        self.ownership = OwnershipService(store, self.era)
        self.presence = Presence(store, now)
        self.history = History(store, now)
        self.writing = (
            Repeated("writing presence", self.presence.flush, _WRITE_SECONDS),
            Repeated("writing events", self.history.flush, _WRITE_SECONDS),
        )
        self.webhooks = Webhooks(
            self.publish,
            self.era.hook_sees,
            lambda device_id: self.presence.of(device_id).firmware_version,
            allowed_hosts=settings.webhook_hosts,
            now=now,
            sleep=sleep,
            limits=settings.hook_limits,
        )
        for stored in store.hooks.all():
            self.webhooks.put(self.hook(stored))
        self.rollout = Rollout(store, self.presence, now, self.say)
        self._online: set[str] = set()
        self._in_safe_mode: set[str] = set()  # devices that said so and have not told their modules yet
        self._modules: dict[str, tuple[dict[str, Any], ...]] = {}  # of devices described in their present session
        self._devices: DeviceService | None = None

    def attach(self, devices: DeviceService) -> None:
        """Name the device service; once, before anything is served."""
        self._devices = devices
        self.rollout.attach(devices)

    @property
    def devices(self) -> DeviceService:
        """The device service."""
        assert self._devices is not None, "the device service was not attached"
        return self._devices

    @property
    def online_count(self) -> int:
        """How many devices have a session."""
        return len(self._online)

    async def close(self) -> None:
        """End all streams and write what is not written yet.

        :raises RigError: the disk did not take all of it
        """
        self.bus.close()
        await self.webhooks.close()
        await self.rollout.close()
        self.flush()

    def flush(self) -> None:
        """Write what is written in batches: presence and events.

        :raises RigError: the disk did not take all of it
        """
        if failed := [each.fault for each in self.writing if not each.once()]:
            raise RigError(f"presence and events of the last while could not be written: {failed[0]}")

    @property
    def faults(self) -> list[str]:
        """What fails now of what is done in the background, with why; empty when all is well."""
        return [f"{each.what}: {each.fault}" for each in self.writing if each.fault is not None]

    # --- who asks ----------------------------------------------------------------------------------------------------

    def principal(self, token: Token) -> Principal | None:
        """Whom a token stands for; None if the account is gone."""
        return self._principals((token.kind, token.subject))

    def _principal(self, account: tuple[TokenKind, str]) -> Principal | None:
        kind, subject = account
        match kind:
            case "user":
                roles, organizations = self.store.products.roles(subject), self.store.organizations.roles(subject)
                return Principal("user", subject, roles=roles, organizations=organizations)
            case "customer":
                customer = self.store.customers.get(subject)
                return None if customer is None else Principal("customer", customer.id, product=customer.product_id)
            case "product":
                return Principal("product", subject, product=int(subject))
            case "api user":
                return self._api_user(subject)

    def _api_user(self, api_user_id: str) -> Principal | None:
        found = self.store.api_users.get(api_user_id)
        if found is None:
            return None
        products, organizations = {found.product_id}, {}
        if found.organization_id is not None:
            products = {product.id for product in self.store.products.of_organization(found.organization_id)}
            organizations = {found.organization_id: Role.VIEW_ONLY}
        roles = {product: Role.VIEW_ONLY for product in products if product is not None}
        return Principal("api user", found.id, roles=roles, organizations=organizations, scopes=found.scopes)

    def reachable(self, device: Device) -> bool:
        """Whether the device has a session that may be used; a quarantined device is as good as offline (a choice)."""
        return device.state.quarantine is None and self.devices.online(device.id)

    def revoke_all(self, kind: TokenKind, subject: str, *, keep: Token | None = None) -> None:
        """End all tokens of an account and their streams, but for the one to keep."""
        with self.store.write():
            for token in self.store.tokens.of(kind, subject):
                if token != keep:
                    self.revoke(token)

    def revoke(self, token: Token) -> None:
        """End a token and the streams opened with it."""
        with self.store.write():
            self.store.tokens.revoke(token)
        self.bus.close_token(token.hash)

    # --- webhooks ----------------------------------------------------------------------------------------------------

    def hook(self, stored: StoredHook) -> Hook:
        """A kept hook, ready to fire."""
        if stored.owner_kind == "user":
            scope = HookScope(owner=Owner("user", stored.owner_id))
        elif stored.owner_kind == "product":
            scope = HookScope(products=frozenset({int(stored.owner_id)}))
        else:
            products = self.store.products.of_organization(stored.owner_id)
            scope = HookScope(products=frozenset(product.id for product in products))
        return Hook(stored.id, scope, HookConfig.read(stored.fields))

    def products_changed(self, organization_id: str) -> None:
        """An organization has another product: its webhooks fire for that one too."""
        for stored in self.store.hooks.of("org", organization_id):
            self.hooks_changed(stored.id)

    def hooks_changed(self, hook_id: str) -> None:
        """A hook was created, changed or deleted in the store."""
        stored = self.store.hooks.get(hook_id)
        if stored is None:
            self.webhooks.drop(hook_id)
        else:
            self.webhooks.put(self.hook(stored))

    # --- events ------------------------------------------------------------------------------------------------------

    def publish(self, event: Event) -> None:
        """Show an event to the streams that may see it, the devices that listen to it and the hooks it fires.

        An event that a webhook's request brings about counts as the webhook's own. What Device OS says of its own
        device reaches no other one: some of it another would act on.
        """
        if asked_by_hook.get() and not event.of_hook:
            event = replace(event, of_hook=True)
        self.bus.publish(event)
        self.history.note(event)
        self.webhooks.offer(event)
        if self._devices is not None and event.name not in SAID_BY_DEVICES:
            deliver(self._devices, event, lambda device_id, scope: self._reaches(event, device_id, scope))

    def _reaches(self, event: Event, device_id: str, scope: str) -> bool:
        if scope not in ("mine", "all") and not (event.device or "").startswith(scope):
            return False  # it listens to one device; after it reconnected that is named by its first digits alone
        device = self.store.devices.get(device_id)
        if device is None or device.state.quarantine is not None:
            return False
        return self.era.reaches(event, Receiver(device.state.owner, device.state.product, scope))

    def say(self, device_id: str, name: str, data: str | None, ttl: int = 60, private: bool = True) -> None:
        """Publish an event of a device."""
        device = self.store.devices.get(device_id)
        if device is None or device.state.quarantine is not None:
            return
        self.publish(
            Event(
                name,
                data,
                coreid=device_id,
                published_at=self.now(),
                device=device_id,
                owner=device.state.owner,
                product=device.state.product,
                ttl=ttl,
                private=private,
            )
        )

    def owner_changed(self, device: Device, former: Owner | None) -> None:
        """Tell both owners and the product, each once, that a device changed hands; of the other, only the kind."""
        kinds = {"from": former and former.kind, "to": device.state.owner and device.state.owner.kind}
        event = Event(
            "photonrig/device/owner",
            json.dumps(kinds),
            coreid=device.id,
            published_at=self.now(),
            device=device.id,
            owner=device.state.owner,
            product=device.state.product,
        )
        if former is not None:
            self.publish(replace(event, owner=former, product=None))
        self.publish(event)

    # --- what devices report (DeviceCallbacks) -----------------------------------------------------------------------

    def public_key(self, device_id: str) -> bytes | None:
        """The enrolled key of a device."""
        device = self.store.devices.get(device_id)
        return None if device is None else device.public_key

    def admit(self, device_id: str, public_key: bytes) -> bool:
        """Enrol an unknown device under the key it presents, if this cloud was told to."""
        if not self.settings.admit_unknown:
            _log.info("device %s is unknown and was not admitted", device_id)
            return False
        with self.store.write():
            self.store.devices.add(device_id, public_key, PHOTON_PLATFORM)
        _log.info("device %s was unknown and is now enrolled", device_id)
        return True

    async def came_online(self, device_id: str, hello: Hello) -> None:
        """A session is up."""
        device = self.store.devices.get(device_id)
        if device is None:
            return
        self.presence.said_hello(device_id, hello)
        self._modules.pop(device_id, None)
        self._in_safe_mode.discard(device_id)
        self._online.add(device_id)
        if device.state.platform != hello.platform_id and device.state.product is None:
            with self.store.write():
                device = self.store.devices.set_platform(device_id, hello.platform_id)
        self.ownership.firmware_names_product(device, hello.product_id)
        self.say(device_id, "spark/status", "online")
        if self.store.targets.of(device).forced:
            self.devices.send_event(device_id, "particle/device/updates/forced", "true")

    async def went_offline(self, device_id: str) -> None:
        """The session ended."""
        self._online.discard(device_id)
        self._in_safe_mode.discard(device_id)
        self._modules.pop(device_id, None)
        self.say(device_id, "spark/status", "offline")

    async def described(self, device_id: str, describe: Describe) -> None:
        """The device told what it offers."""
        self.presence.was_described(device_id, describe)
        self._modules[device_id] = describe.modules
        if device_id in self._in_safe_mode:
            self._tell_safe_mode(device_id)
        app_hash = next((each.get("u") for each in describe.modules if each.get("f") == "u"), None)
        if isinstance(app_hash, str) and self.presence.runs(device_id, app_hash):
            self.say(device_id, "spark/device/app-hash", app_hash)
        self.rollout.consider(device_id)

    def _tell_safe_mode(self, device_id: str) -> None:
        """The device runs no application: tell which modules it has, once in a session."""
        self._in_safe_mode.discard(device_id)
        self.say(device_id, "spark/status/safe-mode", json.dumps({"m": list(self._modules[device_id])}))

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        """The device published an event; one whose name is not a device's to say is dropped."""
        self.presence.heard(device_id)
        if event.name not in SAID_BY_DEVICES and is_reserved(event.name):
            _log.info("device %s: dropped an event of the reserved name %r", device_id, event.name)
            return
        if event.name in DEVICE_NAME and not event.data:
            # A question to the cloud; passed on, it would reach the device that asked as an empty answer.
            self._tell_name(device_id, event.name)
            return
        if event.name == SAFE_MODE:
            self._in_safe_mode.add(device_id)
            if device_id in self._modules:
                self._tell_safe_mode(device_id)
        if event.name == UPDATES_ENABLED:
            self.presence.takes_updates(device_id, event.data == "true")
            self.rollout.consider(device_id)
        self.say(device_id, event.name, event.data, event.ttl, event.private)

    def _tell_name(self, device_id: str, name: str) -> None:
        """An application asks what its device is called, by an event without data; the answer is one of that name."""
        device = self.store.devices.get(device_id)
        if device is not None and device.name is not None:
            self.devices.send_event(device_id, name, device.name)

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        """The device presented a claim code; True if it may forget it."""
        device = self.store.devices.get(device_id)
        return device is not None and self.ownership.claim_by_code(device, code)

    async def update_progress(self, device_id: str, status: str) -> None:
        """An update began or ended."""
        self.say(device_id, "spark/flash/status", status)
