"""``photonrig flash``: command and options."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, TEXT, OneOf


def _variants() -> Iterable[str]:
    from photonrig.build.variants import VARIANTS

    return VARIANTS


@click.command(
    cls=Command, examples=("flash roller", "flash roller --slot 2 --rig lab.toml", "flash venetian --slot 3 --by dfu")
)
@click.argument("variant", type=OneOf(_variants))
@click.option("--slot", type=TEXT, metavar="NAME", default="1", help="Slot of the bench.")
@click.option(
    "--rig",
    type=FILE,
    help="File that describes the bench.  [default: rig.toml; without one, a virtual Photon]",
)
@click.option(
    "--by",
    type=OneOf(lambda: ("cloud", "serial", "dfu")),
    metavar="WAY",
    default="cloud",
    help="Way into the device: cloud, serial or dfu.",
)
@click.option("--account", type=TEXT, help="The account at Particle's cloud that this run may touch.")
def flash(variant: str, slot: str, rig: Path | None, by: str, account: str | None) -> None:
    """Build a variant, flash it into a slot, and verify that it runs.

    The variants are roller, venetian, drapery and honeycomb.
    """
    from photonrig.cli.flash_run import run_flash

    run_flash(Toolchain.found(), variant, slot, rig, by=by, account=account)
