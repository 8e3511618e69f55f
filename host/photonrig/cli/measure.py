"""``photonrig measure``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, TEXT


@click.command(
    cls=Command,
    examples=(
        "measure venetian",
        "measure venetian --check-memory",
        "measure roller --coverage lcov.info --profile roller.json",
        "measure roller --record pins.vcd",
        "measure build/blind.elf --plan blind.json",
    ),
)
@click.argument("firmware", type=TEXT)
@click.option("--plan", type=FILE, help="What happens in the run, as JSON.  [default: a day of the variant's shade]")
@click.option("--check-memory", is_flag=True, help="Find reads of memory never written, and uses of heap that is free.")
@click.option("--coverage", type=FILE, help="Write the lines that were executed, as lcov's tracefile.")
@click.option("--profile", type=FILE, help="Write where the instructions went, for Speedscope.")
@click.option("--record", type=FILE, help="Write the pins' levels as a waveform (VCD).")
def measure(
    firmware: str,
    plan: Path | None,
    check_memory: bool,
    coverage: Path | None,
    profile: Path | None,
    record: Path | None,
) -> None:
    """Run an image, and print its use of stack, heap and time.

    FIRMWARE is a variant, or the ELF of an image whose .bin lies beside it. The run is apart from everything outside,
    in time counted in instructions, and so the same each time.
    """
    from photonrig.cli.measure_run import run_measure

    run_measure(
        Toolchain.found(),
        firmware,
        plan,
        check_memory=check_memory,
        coverage_to=coverage,
        profile_to=profile,
        record_to=record,
    )
