"""Work of ``photonrig flash``: builds a variant or takes a .bin, flashes a slot's device, and verifies that it runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photonrig.bench.config import SLOT_NAME, RigConfig, load_config, virtual_config
from photonrig.bench.identity import Heard, await_device
from photonrig.bench.session import open_bench
from photonrig.bench.slots.slot import Flasher, Slot
from photonrig.bench.target import CloudTarget
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, variant_project
from photonrig.clock import SYSTEM, NotSeen
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.files import file_error
from photonrig.invocation import program
from photonrig.particle.module import Module, check_user_part, parse_module

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
) -> None:
    """Flash a variant by its name or a module by its path, and print what runs then.

    Without ``rig`` and a ``rig.toml`` here, the slot is a virtual Photon that is kept between runs. ``own_build``:
    boards get what is built here, too.

    :raises UsageError: no such variant, slot or file
    :raises ModuleError: the file is no application for a Photon
    :raises ExpectationFailed: it was flashed, and something else runs
    """
    ways: dict[str, Callable[[Flasher], Callable[..., None]]] = {
        "cloud": lambda flasher: flasher.over_cloud,
        "serial": lambda flasher: flasher.over_serial,
        "dfu": lambda flasher: flasher.over_dfu,
    }
    given = _application(what) if isinstance(what, Path) else None
    config = _config(tools, rig, VARIANTS[0] if isinstance(what, Path) else what, slot_name)
    wanted = config.slot(slot_name)
    variant = wanted.variant
    if not isinstance(what, Path) and variant != what:
        raise UsageError(f"slot {slot_name} of {config.path} is wired for {variant}, not for {what}")
    with open_bench(
        config,
        tools,
        slots=[slot_name],
        account=account,
        state=tools.work / "bench" / f"{config.name}-{slot_name}-{variant}",
        own_build=own_build,
    ) as bench:
        slot, target = bench.slots[slot_name], bench.targets[slot_name]
        if isinstance(what, Path):
            image = what
            bench.check(wanted, image)
        else:
            image = bench.image(wanted, variant_project(tools, what), tools.work / "firmware" / f"{what}-photon.bin")
        module = given or parse_module(image.read_bytes())
        flasher = slot.need("flasher", slot.flasher)
        with step(f"flashing {_named(what, module)} into slot {slot_name} by {by}"):
            begun, before = SYSTEM.now(), _handshake(slot, target) if given else None
            ways[by](flasher)(image, timeout=config.timeouts.flash)
        with step("waiting for the device"):
            if given is None:
                info = _alive(slot, config, begun, variant, module.product_version)
                SYSTEM.wait_until(
                    lambda: target.team.ping(slot.device_id, target.product),
                    config.timeouts.online,
                    f"{slot.device_id} answering the cloud",
                )
                said = f"{info['fw']}, Device OS {info['device_os']}, online"
            else:
                said = _running(slot, target, config, image.name, given, before)
    print(f"slot {slot_name}: {slot.device_id} runs {said}")  # noqa: T201


def _application(path: Path) -> Module:
    """The module in a file.

    :raises UsageError: it cannot be read
    :raises ModuleError: it is no application for a Photon
    """
    try:
        module = parse_module(path.read_bytes())
    except OSError as error:
        raise file_error(str(path), "read", error) from error
    check_user_part(module)
    return module


def _named(what: str | Path, module: Module) -> str:
    return what.name if isinstance(what, Path) else f"{what} version {module.product_version}"


def _config(tools: Toolchain, rig: Path | None, variant: str, slot: str) -> RigConfig:
    if rig is None and not _USUAL.exists():
        if not re.fullmatch(SLOT_NAME, slot):
            raise UsageError(f"--slot {slot}: a slot's name is 1 to 32 letters, digits, dots, dashes or underscores")
        print(f"{program()}: there is no {_USUAL}; slot {slot} is a virtual Photon", file=sys.stderr)  # noqa: T201
        return virtual_config(tools.work / "bench" / "virtual.toml", {slot: variant})
    return load_config(rig or _USUAL, VARIANTS)


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
