"""Work of ``photonrig flash``: builds firmware, flashes a slot's device, and verifies that it runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photonrig.bench.config import SLOT_NAME, RigConfig, SlotConfig, load_config, virtual_config
from photonrig.bench.identity import Heard, await_device
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import Flasher, Slot
from photonrig.bench.target import CloudTarget
from photonrig.build.project import collect_project
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, build_variant, variant_project
from photonrig.cli.firmware_path import module_of, read_application
from photonrig.cli.source_changes import changes
from photonrig.clock import SYSTEM, NotSeen
from photonrig.errors import ExpectationFailed, ModuleError, UsageError
from photonrig.invocation import program
from photonrig.particle.module import Module

_USUAL = Path("rig.toml")


def run_flash(
    tools: Toolchain,
    what: str | Path,
    slot_name: str,
    rig: Path | None,
    *,
    by: str,
    account: str | None,
    own_build: bool,
    libraries: Path | None = None,
    watch: bool = False,
) -> None:
    """Flash a variant by its name, or a project, a source file or a module by its path; print what runs then.

    Without ``rig`` and a ``rig.toml`` here, the slot is a virtual Photon that is kept between runs. ``own_build``:
    boards get what is built here, too. ``libraries``: as in :func:`~photonrig.build.project.collect_project`.
    ``watch``: again after each change of the sources, until Ctrl-C.

    :raises UsageError: no such variant, slot or file
    :raises ModuleError: the file is no application for a Photon, or the sources do not compile
    :raises ExpectationFailed: it was flashed, and something else runs
    """
    ready = isinstance(what, Path) and what.suffix == ".bin"
    if ready:
        read_application(Path(what))  # refused before anything is opened
    elif isinstance(what, Path):
        collect_project(what, libraries)
    if watch and ready:
        raise UsageError("--watch goes with sources; a .bin is flashed once")
    config = _config(tools, rig, what, slot_name)
    wanted = config.slot(slot_name)
    if not isinstance(what, Path) and wanted.variant != what:
        raise UsageError(f"slot {slot_name} of {config.path} is wired for {wanted.variant}, not for {what}")
    # A slot of a project's own bench, on which no variant of photonrig's is.
    projects = {wanted.variant: what} if isinstance(what, Path) and wanted.variant not in VARIANTS else {}
    with open_bench(
        config,
        tools,
        slots=[slot_name],
        projects=projects,
        account=account,
        state=tools.work / "bench" / f"{config.name}-{slot_name}-{wanted.variant}",
        own_build=own_build,
    ) as bench:
        flashing = _Flashing(tools, bench, wanted, what, by, libraries)
        if not watch:
            flashing.once()
            return
        for _ in changes(_project(tools, what), libraries):
            try:
                flashing.once()
            except (ModuleError, UsageError, NotSeen, ExpectationFailed) as error:
                print(f"{program()}: {error}", file=sys.stderr)  # noqa: T201
            print("watching the sources until Ctrl-C", flush=True)  # noqa: T201


def _project(tools: Toolchain, what: str | Path) -> Path:
    return what if isinstance(what, Path) else variant_project(tools, what)


@dataclass(frozen=True, slots=True)
class _Flashing:
    """What is flashed, and where."""

    tools: Toolchain
    bench: BenchSession
    wanted: SlotConfig
    what: str | Path
    by: str
    libraries: Path | None

    def once(self) -> None:
        """Build it, flash it, and print what runs then."""
        name = self.wanted.name
        slot, target = self.bench.slots[name], self.bench.targets[name]
        ways: dict[str, Callable[[Flasher], Callable[..., None]]] = {
            "cloud": lambda flasher: flasher.over_cloud,
            "serial": lambda flasher: flasher.over_serial,
            "dfu": lambda flasher: flasher.over_dfu,
        }
        image = self._image()
        module = read_application(image)
        console = not isinstance(self.what, Path)  # any other firmware need not have one
        timeouts = self.bench.config.timeouts
        flasher = slot.need("flasher", slot.flasher)
        with step(f"flashing {_named(self.what, module)} into slot {name} by {self.by}"):
            begun, before = SYSTEM.now(), None if console else _handshake(slot, target)
            ways[self.by](flasher)(image, timeout=timeouts.flash)
        with step("waiting for the device"):
            if console:
                info = _alive(slot, self.bench.config, begun, self.wanted.variant, module.product_version)
                SYSTEM.wait_until(
                    lambda: target.team.ping(slot.device_id, target.product),
                    timeouts.online,
                    f"{slot.device_id} answering the cloud",
                )
                said = f"{info['fw']}, Device OS {info['device_os']}, online"
            else:
                said = _running(slot, target, self.bench.config, _named(self.what, module), module, before)
        print(f"slot {name}: {slot.device_id} runs {said}", flush=True)  # noqa: T201

    def _image(self) -> Path:
        firmware = self.tools.work / "firmware"
        if not isinstance(self.what, Path):
            project, saved = variant_project(self.tools, self.what), firmware / f"{self.what}-photon.bin"
            if self.wanted.virtual or self.bench.own_build:
                return build_variant(self.tools, self.what)
            return self.bench.image(self.wanted, project, saved)
        if self.what.suffix == ".bin":
            self.bench.check(self.wanted, self.what)
            return self.what
        if self.wanted.virtual or self.bench.own_build:
            return module_of(self.tools, self.what, self.libraries)
        return self.bench.image(self.wanted, self.what, firmware / f"project-{self.what.resolve().stem}-photon.bin")


def _named(what: str | Path, module: Module) -> str:
    return what.resolve().name if isinstance(what, Path) else f"{what} version {module.product_version}"


def _config(tools: Toolchain, rig: Path | None, what: str | Path, slot: str) -> RigConfig:
    if rig is None and not _USUAL.exists():
        if not re.fullmatch(SLOT_NAME, slot):
            raise UsageError(f"--slot {slot}: a slot's name is 1 to 32 letters, digits, dots, dashes or underscores")
        print(f"{program()}: there is no {_USUAL}; slot {slot} is a virtual Photon", file=sys.stderr)  # noqa: T201
        variant = VARIANTS[0] if isinstance(what, Path) else what
        return virtual_config(tools.work / "bench" / "virtual.toml", {slot: variant})
    return load_config(rig or _USUAL, None if isinstance(what, Path) else VARIANTS)


def _handshake(slot: Slot, target: CloudTarget) -> object:
    """When the device's present session with the cloud began; what it was before tells a new session."""
    return target.team.device(slot.device_id, target.product).raw.get("last_handshake_at")


