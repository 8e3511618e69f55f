"""One local cloud: its services, created in order of dependency."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from photonrig.clock import SYSTEM
from photonrig.errors import RigError
from photonrig.localcloud.background import Repeated
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.eras.all import era_named
from photonrig.localcloud.service.access import Access
from photonrig.localcloud.service.accounts import AccountService
from photonrig.localcloud.service.administration import Administration
from photonrig.localcloud.service.audit import Audit
from photonrig.localcloud.service.builds import BuildService
from photonrig.localcloud.service.bus import Bus
from photonrig.localcloud.service.clients import ClientService
from photonrig.localcloud.service.control import ControlService
from photonrig.localcloud.service.customers import CustomerService
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.device_reports import DeviceReports
from photonrig.localcloud.service.devices import DeviceService
from photonrig.localcloud.service.diagnostics import DiagnosticsService
from photonrig.localcloud.service.event_service import EventService
from photonrig.localcloud.service.flashing import FlashService
from photonrig.localcloud.service.grants import GrantService
from photonrig.localcloud.service.groups import GroupService
from photonrig.localcloud.service.history import History
from photonrig.localcloud.service.hooks import HookService
from photonrig.localcloud.service.libraries import LibraryService
from photonrig.localcloud.service.organizations import OrganizationService
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.product_firmware import FirmwareService
from photonrig.localcloud.service.products import ProductService
from photonrig.localcloud.service.provisioning import ProvisioningService
from photonrig.localcloud.service.rates import Rates
from photonrig.localcloud.service.rollout import Rollout
from photonrig.localcloud.service.teams import TeamService
from photonrig.localcloud.service.tokens import TokenService
from photonrig.localcloud.store import Store
from photonrig.localcloud.webhooks.dispatcher import HookLimits, Webhooks

_WRITE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a cloud.

    ``sdk``: what firmware is built with (:mod:`photonrig.build.sdk`); without it, compiling is disabled. With
    ``remote``, it needs ``allow_remote_compile``. ``webhook_hosts``: hosts webhooks may call besides this machine.
    ``allowed_origins``: origins whose pages may use the API besides this machine's, as browsers send them.
    ``admin_token``: enables ``/admin``. ``extensions``: enables the extensions.
    """

    admit_unknown: bool = False
    sdk: Path | None = None
    allow_remote_compile: bool = False
    remote: bool = False  # reachable from other machines
    era: str = "today"
    extensions: bool = False
    admin_token: str | None = field(default=None, repr=False)
    webhook_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()
    rate_limits: bool = False
    hook_limits: HookLimits = field(default_factory=HookLimits)


class Cloud:
    """The services of one local cloud; its ``hub`` is started with :attr:`reports`."""

    def __init__(
        self,
        store: Store,
        hub: DeviceHub,
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
        self.link = DeviceLink(hub)
        self.bus = Bus()
        self.rates = Rates(now) if settings.rate_limits else None
        self.presence = Presence(store, now)
        self.history = History(store, now)
        self.writing = (
            Repeated("writing presence", self.presence.flush, _WRITE_SECONDS),
            Repeated("writing events", self.history.flush, _WRITE_SECONDS),
        )
        self.audit = Audit(store, now)
        self.events = EventService(
            *(store, self.era, self.bus, self.history),
            lambda publish: Webhooks(
                publish,
                self.era.may_see,
                lambda device_id: self.presence.of(device_id).firmware_version,
                allowed_hosts=settings.webhook_hosts,
                now=now,
                sleep=sleep,
                limits=settings.hook_limits,
                answered=self.audit.hook_answered,
            ),
            *(self.link, now),
        )
        self.webhooks = self.events.webhooks
        self.tokens = TokenService(store, self.bus)
        self.access = Access(store, self.era)
        self.hooks = HookService(store, self.access, self.webhooks, now)
        self.ownership = OwnershipService(store, self.era, self.audit, self.events.owner_changed)
        self.accounts = AccountService(store, self.tokens, self.ownership, self.hooks.changed, now)
        self.clients = ClientService(store, self.era, self.access)
        self.grants = GrantService(store, self.era, self.tokens, self.clients, now)
        self.customers = CustomerService(store, self.tokens, self.clients, self.ownership, self.bus)
        self.products = ProductService(store, self.era, self.hooks.products_changed)
        self.organizations = OrganizationService(store, self.hooks.products_changed)
        self.teams = TeamService(store, self.tokens)
        self.libraries = LibraryService(store)
        allowed = settings.allow_remote_compile or not settings.remote
        self.builds = BuildService(store, self.libraries, settings.sdk, allowed=allowed)
        self.administration = Administration(store, self.ownership)
        self.rollout = Rollout(store, self.presence, self.link, now, self.events.say)
        self.groups = GroupService(store, self.presence, self.link, self.rollout)
        self.devices = DeviceService(store, self.era, self.presence, self.link, self.rollout, self.groups)
        self.control = ControlService(self.link, self.presence)
        self.flashing = FlashService(store, self.control, self.rollout)
        self.diagnostics = DiagnosticsService(store, self.control, self.events)
        self.firmware = FirmwareService(store, self.presence, self.rollout)
        self.provisioning = ProvisioningService(store, self.era, self.access, self.link)
        self.reports = DeviceReports(
            *(store, self.ownership, self.presence, self.events, self.rollout, self.link, now),
            admit_unknown=settings.admit_unknown,
        )

    async def close(self) -> None:
        """End all streams and write pending data.

        :raises RigError: the disk could not be written
        """
        self.bus.close()
        await self.webhooks.close()
        await self.rollout.close()
        self.flush()

    def flush(self) -> None:
        """Write batched data: presence and events.

        :raises RigError: the disk could not be written
        """
        if failed := [each.fault for each in self.writing if not each.once()]:
            raise RigError(f"presence and events of the last while could not be written: {failed[0]}")

    @property
    def faults(self) -> list[str]:
        """Failing background work with its error; empty when all is well."""
        return [f"{each.what}: {each.fault}" for each in self.writing if each.fault is not None]
