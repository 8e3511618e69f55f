"""An open bench: locks slots, builds firmware, starts the cloud."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import structs

from photonrig.bench.config import RigConfig, SlotConfig
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.lock import Busy, hold, holder_of
from photonrig.bench.quarantine import Quarantine
from photonrig.bench.slots.flasher import CliFlasher
from photonrig.bench.slots.real.labgrid import Place, acquired, install_labgrid
from photonrig.bench.slots.real.slot import path_of, real_slot, serial_link
from photonrig.bench.slots.slot import SerialLink, Slot
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.bench.target import CloudTarget
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_project, build_variant
from photonrig.errors import UsageError
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud import ClientCredentials, Cloud, Product, Token
from photonrig.particle.module import parse_module

_PARTICLE: Final = "https://api.particle.io"
# Secrets for Particle's cloud come from the environment and are written to no file.
_TOKEN: Final = "PHOTONRIG_TOKEN"  # noqa: S105
_CLIENT_ID: Final = "PHOTONRIG_CLIENT_ID"
_CLIENT_SECRET: Final = "PHOTONRIG_CLIENT_SECRET"  # noqa: S105


@dataclass(frozen=True, slots=True)
class BenchSession:
    """Slots by name, in file order; ``lab`` is None at Particle's cloud.

    ``targets`` is the cloud for each slot's device; on the local cloud each variant has its own product.
    """

    config: RigConfig
    slots: Mapping[str, Slot]
    targets: dict[str, CloudTarget]
    lab: Lab | None
    firmware: Mapping[str, Path]
    make: Callable[[SlotConfig], tuple[Slot, CloudTarget]]
    own_build: bool = False

    @property
    def target(self) -> CloudTarget:
        """The cloud with the first slot's product."""
        return next(iter(self.targets.values()))

    @contextmanager
    def more(self, like: str, count: int) -> Iterator[list[tuple[Slot, CloudTarget]]]:
        """``count`` more slots with the firmware of the slot ``like``, held inside the block.

        Beside a virtual Photon others are started, which lose their power at the end; beside a board, other slots of
        its variant are held that are free and not in quarantine.

        :raises UsageError: the bench has not so many boards of this variant that are free
        """
        first = self.config.slot(like)
        with ExitStack() as stack:
            if first.virtual and (lab := self.lab) is not None:
                slots = [structs.replace(first, name=f"{like}-{number + 2}") for number in range(count)]
                for slot in slots:
                    stack.enter_context(hold(lock_path(self.config, slot)))
                stack.callback(lab.cut_power, [slot.name for slot in slots])
                lab.add({slot.name: slot.variant for slot in slots}, first.peripherals)
            else:
                slots = self._boards(stack, first, count)
            made = {slot.name: self.make(slot) for slot in slots}
            self.targets.update({name: target for name, (_, target) in made.items()})
            yield list(made.values())

    def _boards(self, stack: ExitStack, first: SlotConfig, count: int) -> list[SlotConfig]:
        found: list[SlotConfig] = []
        quarantine = Quarantine(self.config.path)
        alike = [slot for slot in self.config.slots if slot.variant == first.variant and not slot.virtual]
        for slot in alike:
            if len(found) < count and slot != first and quarantine.reason(slot.name) is None:
                with suppress(Busy):
                    stack.enter_context(hold(lock_path(self.config, slot)))
                    found.append(slot)
        if len(found) < count:
            raise UsageError(
                f"{count + 1} devices are wanted, and {self.config.path} has {len(alike)} boards of {first.variant}, "
                f"{len(found) + 1} of them free for this test"
            )
        return found

    def image(self, slot: SlotConfig, project: Path, save_to: Path, *, device_os: str = "") -> Path:
        """Module of a slot's variant: built here, or for a board compiled by the cloud, unless ``own_build``.

        ``device_os``: the release the cloud compiles for; empty: its latest.

        :raises UsageError: see :meth:`check`
        """
        if slot.virtual or self.own_build:
            return self.firmware[slot.variant]
        with step("compiling for the Photon in the cloud"):
            self.target.make_cli().compile(project, save_to, device_os=device_os)
        self.check(slot, save_to)
        return save_to

    def check(self, slot: SlotConfig, image: Path) -> None:
        """Check that a module may be flashed into a slot.

        :raises UsageError: of photonrig's own build into a board, without ``own_build``
        """
        if not slot.virtual and not self.own_build and parse_module(image.read_bytes()).own_build:
            raise UsageError(
                f"slot {slot.name} is a board, and {image.name} is photonrig's own build, which no board has run yet: "
                "compile it at Particle, or add --own-build"
            )


