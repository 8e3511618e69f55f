"""``photonrig debug``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, FOLDER, PORT, TEXT


@click.command(
    cls=Command, examples=("debug photon-1", "debug photon-1 --port 3333", "debug 2 --rig lab.toml", "debug 2 --json")
)
@click.argument("slot", type=TEXT)
@click.option("--rig", type=FILE, help="File that describes the bench.  [default: the labs that run, then rig.toml]")
@click.option("--state", type=FOLDER, help="State folder of the lab, if several run a slot of this name.")
@click.option(
    "--port", type=PORT, default=0, show_default=False, help="Port for the debugger.  [default: any free one]"
)
@click.option("--json", "as_json", is_flag=True, help="Print port and ELF as one JSON object.")
def debug(slot: str, rig: Path | None, state: Path | None, port: int, as_json: bool) -> None:
    """Open a virtual Photon for GDB, and print how to connect.

    SLOT is a device of a lab that runs, or a virtual slot of a bench, which is started if it does not run. The image
    that runs is the one that is flashed to a Photon. While the application is stopped, the device lives on.
    """
    from photonrig.cli.debug_run import run_debug

    run_debug(Toolchain.found(), slot, rig, state, port=port, as_json=as_json)
