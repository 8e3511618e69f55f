"""A bench in use: the slots of a ``rig.toml``, held by this process, and the cloud their devices talk to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from photonrig.bench.config import RigConfig, SlotConfig
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.lock import hold, holder_of
from photonrig.bench.recovery import Quarantine
from photonrig.bench.rig import CloudTarget
from photonrig.bench.slots.flasher import CliFlasher
from photonrig.bench.slots.real.labgrid import Place, acquired, install_labgrid
from photonrig.bench.slots.real.slot import path_of, real_slot
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_project, variant_project
from photonrig.errors import UsageError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Product, Token

__all__ = ["BenchSession", "is_free", "open_bench"]

_PARTICLE: Final = "https://api.particle.io"
# Secrets of a run on Particle's cloud come from the environment and stay out of every file.
_TOKEN: Final = "PHOTONRIG_TOKEN"  # noqa: S105
_CLIENT_ID: Final = "PHOTONRIG_CLIENT_ID"
_CLIENT_SECRET: Final = "PHOTONRIG_CLIENT_SECRET"  # noqa: S105


@dataclass(frozen=True, slots=True)
class BenchSession:
    """Slots by name, in the order of the file; ``lab`` is None at Particle's cloud.

    ``targets`` is the cloud for each slot's device, which differs by product: on the local cloud each variant has one.
    """

    config: RigConfig
    slots: Mapping[str, Slot]
    targets: Mapping[str, CloudTarget]
    lab: Lab | None
    firmware: Mapping[str, Path]

    @property
    def target(self) -> CloudTarget:
        """The cloud as the first slot has it."""
        return next(iter(self.targets.values()))

    def image(self, slot: SlotConfig) -> Path | None:
        """The module a virtual slot's variant is built as; None for a board, whose image the cloud compiles."""
        return self.firmware[slot.variant] if slot.virtual else None


@contextmanager
def open_bench(
    config: RigConfig,
    tools: Toolchain,
    *,
    slots: Sequence[str] | None = None,
    account: str | None = None,
    state: Path | None = None,
    wait: float | None = None,
    projects: Mapping[str, Path] | None = None,
    quarantined: bool = False,
) -> Iterator[BenchSession]:
    """Hold the named slots, or all, inside the block.

    ``account`` is the account at Particle's cloud that this run may touch, ``state`` a folder for the local cloud and
    the virtual devices, ``wait`` how long to wait for slots another run holds (seconds; the file's by default),
    ``projects`` firmware folders by variant. Slots in quarantine are an error, unless ``quarantined``.

    :raises Busy: another run holds a slot
    :raises Quarantined: a slot is out of use
    :raises UsageError: no such slot, or nobody named the account
    """
    config.allow_account(account)
    chosen = [config.slot(name) for name in slots] if slots is not None else list(config.slots)
    with ExitStack() as stack:
        for slot in chosen:
            if not quarantined:
                Quarantine(config.path).refuse(slot.name)
            stack.enter_context(hold(_path(config, slot), wait=config.timeouts.lock if wait is None else wait))
        with tools.alone():
            if any(slot.virtual for slot in chosen):
                tools.native()
            script = tools.particle_cli()
            firmware = {
                name: build_project(tools, name, projects[name] if projects else variant_project(tools, name))
                for name in {slot.variant for slot in chosen if slot.virtual}
            }
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
        if config.cloud == "particle":
            yield _at_particle(stack, config, chosen, tools, script, work)
        else:
            yield _at_local_cloud(stack, config, chosen, tools, script, work, state, firmware)


def is_free(config: RigConfig, slot: SlotConfig) -> bool:
    """Whether no run holds a slot at this moment."""
    return holder_of(_path(config, slot)) is None


def _path(config: RigConfig, slot: SlotConfig) -> str:
    return f"virtual:{config.path.resolve()}:{slot.name}" if slot.virtual else path_of(slot)


