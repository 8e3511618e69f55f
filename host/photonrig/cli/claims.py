"""``photonrig claims``: command and options."""

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
        "claims --report report",
        "claims --thread",
        "claims --matrix --baseline docs/baseline.json",
        "claims --matrix --json",
        "claims --particle me@example.com --confirm me@example.com \\\n"
        "    --product 123 --client shades-4711 --devices 0123456789abcdef01234567",
    ),
)
@click.option("--report", type=FOLDER, default="report", help="Folder for the reports.")
@click.option("--story", is_flag=True, help="Run the handover story only (can be combined with the other parts).")
@click.option("--flows", is_flag=True, help="Run every flow with its proof of control only.")
@click.option("--thread", is_flag=True, help="Run the 60 rows of the forum thread of 2016 only.")
@click.option("--matrix", is_flag=True, help="Run the matrix only: token × request × device state × era.")
@click.option("--baseline", type=FILE, help="File to compare the matrix with; a change ends with exit code 1.")
@click.option("--update-baseline", is_flag=True, help="Write the baseline file instead of comparing with it.")
@click.option("--thread-page", type=FILE, help="Write the rows of the thread as a Markdown page.")
@click.option(
    "--particle",
    type=TEXT,
    metavar="ACCOUNT",
    help="Ask the matrix of Particle's own cloud instead, as this account (token in PARTICLE_TOKEN).",
)
@click.option("--confirm", type=TEXT, metavar="ACCOUNT", help="The account's name again, as confirmation.")
@click.option("--product", type=Whole(0, 10**9), help="With --particle: the product's id.")
@click.option(
    "--devices",
    type=TEXT,
    metavar="IDS",
    help="With --particle: ids of the only devices to act on, separated by commas.",
)
@click.option(
    "--client",
    type=TEXT,
    metavar="ID",
    help="With --particle: an OAuth client of the product (secret in PARTICLE_CLIENT_SECRET).",
)
@click.option("--requests", type=Whole(1, 10**9), default=1000, help="With --particle: request limit.")
@click.option(
    "--api", type=TEXT, metavar="URL", default="https://api.particle.io", help="With --particle: address of the cloud."
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object, and no tables.")
def claims(
    report: Path,
    story: bool,
    flows: bool,
    thread: bool,
    matrix: bool,
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
    as_json: bool,
) -> None:
    """Move a virtual Photon from owner to owner, every way.

    Runs the handover story, all flows, the forum thread of 2016 and the permission matrix: builds the roller
    firmware, starts local clouds of three eras and virtual Photons, flashes with the real Particle CLI, sets up,
    claims, transfers and checks.
    Exit code 0 only if all of it held, and nothing changed since the baseline.
    """
    from photonrig.cli.claims_run import PARTS, Claims, run_claims
    from photonrig.cli.opt_in import opt_in

    asked = {"story": story, "flows": flows, "thread": thread, "matrix": matrix}
    chosen = Claims(
        parts=tuple(part for part in PARTS if asked[part]) or PARTS,
        baseline=baseline,
        update_baseline=update_baseline,
        thread_page=thread_page,
        particle=opt_in(api, particle, confirm or "", product or 0, client or "", devices or "", requests)
        if particle
        else None,
        as_json=as_json,
    )
    if not run_claims(Toolchain.found(), report, chosen):
        raise SystemExit(ExitCode.NOT_SEEN)
