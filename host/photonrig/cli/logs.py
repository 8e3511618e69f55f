"""``photonrig logs``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.cli.command import Command
from photonrig.cli.values import FOLDER, TEXT


@click.command(cls=Command, examples=("logs photon-1", "logs photon-1 --follow", "logs photon-1 --state lab"))
@click.argument("slot", type=TEXT)
@click.option("--state", type=FOLDER, help="State folder of the lab, also of one that has ended.")
@click.option("--follow", is_flag=True, help="Print what comes, too, until Ctrl-C.")
def logs(slot: str, state: Path | None, follow: bool) -> None:
    """Print what a slot of a lab logged, with the time.

    The device's own log, panics with their backtrace, owners, connections, and the lines of USB serial that the lab's
    page or the command monitor has read.
    """
    from photonrig.cli.logs_run import run_logs

    run_logs(slot, state, follow=follow)