def _at_local_cloud(
    stack: ExitStack,
    config: RigConfig,
    chosen: Sequence[SlotConfig],
    tools: Toolchain,
    script: Path,
    work: Path,
    state: Path | None,
    firmware: Mapping[str, Path],
) -> BenchSession:
    virtual = [slot for slot in chosen if slot.virtual]
    boards = [slot for slot in chosen if not slot.virtual]
    place = config.local_cloud
    folder = place.state or state
    if folder is not None:
        # One state, one cloud.
        stack.enter_context(hold(f"lab:{folder.resolve()}"))
    # A lab's devices take the variants in turn, so there are as many of each as the commonest one needs.
    most = max((sum(slot.variant == name for slot in virtual) for name in firmware), default=0)
    lab = Lab(
        folder or work / "lab",
        vphoton=tools.vphoton,
        sdk=tools.sdk,
        firmware=firmware,
        photons=len(firmware) * most,
        api_port=place.api_port,
        device_port=place.device_port,
        host=place.host,
        admit_unknown=bool(boards),
    )
    with step(f"starting the local cloud{f', virtual Photons: {len(virtual)}' if virtual else ''}"):
        stack.enter_context(lab)
    for board in boards:
        if board.device_id:
            lab.team.import_devices(_product(lab, board.variant).id, [board.device_id])

    def make_cli(name: str, equipment: Mapping[str, str] | None = None) -> ParticleCli:
        cli = ParticleCli(tools.node, script, work / f"home-{name}", lab.local_cloud.api, equipment=equipment)
        cli.use(USERNAME, lab.central.access_token)
        return cli

    slots = {}
    fielded = [device for device in lab.devices if device.fielded]
    for config_slot in chosen:
        name = config_slot.name
        if config_slot.virtual:
            device = next(device for device in fielded if device.variant == config_slot.variant)
            fielded.remove(device)
            photon = lab.photons[device.name]
            slot = photon.slot
            serial = slot.need("serial", slot.serial)
            cli = make_cli(name, usb_environment([photon.control_path]))
            slots[name] = replace(slot, name=name, flasher=CliFlasher(cli, slot.device_id, serial))
        else:
            elsewhere = _place(stack, config, config_slot, tools)
            slots[name] = real_slot(config_slot, config.timeouts, make_cli(name), place=elsewhere)
    # A lab has clients for the variants of its virtual devices.
    clients = {
        variant: lab.clients.get(variant) or lab.team.create_client("bench", product=_product(lab, variant).id)
        for variant in {slot.variant for slot in chosen}
    }
    wifi = (AIR[0].ssid, AIR[0].password) if virtual else _network(config)
    targets = {
        slot.name: CloudTarget(
            cloud=lab.cloud,
            central=lab.central,
            product_id=_product(lab, slot.variant).id,
            client=clients[slot.variant],
            wifi=wifi,
            make_cli=lambda: make_cli("run"),
        )
        for slot in chosen
    }
    return BenchSession(config, slots, targets, lab, firmware)


def _product(lab: Lab, variant: str) -> Product:
    if variant not in lab.products:
        raise UsageError(f"the local cloud has no product for {variant}; it has {', '.join(lab.products)}")
    return lab.products[variant]


def _at_particle(
    stack: ExitStack, config: RigConfig, chosen: Sequence[SlotConfig], tools: Toolchain, script: Path, work: Path
) -> BenchSession:
    cloud = stack.enter_context(Cloud(_PARTICLE))
    token = Token(_secret(_TOKEN, "an access token of the account"))
    team = cloud.using(token)
    if (actual := team.username()) != config.account:
        raise UsageError(f"{_TOKEN} belongs to {actual}, and {config.path} works on {config.account}")
    client = ClientCredentials(os.environ.get(_CLIENT_ID, ""), os.environ.get(_CLIENT_SECRET, ""))

    def make_cli(name: str = "run") -> ParticleCli:
        cli = ParticleCli(tools.node, script, work / f"home-{name}", _PARTICLE)
        cli.use(config.account, token.access_token)
        return cli

    slots = {
        slot.name: real_slot(slot, config.timeouts, make_cli(slot.name), place=_place(stack, config, slot, tools))
        for slot in chosen
    }
    assert config.product is not None
    target = CloudTarget(cloud, token, config.product, client, _network(config), make_cli)
    return BenchSession(config, slots, dict.fromkeys(slots, target), None, {})


def _place(stack: ExitStack, config: RigConfig, slot: SlotConfig, tools: Toolchain) -> Place | None:
    if slot.place is None or config.labgrid is None:
        return None
    return stack.enter_context(acquired(install_labgrid(tools), config.labgrid, slot.place))


def _network(config: RigConfig) -> tuple[str, str]:
    variable = config.wifi_password_variable
    return config.wifi_ssid or "", os.environ.get(variable, "") if variable else ""


def _secret(variable: str, what: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise UsageError(f"set {variable} to {what}; it is never read from a file")
    return value
