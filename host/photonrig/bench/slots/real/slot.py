"""A slot of ``rig.toml`` as capabilities: each entry becomes the adapter it names, what is not there stays None."""

from __future__ import annotations

from collections.abc import Callable

from photonrig.bench.config import Driver, HubPort, SlotConfig, Switch, Timeouts
from photonrig.bench.slots.flasher import CliFlasher
from photonrig.bench.slots.real.buttons import Button, contact
from photonrig.bench.slots.real.labgrid import Place
from photonrig.bench.slots.real.power import CommandPower, DriverPower, UhubctlPower
from photonrig.bench.slots.real.serial import UrlSerial, UsbSerial
from photonrig.bench.slots.real.wifi import RealSoftApLink, adapter_for
from photonrig.bench.slots.slot import Power, SerialLink, Slot
from photonrig.errors import UsageError
from photonrig.invocation import command
from photonrig.particle.cli import ParticleCli


def path_of(slot: SlotConfig) -> str:
    """The physical path a run locks before it touches the slot."""
    if slot.usb is not None:
        return f"usb:{slot.usb}"
    return f"serial:{slot.serial}" if slot.serial is not None else f"place:{slot.place}"


def real_slot(
    config: SlotConfig, timeouts: Timeouts, make_cli: Callable[[], ParticleCli], *, place: Place | None = None
) -> Slot:
    """The slot; ``place`` is the labgrid place it names, acquired.

    :raises UsageError: it does not say which device is in it
    """
    if config.device_id is None:
        raise UsageError(f"slot {config.name} has no device_id; {command('doctor --write')} finds it out")
    serial = serial_link(config) if place is None else place.serial
    setup, reset, wifi = config.setup, config.reset, config.wifi
    return Slot(
        name=config.name,
        device_id=config.device_id,
        serial=serial,
        power=place if place is not None and place.has_power else _power(config.power),
        setup_button=None if setup is None else Button(contact(setup, f"SETUP of slot {config.name}")),
        reset=None if reset is None else Button(contact(reset, f"RESET of slot {config.name}")),
        softap_link=None
        if wifi is None
        else RealSoftApLink(
            adapter_for(wifi), name=wifi.adapter, device_id=config.device_id, ssid=wifi.ssid, timeout=timeouts.join
        ),
        flasher=CliFlasher(make_cli, config.device_id, serial),
    )


def serial_link(config: SlotConfig) -> SerialLink:
    """The serial link of a slot with a USB path or a URL.

    :raises UsageError: it has neither
    """
    if config.usb is not None:
        return UsbSerial(config.usb)
    if config.serial is not None:
        return UrlSerial(config.serial)
    raise UsageError(f"slot {config.name} is the labgrid place {config.place}, which is not acquired")


def _power(means: HubPort | Driver | Switch | None) -> Power | None:
    if isinstance(means, Driver):
        return DriverPower(means)
    if isinstance(means, HubPort):
        return UhubctlPower(means)
    return None if means is None else CommandPower(means)
