"""Work of ``photonrig flash``: builds a variant, flashes a slot's device, and verifies that it runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from photonrig.bench.config import SLOT_NAME, RigConfig, load_config, virtual_config
from photonrig.bench.identity import Heard, await_device
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import Flasher, Slot
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, variant_project
from photonrig.clock import SYSTEM, NotSeen
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.invocation import program
from photonrig.particle.module import parse_module

_USUAL = Path("rig.toml")


def run_flash(
    tools: Toolchain, variant: str, slot_name: str, rig: Path | None, *, by: str, account: str | None
) -> None:
    """Flash, and print the device's own ``info``.

    Without ``rig`` and a ``rig.toml`` here, the slot is a virtual Photon that is kept between runs.

    :raises UsageError: no such variant or slot
    :raises ExpectationFailed: it was flashed, and something else runs
    """
    ways: dict[str, Callable[[Flasher], Callable[..., None]]] = {
        "cloud": lambda flasher: flasher.over_cloud,
        "serial": lambda flasher: flasher.over_serial,
        "dfu": lambda flasher: flasher.over_dfu,
    }
    project = variant_project(tools, variant)
    config = _config(tools, rig, variant, slot_name)
    wanted = config.slot(slot_name)
    if wanted.variant != variant:
        raise UsageError(f"slot {slot_name} of {config.path} is wired for {wanted.variant}, not for {variant}")
    with open_bench(
        config,
        tools,
        slots=[slot_name],
        account=account,
        state=tools.work / "bench" / f"{config.name}-{slot_name}-{variant}",
    ) as bench:
        slot, target = bench.slots[slot_name], bench.targets[slot_name]
        image = bench.image(wanted) or _compiled(bench, project, tools.work / "firmware" / f"{variant}-photon.bin")
        version = parse_module(image.read_bytes()).product_version
        flasher = slot.need("flasher", slot.flasher)
        with step(f"flashing {variant} version {version} into slot {slot_name} by {by}"):
            begun = SYSTEM.now()
            ways[by](flasher)(image, timeout=config.timeouts.flash)
        with step("waiting for the device"):
            info = _alive(slot, config, begun, variant, version)
            SYSTEM.wait_until(
                lambda: target.team.ping(slot.device_id, target.product),
                config.timeouts.online,
                f"{slot.device_id} answering the cloud",
            )
    print(f"slot {slot_name}: {slot.device_id} runs {info['fw']}, Device OS {info['device_os']}, online")  # noqa: T201


def _config(tools: Toolchain, rig: Path | None, variant: str, slot: str) -> RigConfig:
    if rig is None and not _USUAL.exists():
        if not re.fullmatch(SLOT_NAME, slot):
            raise UsageError(f"--slot {slot}: a slot's name is 1 to 32 letters, digits, dots, dashes or underscores")
        print(f"{program()}: there is no {_USUAL}; slot {slot} is a virtual Photon", file=sys.stderr)  # noqa: T201
        return virtual_config(tools.work / "bench" / "virtual.toml", {slot: variant})
    return load_config(rig or _USUAL, VARIANTS)


def _compiled(bench: BenchSession, project: Path, save_to: Path) -> Path:
    save_to.parent.mkdir(parents=True, exist_ok=True)
    with step("compiling for the Photon in the cloud"):
        bench.target.make_cli().compile(project, save_to)
    return save_to


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
