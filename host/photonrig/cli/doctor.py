"""``photonrig doctor``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, TEXT, Whole
from photonrig.exits import ExitCode


@click.command(
    cls=Command,
    examples=("doctor --rig lab.toml --write", "doctor --rig lab.toml", "doctor --rig lab.toml --slot 2 --json"),
)
@click.option("--rig", type=FILE, default="rig.toml", help="File that describes the bench.")
@click.option("--slot", type=TEXT, metavar="NAME", multiple=True, help="Check this slot only; may be repeated.")
@click.option("--write", is_flag=True, help="Add every attached Photon to the file instead.")
@click.option("--account", type=TEXT, help="The account at Particle's cloud that this run may touch.")
@click.option(
    "--wait",
    type=Whole(0, 86_400),
    help="Seconds to wait for slots that another run holds.  [default: the file's]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object, and no table.")
def doctor(rig: Path, slot: tuple[str, ...], write: bool, account: str | None, wait: int | None, as_json: bool) -> None:
    """Check each slot of a bench, part by part.

    Every part is actuated, and verified through another interface. Devices are restarted, and their power is
    cut. Exit code 0 only if everything that is wired was proved.
    """
    from photonrig.cli.doctor_run import run_doctor, write_rig

    if write:
        write_rig(rig)
    elif not run_doctor(Toolchain.found(), rig, slots=slot, account=account, wait=wait, as_json=as_json):
        raise SystemExit(ExitCode.BENCH)
