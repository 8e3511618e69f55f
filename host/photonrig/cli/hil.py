"""``photonrig hil``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, FOLDER, TEXT, Whole
from photonrig.exits import ExitCode


@click.command(
    cls=Command,
    examples=(
        "hil",
        "hil --rig lab.toml --workers 4",
        "hil --rig lab.toml --since last",
        "hil --only transfer --seed 4711",
        "hil --firmware firmware/blind",
    ),
)
@click.option(
    "--rig", type=FILE, help="File that describes the bench.  [default: virtual Photons, which `virtual` names, too]"
)
@click.option(
    "--firmware",
    type=FILE,
    metavar="PATH",
    help="What virtual Photons run: a project's folder, a source file or a .bin.  [default: the four variants]",
)
@click.option(
    "--libraries",
    type=FOLDER,
    metavar="FOLDER",
    help="Where libraries are that the project depends on and does not hold in lib.",
)
@click.option(
    "--report",
    type=FOLDER,
    default="report",
    help="Folder of all runs; each gets its own in it, with pages, results.json, junit.xml and the logs of each test.",
)
@click.option("--only", type=TEXT, metavar="NAMES", help="Run only tests whose names match, as pytest's -k.")
@click.option("--seed", type=Whole(0, 10**9), help="Order of the tests, as an earlier run printed it.")
@click.option(
    "--workers",
    type=Whole(1, 64),
    default=1,
    help="Concurrent tests; each worker takes one slot of every variant.",
)
@click.option("--retries", type=Whole(0, 100), default=1, help="Retries of failures by rig, network or cloud.")
@click.option("--since", type=TEXT, metavar="RUN", help="Earlier run, or `last`: exit code 1 if a test changed since.")
@click.option("--known-bad", type=FILE, help="File of tests known to fail, with reason and date.")
@click.option("--own-build", is_flag=True, help="Boards, too, get images of photonrig's own build.")
@click.option("--verbose", is_flag=True, help="Print everything, as pytest does.")
@click.option("--destructive", is_flag=True, help="Also run tests that may wear out a real device.")
def hil(
    rig: Path | None,
    firmware: Path | None,
    libraries: Path | None,
    report: Path,
    only: str | None,
    seed: int | None,
    workers: int,
    retries: int,
    since: str | None,
    known_bad: Path | None,
    own_build: bool,
    verbose: bool,
    destructive: bool,
) -> None:
    """Run the scenarios on a bench, real or virtual.

    Flash, set-up, control and transfer, for each variant that is present. Exit code 1 if a device, the
    network or the cloud failed, or something changed since an earlier run; 3 if nothing but the bench itself failed.
    """
    from photonrig.cli.hil_run import Hil, firmware_words, run_hil, scenarios

    tools = Toolchain.found()
    words = [f"--rig-retries={retries}"]
    words += [f"-k={only}"] if only else []
    words += [f"--rig-seed={seed}"] if seed is not None else []
    words += ["--rig-own-build"] if own_build else []
    words += ["--destructive"] if destructive else []
    words += [] if firmware is None else firmware_words(tools, firmware, libraries, str(rig or "virtual"))
    hil = Hil(str(rig or "virtual"), workers, words, since, known_bad, verbose, whole=not only)
    code = run_hil(scenarios(tools), report, hil)
    if code != ExitCode.HELD:
        raise SystemExit(code)
