"""Work of ``photonrig doctor``: finds attached Photons, and checks each slot of ``rig.toml``."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from photonrig.bench.config import RigConfig, load_config
from photonrig.bench.doctor import Check, examine, examine_cloud
from photonrig.bench.quarantine import Quarantine
from photonrig.bench.rig_writer import add_slots
from photonrig.bench.session import open_bench
from photonrig.bench.slots.real.usb import attached
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS
from photonrig.invocation import program, quiet
from photonrig.report.doctor import print_check, print_checks


def write_rig(path: Path) -> None:
    """Add a slot for every attached Photon that has none, and print it; creates the file if there is none.

    :raises UsageError: the file is not a rig file
    """
    found = attached()
    added = add_slots(path, found)
    for device in found:
        new = "added" if device in added else "known"
        print(f"{new}: USB {device.usb}, {device.device_id or 'id unknown'}, {device.mode}")  # noqa: T201
    if not found:
        print("no Photon is attached (USB 2B04:C006, or 2B04:D006 in DFU)")  # noqa: T201
    print(f"{path}: {len(added)} slots added" if added else f"{path} stays as it is", file=sys.stderr)  # noqa: T201


def run_doctor(
    tools: Toolchain,
    path: Path,
    *,
    slots: Sequence[str],
    account: str | None,
    wait: float | None,
    as_json: bool,
) -> bool:
    """Check the slots of a rig and print the result; True if everything that is wired was proved.

    A slot that passes leaves its quarantine.

    :raises PhotonrigError: the bench is not available
    """
    config = load_config(path, VARIANTS)
    checks: list[Check] = []
    terminal = Console(stderr=True, quiet=quiet())
    with (
        open_bench(config, tools, slots=slots or None, account=account, wait=wait, quarantined=True) as bench,
        terminal.status("") as status,
    ):
        for name, slot in bench.slots.items():
            status.update(f"slot {name}: port")
            for check in examine(slot, config.timeouts, bench.targets[name]):
                checks.append(check)
                print_check(check, terminal)
                status.update(f"slot {name}: after {check.part}")
        for check in examine_cloud(bench.target):
            checks.append(check)
            print_check(check, terminal)
        names = list(bench.slots)
    well = _lift(config, names, checks)
    if as_json:
        print(json.dumps({"rig": str(path), "well": well, "checks": [asdict(check) for check in checks]}, indent=2))  # noqa: T201
    else:
        print_checks(checks, Console(width=None if sys.stdout.isatty() else 160))
    return well


def _lift(config: RigConfig, slots: Sequence[str], checks: Sequence[Check]) -> bool:
    quarantine = Quarantine(config.path)
    for slot in slots:
        if quarantine.reason(slot) is None:
            continue
        if all(check.verdict != "failed" for check in checks if check.slot in (slot, "all")):
            quarantine.lift(slot)
            print(f"{program()}: slot {slot} is in use again", file=sys.stderr)  # noqa: T201
        else:
            print(f"{program()}: slot {slot} stays in quarantine", file=sys.stderr)  # noqa: T201
    return all(check.verdict in ("proved", "not wired") for check in checks)
