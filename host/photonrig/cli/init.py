"""``photonrig init``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.cli.command import Command
from photonrig.cli.values import FOLDER


@click.command(cls=Command, examples=("init", "init firmware/blind"))
@click.argument("folder", type=FOLDER, default=".")
def init(folder: Path) -> None:
    """Add a first test to a firmware project, with what runs it.

    That is a test, a rig.toml and a workflow for GitHub Actions. An empty folder gets a small sketch, too. Files that
    exist are left as they are.
    """
    from photonrig.cli.init_run import run_init

    run_init(folder)
