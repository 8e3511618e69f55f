"""``photonrig claims``: command and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.particle_options import particle_options
from photonrig.cli.values import FILE, FOLDER, TEXT
from photonrig.exits import ExitCode


@click.command(
    cls=Command,
    examples=(
        "claims",
        "claims --since last",
        "claims --thread --verbose",
        "claims --matrix --baseline docs/baseline.json",
        "claims --matrix --json",
        "claims --particle me@example.com --confirm me@example.com \\\n"
        "    --product 123 --client shades-4711 --devices 0123456789abcdef01234567",
    ),
)
@click.option("--report", type=FOLDER, default="report", help="Folder of all runs; each gets its own in it.")
@click.option("--story", is_flag=True, help="Run the handover story only (can be combined with the other parts).")
@click.option("--flows", is_flag=True, help="Run every flow with its proof of control only.")
@click.option("--thread", is_flag=True, help="Run the 60 rows of the forum thread of 2016 only.")
@click.option("--matrix", is_flag=True, help="Run the matrix only: token × request × device state × era.")
@click.option(
    "--since", type=TEXT, metavar="RUN", help="Earlier run, or `last`: exit code 1 if anything changed since."
)
@click.option("--baseline", type=FILE, help="File to compare with instead.")
@click.option("--update-baseline", is_flag=True, help="Write the baseline file instead of comparing with it.")
@click.option("--thread-page", type=FILE, help="Write the rows of the thread as a Markdown page.")
@particle_options("Ask the matrix of Particle's own cloud instead", requests=1000)
@click.option("--verbose", is_flag=True, help="Print everything, not only what failed or changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object, and no tables.")
def claims(
    report: Path,
    story: bool,
    flows: bool,
    thread: bool,
    matrix: bool,
    since: str | None,
    baseline: Path | None,
    update_baseline: bool,
    thread_page: Path | None,
    particle: str | None,
    confirm: str | None,
    product: int | None,
    devices: str | None,
    client: str | None,
    requests: int,
    api: str,
    verbose: bool,
    as_json: bool,
) -> None:
    """Move a virtual Photon from owner to owner, every way.

    Runs the handover story, all flows, the forum thread of 2016 and the permission matrix: builds the roller
    firmware, starts local clouds of three eras and virtual Photons, flashes with the real Particle CLI, sets up,
    claims, transfers and checks.
    Exit code 0 only if all of it held, and nothing changed since the baseline or the earlier run.
    """
    from photonrig.cli.claims_run import PARTS, Claims, run_claims
    from photonrig.cli.opt_in import opt_in

    asked = {"story": story, "flows": flows, "thread": thread, "matrix": matrix}
    chosen = Claims(
        parts=tuple(part for part in PARTS if asked[part]) or PARTS,
        baseline=baseline,
        update_baseline=update_baseline,
        since=since,
        thread_page=thread_page,
        particle=opt_in(api, particle, confirm or "", product or 0, client or "", devices or "", requests)
        if particle
        else None,
        as_json=as_json,
        verbose=verbose,
    )
    if not run_claims(Toolchain.found(), report, chosen):
        raise SystemExit(ExitCode.NOT_SEEN)
