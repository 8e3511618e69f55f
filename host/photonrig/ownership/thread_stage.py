"""What the claim thread is shown on: a cloud of each era with devices, and one with the extensions."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.bench.clock import Clock
from photonrig.ownership.hook_receiver import HookReceiver
from photonrig.ownership.virtual_stand import Extended, VirtualStand

__all__ = ["ThreadStage"]


@dataclass(frozen=True, slots=True)
class ThreadStage:
    """A stand per era, the cloud with extensions, who is called by webhooks, and what it takes to set up a device."""

    before: VirtualStand
    after: VirtualStand
    today: VirtualStand
    extended: Extended
    hooks: HookReceiver
    wifi_ssid: str
    wifi_password: str
    clock: Clock