@contextmanager
def open_bench(
    config: RigConfig,
    tools: Toolchain,
    *,
    slots: Sequence[str] | None = None,
    account: str | None = None,
    state: Path | None = None,
    wait: float | None = None,
    projects: Mapping[str, Path] = MappingProxyType({}),
    quarantined: bool = False,
    own_build: bool = False,
    device_os: str = "",
) -> Iterator[BenchSession]:
    """Hold the named slots, or all, inside the block.

    ``account``: the account at Particle's cloud this run may touch; ``state``: folder for the local cloud and the
    virtual devices; ``wait``: seconds to wait for slots another run holds (default: the file's); ``projects``: firmware
    by variant, in place of photonrig's own; folders, source files or ``.bin`` files. Slots in quarantine are an error,
    unless ``quarantined``. ``own_build``: boards get what is built here, too. ``device_os``: the release that virtual
    devices have; empty: the latest.

    :raises Busy: another run holds a slot
    :raises Quarantined: a slot is out of use
    :raises UsageError: no such slot, or the account was not named
    """
    config.allow_account(account)
    chosen = [config.slot(name) for name in slots] if slots is not None else list(config.slots)
    with ExitStack() as stack:
        for slot in chosen:
            if not quarantined:
                Quarantine(config.path).refuse(slot.name)
            stack.enter_context(hold(lock_path(config, slot), wait=config.timeouts.lock if wait is None else wait))
        with tools.alone():
            if any(slot.virtual for slot in chosen):
                tools.native()
            firmware = {
                name: _module(tools, name, projects.get(name))
                for name in {slot.variant for slot in chosen if slot.virtual or own_build}
            }
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
        if config.cloud == "particle":
            session = _at_particle(stack, config, chosen, tools, work)
        else:
            session = _at_local_cloud(stack, config, chosen, tools, work, state, firmware, device_os)
        yield replace(session, firmware=firmware, own_build=own_build)


def _module(tools: Toolchain, variant: str, project: Path | None) -> Path:
    if project is not None and project.suffix == ".bin":
        return project
    return build_variant(tools, variant) if project is None else build_project(tools, variant, project)


@contextmanager
def serial_of(config: RigConfig, slot: SlotConfig, tools: Toolchain) -> Iterator[SerialLink]:
    """Hold a board's slot inside the block, for its serial link alone: no cloud is touched.

    :raises Busy: another run holds it
    """
    with ExitStack() as stack:
        stack.enter_context(hold(lock_path(config, slot), wait=config.timeouts.lock))
        place = _place(stack, config, slot, tools)
        yield serial_link(slot) if place is None else place.serial


def is_free(config: RigConfig, slot: SlotConfig) -> bool:
    """Whether no run holds a slot right now."""
    return holder_of(lock_path(config, slot)) is None


def lock_path(config: RigConfig, slot: SlotConfig) -> str:
    """What a run locks before it touches a slot."""
    return f"virtual:{config.path.resolve()}:{slot.name}" if slot.virtual else path_of(slot)


