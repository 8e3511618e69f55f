"""``photonrig explore``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, TEXT, Whole


@click.command(
    cls=Command,
    examples=(
        "explore venetian",
        "explore venetian EncoderDrive::run",
        "explore venetian --seeds 100",
        "explore build/blind.elf Blind::stop --plan blind.json",
    ),
)
@click.argument("firmware", type=TEXT)
@click.argument("functions", type=TEXT, metavar="[FUNCTION]...", nargs=-1)
@click.option("--plan", type=FILE, help="What happens in the run, as JSON.  [default: a plan for each function]")
@click.option("--seeds", type=Whole(1, 10**6), help="Whole runs instead, with as many seeds, from 1.")
@click.option("--seed", type=Whole(0, 2**32 - 1), help="One whole run with this seed, as an earlier call printed it.")
def explore(firmware: str, functions: tuple[str, ...], plan: Path | None, seeds: int | None, seed: int | None) -> None:
    """Interrupt an image at each instruction, and judge the outcome.

    FIRMWARE is a variant, or the ELF of an image whose .bin lies beside it. At each instruction of a FUNCTION's call
    the run is copied, and in the copies an interrupt or a timer comes there, the application is held up, another
    thread of it has its turn, or the power goes. Without a FUNCTION, all of the variant's are explored for which there
    is a plan.

    With seeds, interrupts and timers come at random instructions of a whole run, which the seed repeats exactly.
    """
    from photonrig.cli.explore_run import run_explore

    run_explore(Toolchain.found(), firmware, functions, plan, seeds=seeds, seed=seed)
