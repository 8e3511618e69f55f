"""Targets of the forum thread's checks: a cloud of each era with devices, and one with the extensions."""

from __future__ import annotations

from dataclasses import dataclass

from photonrig.clock import Clock
from photonrig.scenarios.hook_receiver import HookReceiver
from photonrig.scenarios.virtual_target import Extended, VirtualTarget


@dataclass(frozen=True, slots=True)
class ForumTarget:
    """A target per era, the cloud with extensions, a webhook receiver, and the Wi-Fi for set-up."""

    before: VirtualTarget
    after: VirtualTarget
    today: VirtualTarget
    extended: Extended
    hooks: HookReceiver
    wifi_ssid: str
    wifi_password: str
    clock: Clock