def _at_local_cloud(
    stack: ExitStack,
    config: RigConfig,
    chosen: Sequence[SlotConfig],
    tools: Toolchain,
    work: Path,
    state: Path | None,
    firmware: Mapping[str, Path],
    device_os: str,
) -> BenchSession:
    virtual = {slot.name: slot.variant for slot in chosen if slot.virtual}
    boards = [slot for slot in chosen if not slot.virtual]
    folder = config.state or state
    if folder is not None:
        # One cloud per state folder.
        stack.enter_context(hold(f"lab:{folder.resolve()}"))
    lab = Lab(
        folder or work / "lab",
        vphoton=tools.vphoton,
        sdk=tools.sdk(),
        firmware=firmware,
        photons=virtual,
        api_port=config.local_cloud.api_port,
        device_port=config.local_cloud.device_port,
        host=config.local_cloud.host,
        admit_unknown=bool(boards),
        rig=config.path,
        device_os=device_os,
        models={slot.name: slot.peripherals for slot in chosen},
    )
    with step(f"starting the local cloud and virtual Photons ({len(virtual)})"):
        stack.enter_context(lab)
    if folder is None:
        # Nothing is kept, so its devices need no orderly end.
        stack.callback(lab.kill)

    def make_cli(name: str, *photons: str) -> ParticleCli:
        """The CLI with these slots' virtual Photons plugged in; without any, it sees this machine's USB."""
        equipment = usb_environment(lab.photons[photon].control_path for photon in photons) if photons else None
        return _cli(tools, work / f"home-{name}", lab.local_cloud.api, USERNAME, lab.central, equipment)

    # A lab has clients for the variants of its virtual devices only.
    clients = {
        variant: lab.clients.get(variant) or lab.team.create_client("bench", product=_product(lab, variant).id)
        for variant in {slot.variant for slot in chosen}
    }

    def make(slot: SlotConfig) -> tuple[Slot, CloudTarget]:
        if slot.virtual:
            made = lab.photons[slot.name].slot
            flasher = CliFlasher(
                partial(make_cli, slot.name, slot.name), made.device_id, made.need("serial", made.serial)
            )
            made = replace(made, flasher=flasher)
        else:
            if slot.device_id:
                lab.team.import_devices(_product(lab, slot.variant).id, [slot.device_id])
            place = _place(stack, config, slot, tools)
            made = real_slot(slot, config.timeouts, partial(make_cli, slot.name), place=place)
        return made, CloudTarget(
            cloud=lab.cloud,
            central=lab.central,
            product_id=_product(lab, slot.variant).id,
            client=clients[slot.variant],
            wifi=(AIR[0].ssid, AIR[0].password) if slot.virtual else config.wifi,
            make_cli=partial(make_cli, "run", *virtual),
            device_server=(lab.local_cloud.device_host, lab.local_cloud.device_port),
        )

    return _session(config, chosen, make, lab, firmware)


def _session(
    config: RigConfig,
    chosen: Sequence[SlotConfig],
    make: Callable[[SlotConfig], tuple[Slot, CloudTarget]],
    lab: Lab | None,
    firmware: Mapping[str, Path],
) -> BenchSession:
    made = {slot.name: make(slot) for slot in chosen}
    slots = {name: slot for name, (slot, _) in made.items()}
    targets = {name: target for name, (_, target) in made.items()}
    return BenchSession(config, slots, targets, lab, firmware, make)


def _cli(
    tools: Toolchain,
    home: Path,
    api: str,
    username: str | None,
    token: Token,
    equipment: Mapping[str, str] | None = None,
) -> ParticleCli:
    with tools.alone():
        script = tools.particle_cli()
    cli = ParticleCli(tools.node, script, home, api, equipment=equipment)
    cli.use(username, token.access_token)
    return cli


def _product(lab: Lab, variant: str) -> Product:
    if variant not in lab.products:
        raise UsageError(f"the local cloud has no product for {variant}; it has {', '.join(lab.products)}")
    return lab.products[variant]


def _at_particle(
    stack: ExitStack, config: RigConfig, chosen: Sequence[SlotConfig], tools: Toolchain, work: Path
) -> BenchSession:
    cloud = stack.enter_context(Cloud(_PARTICLE))
    token = Token(_secret(_TOKEN, "an access token of the account"))
    team = cloud.using(token)
    if (actual := team.username()) != config.account:
        raise UsageError(f"{_TOKEN} belongs to {actual}, and {config.path} works on {config.account}")
    client = ClientCredentials(os.environ.get(_CLIENT_ID, ""), os.environ.get(_CLIENT_SECRET, ""))

    def make_cli(name: str) -> ParticleCli:
        return _cli(tools, work / f"home-{name}", _PARTICLE, config.account, token)

    assert config.product is not None
    target = CloudTarget(cloud, token, config.product, client, config.wifi, partial(make_cli, "run"))

    def make(slot: SlotConfig) -> tuple[Slot, CloudTarget]:
        place = _place(stack, config, slot, tools)
        return real_slot(slot, config.timeouts, partial(make_cli, slot.name), place=place), target

    return _session(config, chosen, make, None, {})


def _place(stack: ExitStack, config: RigConfig, slot: SlotConfig, tools: Toolchain) -> Place | None:
    if slot.place is None or config.labgrid is None:
        return None
    return stack.enter_context(acquired(install_labgrid(tools), config.labgrid.coordinator, slot.place))


def _secret(variable: str, what: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise UsageError(f"set {variable} to {what}; it is never read from a file")
    return value
