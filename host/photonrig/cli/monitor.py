"""``photonrig monitor``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, FOLDER, TEXT


@click.command(cls=Command, examples=("monitor photon-1", "monitor 2 --rig lab.toml"))
@click.argument("slot", type=TEXT)
@click.option("--rig", type=FILE, help="File that describes the bench.  [default: the labs that run, then rig.toml]")
@click.option("--state", type=FOLDER, help="State folder of the lab, if several run a slot of this name.")
def monitor(slot: str, rig: Path | None, state: Path | None) -> None:
    """Print a slot's USB serial with the time, until Ctrl-C.

    Panics of virtual Photons are printed with their backtrace, and a port that comes and goes is named. The slot is
    held meanwhile: another run that uses its serial is not disturbed.
    """
    from photonrig.cli.monitor_run import run_monitor

    run_monitor(Toolchain.found(), slot, rig, state)