def _running(slot: Slot, target: CloudTarget, config: RigConfig, name: str, module: Module, before: object) -> str:
    """What is seen of a module that need not have a bench console, once it runs.

    A virtual Photon tells the module's SHA-256; of a board, a session of its own with the cloud is seen.

    :raises NotSeen: not in time
    """
    timeout, monitor = config.timeouts.enumeration + config.timeouts.flash, slot.monitor
    if monitor is not None:
        SYSTEM.wait_until(lambda: monitor.application == module.sha256.hex(), timeout, f"{name} running")
        return name
    SYSTEM.wait_until(
        lambda: _handshake(slot, target) != before and target.team.ping(slot.device_id, target.product),
        timeout + config.timeouts.online,
        f"{slot.device_id} online again",
    )
    return f"{name}, online"


def _alive(slot: Slot, config: RigConfig, begun: float, variant: str, version: int | None) -> dict[str, Any]:
    """The firmware's ``info`` once it has restarted after ``begun``.

    :raises ExpectationFailed: another variant or version answers
    :raises NotSeen: no answer, or no restart
    """
    found: list[dict[str, Any]] = []

    def restarted(heard: Heard) -> bool:
        # Uptime is in whole seconds: one is added, so that a device that did not restart is never accepted.
        if heard.listening or heard.info["uptime"] + 1 >= SYSTEM.now() - begun:
            return False
        found.append(heard.info)
        return (heard.info["variant"], heard.info["version"]) == (variant, version)

    timeout = config.timeouts.enumeration + config.timeouts.flash
    try:
        return await_device(slot, timeout, f"{variant} {version} running", restarted).info
    except NotSeen:
        if found:
            raise ExpectationFailed(f"{found[-1]['fw']} runs, not {variant} {version}", device=slot.device_id) from None
        raise
